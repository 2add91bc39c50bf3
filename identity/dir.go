package identity

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/fsys"
)

// Package certbundle knows these names as well: see its record.go.
const (
	recordPrefix = "identity."
	recordSuffix = ".json"
	tempSuffix   = ".tmp"

	// maxRecord bounds a record: four files of 1 MiB in Base64, and the rest.
	maxRecord = 6 << 20
)

// Dir returns a Store that is a folder. It and its parents are made when they
// are needed, for the owner only. Many processes may share it, also over a
// network file system, as long as that has hard links; where there are none,
// Ensure fails before anything is applied for.
//
// Each version of the record, the key included, is a file of its own,
// identity.N.json; the highest counts, and none is ever deleted: leave that so
// as long as the store lives. When the identity is complete, client.key,
// client.crt, ca.crt and trustCa are copied out for the chain's own SDKs. They
// replace nothing: if other files have these names, Ensure returns the identity
// and an error. All files are readable by their owner only, and appear whole or
// not at all.
//
// A folder with a client.key and without a record, as certbundle.Save makes one,
// is an identity whose key is stored. A record that was written and not yet
// named when its writer crashed is found again.
//
// Whoever can write to the folder chooses the identity. Of links in it none is
// followed. An empty path is an error of Load and Swap, not of Dir.
func Dir(path string) Store {
	if path != "" {
		path = filepath.Clean(path)
	}
	return &dir{path: path}
}

type dir struct {
	path string
	// before is called before each step; tests fail or end there.
	before func(step string) error
}

var errNoFolder = errors.New("identity: no folder is given")

func (d *dir) do(step string, f func() error) error {
	if d.before != nil {
		if err := d.before(step); err != nil {
			return err
		}
	}
	return f()
}

// names lists the folder: the highest version, 0 if there is none, and the
// temporary files.
func (d *dir) names() (highest int64, temps []string, err error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil, nil
	}
	for _, e := range entries {
		middle, ok := strings.CutPrefix(e.Name(), recordPrefix)
		if !ok {
			continue
		}
		if strings.HasSuffix(middle, tempSuffix) {
			temps = append(temps, e.Name())
			continue
		}
		number, ok := strings.CutSuffix(middle, recordSuffix)
		n, err := strconv.ParseInt(number, 10, 64)
		if ok && err == nil && n > 0 && strconv.FormatInt(n, 10) == number {
			highest = max(highest, n)
		}
	}
	return highest, temps, err
}

func recordName(n int64) string { return recordPrefix + strconv.FormatInt(n, 10) + recordSuffix }

// Load implements Loader.
func (d *dir) Load(ctx context.Context) (Record, string, error) {
	if d.path == "" {
		return Record{}, "", errNoFolder
	}
	if err := ctx.Err(); err != nil {
		return Record{}, "", err
	}
	n, temps, err := d.names()
	if err != nil {
		return Record{}, "", err
	}
	if n == 0 {
		var r Record
		var version string
		errAdopt := d.do("adopt", func() (err error) { r, version, err = d.adopt(); return err })
		// A record may have come meanwhile, and with it the four files.
		if n, temps, err = d.names(); n == 0 || err != nil {
			return r, version, errors.Join(errAdopt, err)
		}
	}
	r, err := d.read(recordName(n))
	if err != nil {
		return Record{}, "", err
	}
	if r.State == Applying || r.State == InDoubt {
		r = d.unnamed(r, temps)
	}
	return r, strconv.FormatInt(n, 10), nil
}

// read reads a record. Its errors name the file.
func (d *dir) read(name string) (Record, error) {
	var r Record
	data, err := readFile(filepath.Join(d.path, name), maxRecord)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return Record{}, fmt.Errorf("identity: %s: %w", filepath.Join(d.path, name), err)
	}
	return r, nil
}

// unnamed finds a record with the key of r's message, whose writer has not come
// so far as to give it a name.
func (d *dir) unnamed(r Record, temps []string) Record {
	for _, name := range temps {
		found, err := d.read(name)
		if err == nil && found.check() == nil && found.State >= Issued && r.Stamp != nil && found.hasNonce(r.Stamp.Nonce) {
			return found
		}
	}
	return r
}

