package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/fsys"
)

// copyOut puts the four files where the chain's own SDKs look for them.
func (d *dir) copyOut(b *certbundle.Bundle) error {
	if d.hasFiles(b) {
		return nil // also where nothing may be written
	}
	if err := b.WriteDir(d.path); err != nil {
		return fmt.Errorf("identity: the identity is stored, but not every file could be copied out of its record: %w", err)
	}
	return nil
}

func (d *dir) hasFiles(b *certbundle.Bundle) bool {
	for name, data := range map[string][]byte{
		certbundle.ClientKeyFile: b.PrivateKey, certbundle.ClientCertFile: b.ClientCert,
		certbundle.CACertFile: b.CACert, certbundle.TrustStoreFile: b.TrustStore,
	} {
		if len(data) == 0 {
			continue
		}
		there, err := readFile(filepath.Join(d.path, name), len(data))
		if err != nil || !bytes.Equal(there, data) {
			return false
		}
	}
	return true
}

// readFile reads a regular file of no more than limit bytes. It follows no
// symbolic link, and does not wait for the other end of a pipe.
func readFile(path string, limit int) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.OpenFile(path, os.O_RDONLY|fsys.NoFollow|fsys.NonBlock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		return nil, errors.Join(errors.New("was exchanged while it was looked at"), err)
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("has more than %d bytes", limit)
	}
	return data, err
}