// adopt makes a record of what is in a folder without one.
func (d *dir) adopt() (Record, string, error) {
	b, err := certbundle.Load(d.path)
	if len(b.PrivateKey) > 0 {
		if err != nil && !onlyMissing(err) {
			return Record{}, "", err
		}
		return Record{State: Issued, Bundle: *b}, "0", nil
	}
	entries, errRead := os.ReadDir(d.path)
	if errors.Is(errRead, fs.ErrNotExist) {
		return Record{}, "", nil
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, certbundle.ClientKeyFile):
			return Record{}, "", fmt.Errorf("identity: %s: it may hold the only copy of a key: %w", filepath.Join(d.path, name), err)
		case name == certbundle.ClientCertFile || name == certbundle.CACertFile || name == certbundle.TrustStoreFile:
			return Record{}, "", fmt.Errorf("identity: %s: is there without a key, and in the way of a new identity: use another folder: %w",
				filepath.Join(d.path, name), certbundle.ErrExists)
		}
	}
	return Record{}, "", errRead
}

// onlyMissing reports whether err says no more than that files are not there.
func onlyMissing(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			if !onlyMissing(err) {
				return false
			}
		}
		return true
	}
	return errors.Is(err, fs.ErrNotExist)
}

// Swap implements Store.
func (d *dir) Swap(ctx context.Context, r Record, version string) (string, error) {
	if d.path == "" {
		return "", errNoFolder
	}
	n := int64(0)
	if version != "" {
		var err error
		if n, err = strconv.ParseInt(version, 10, 64); err != nil {
			return "", ErrConflict
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	if len(data) > maxRecord {
		return "", fmt.Errorf("identity: the record has %d bytes, more than %d", len(data), maxRecord)
	}
	if err := errors.Join(ctx.Err(), d.checkLatest(n)); err != nil {
		return "", err
	}
	if version == "" {
		if err := certbundle.Prepare(d.path); err != nil {
			return "", err
		}
	}
	if err := d.create(recordName(n+1), data); err != nil {
		return "", err
	}
	// Where old versions were deleted, the name was free, and means nothing.
	if err := d.checkLatest(n + 1); err != nil {
		return "", err
	}
	return strconv.FormatInt(n+1, 10), nil
}

func (d *dir) checkLatest(n int64) error {
	highest, _, err := d.names()
	if err == nil && highest > n {
		err = ErrConflict
	}
	return err
}

// create makes a new file appear whole, and on disk. Linking a name to a file
// that is there fails if the name is taken, as renaming does not.
func (d *dir) create(name string, data []byte) error {
	temp := filepath.Join(d.path, recordPrefix+strings.ToLower(rand.Text())+tempSuffix)
	path := filepath.Join(d.path, name)
	if err := d.write(temp, data); err != nil {
		return fmt.Errorf("identity: %s: %w", path, err)
	}
	err := d.do("link", func() error { return os.Link(temp, path) })
	if err != nil && sameFile(temp, path) {
		err = nil // the reply to an earlier request was lost on the network
	}
	if err == nil {
		err = d.do("sync folder", func() error { return fsys.SyncFolder(d.path) })
	}
	_ = os.Remove(temp)
	switch {
	case errors.Is(err, fs.ErrExist):
		return ErrConflict
	case fsys.LinksUnsupported(err):
		return fmt.Errorf("identity: %s: this file system has no hard links, which a Dir needs: "+
			"use a folder on another one, or another kind of store: %w", path, err)
	case err != nil:
		return fmt.Errorf("identity: %s: %w", path, err)
	}
	return nil
}

func (d *dir) write(path string, data []byte) error {
	var f *os.File
	err := d.do("create", func() (err error) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	err = d.do("write", func() error { _, err := f.Write(data); return err })
	if err == nil {
		err = d.do("sync", f.Sync)
	}
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}

func sameFile(a, b string) bool {
	infoA, errA := os.Lstat(a)
	infoB, errB := os.Lstat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
