package certbundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/redact"
)

// Save stores the private key of result in dir, downloads ca.crt, client.crt
// and trustCa as Fetch does, and stores them beside it. dir and its parents are
// made if need be; call Prepare before applying for a certificate.
//
// The key exists nowhere else, so it comes first: as client.key, byte for byte,
// whatever else is wrong, even if ctx is over. It is on disk, and so is its
// name, before a download starts; if that fails, nothing is downloaded, the
// error matches ErrKeyNotStored, and the Bundle is where the key still is:
// WriteDir it into another folder. If client.key is there with other content,
// the new key goes to client.key.HASH, where HASH is the beginning of its
// SHA-256 in hex, nothing is downloaded, for the files would pass for those of
// the other key, and the error matches ErrExists and names the file. Then Save
// the same result in another folder.
//
// What is on disk after an error stays. Calling Save again completes the rest.
// Once client.key is there, that also works without a PrivateKey and with
// links from the action DescribeAntChainDownloadPaths, which is what a program
// needs after a crash. A file that is there is not downloaded again;
// if it is not what its name says, the error matches ErrExists and ErrMalformed.
// Only regular files are read. While there is another key beside client.key, a
// Save without a PrivateKey downloads no client.crt, for it could be the other
// one's: the error matches ErrExists and names that key.
//
// A folder that package identity keeps is refused if its record holds another key,
// or says that a certificate may have been issued without one: call identity.Ensure
// there. The error matches ErrExists and, if result has a key, ErrKeyNotStored.
//
// Files are readable by their owner only. They appear whole or not at all and
// never replace another, so two calls at once lose nothing. A crash may leave a
// file NAME.RANDOM.tmp; Save leaves those alone, since another call could be
// writing them. After a crash in the instant between writing the key and naming
// it, client.key.RANDOM.tmp holds the only copy: Prepare, and Load and Save
// where the key is missing, point to it. On a file system without hard links a
// crash can also leave a part of a file under its name, and one of two calls at
// once can take such a part for other content.
//
// The Bundle is never nil. It holds the key, what was there and what has
// arrived.
func Save(ctx context.Context, dir string, result baas.CertificateResult, opts ...Option) (*Bundle, error) {
	o := newOptions(opts)
	b := &Bundle{PrivateKey: []byte(result.PrivateKey)}
	dir = cleanFolder(dir)
	record, err := readRecord(dir)
	if err == nil {
		err = record.checkKey(b.PrivateKey)
	}
	if err != nil {
		if result.PrivateKey != "" {
			err = notStored(err)
		}
		return b, err
	}
	if err := o.disk.saveKey(dir, b); err != nil {
		return b, err
	}
	if err := record.checkKey(b.PrivateKey); err != nil {
		return b, err // client.key is not the record's
	}
	absent, errPresent := readPresent(dir, b.downloads(result.DownloadPath))
	if len(absent) == 0 {
		return b, errPresent
	}
	if result.PrivateKey == "" && absent[0].name == ClientCertFile {
		if err := checkOnlyKey(dir, b.PrivateKey); err != nil {
			return b, errors.Join(errPresent, err)
		}
	}
	if err := o.validate(ctx); err != nil {
		return b, errors.Join(errPresent, err)
	}
	errFetch := o.fetch(ctx, absent, func(m member) error { return o.disk.create(dir, m.name, *m.data) })
	return b, errors.Join(errPresent, errFetch)
}

// saveKey stores the key of b or, if it has none, reads the one that is there.
func (d disk) saveKey(dir string, b *Bundle) error {
	if len(b.PrivateKey) > 0 {
		return d.storeKey(dir, b.PrivateKey)
	}
	if dir == "" {
		return d.makeFolder(dir)
	}
	path := filepath.Join(dir, ClientKeyFile)
	key, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fault(ClientKeyFile, "no private key is given, and there is none in "+dir+leftKeys(dir), fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	b.PrivateKey = key
	if err := checkKey(key); err != nil {
		return fault(ClientKeyFile, "is there, but is "+err.Error()+leftKeys(dir), ErrExists, ErrMalformed)
	}
	return d.settle(path)
}

// storeKey puts a key on disk, if there is any way to.
func (d disk) storeKey(dir string, key []byte) error {
	if string(key) == redact.Mark {
		return fault(ClientKeyFile, "this is a redacted copy, and not the private key")
	}
	errFolder := d.makeFolder(dir)
	if info, err := os.Stat(dir); errFolder != nil && (err != nil || !info.IsDir()) {
		return notStored(errFolder)
	}
	sum := sha256.Sum256(key)
	hash := hex.EncodeToString(sum[:])
	as, err := d.createAs(dir, key, ClientKeyFile, ClientKeyFile+"."+hash[:16], ClientKeyFile+"."+hash)
	if as == "" || as == ClientKeyFile {
		return notStored(errFolder, err)
	}
	return errors.Join(errFolder, fault(ClientKeyFile, textOf(err)+"; the new key is kept beside it as "+as, err))
}

// notStored is the error for a key that is not safe, or nil.
func notStored(errs ...error) error {
	err := errors.Join(errs...)
	if err == nil {
		return nil
	}
	return errors.Join(fault(ClientKeyFile, "the private key may not be on disk; the bundle still holds it", ErrKeyNotStored), err)
}

// checkOnlyKey finds another key in dir than client.key, whole or in part. To
// which of them a certificate belongs, no link tells.
func checkOnlyKey(dir string, key []byte) error {
	for _, name := range listKeys(dir) {
		data, err := readFile(filepath.Join(dir, name))
		if err != nil || !bytes.HasPrefix(key, data) {
			return fault(name, "may be the key that the links belong to, and so may "+ClientKeyFile+
				": nothing is downloaded until one of them is in a folder of its own, as "+ClientKeyFile, ErrExists)
		}
	}
	return nil
}

// leftKeys names the temporary files in which a crash may have left a key.
func leftKeys(dir string) string {
	left := listLeftKeys(dir)
	if len(left) == 0 {
		return ""
	}
	return "; an interrupted Save has left " + strings.Join(left, " and ") + ", which may hold one: if so, rename it"
}

func listLeftKeys(dir string) []string {
	return slices.DeleteFunc(listKeys(dir), func(name string) bool { return !strings.HasSuffix(name, tempSuffix) })
}

// listKeys lists what lies beside client.key under names made of its own.
func listKeys(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ClientKeyFile+".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// readPresent reads the members that are in dir and lists those that are not.
func readPresent(dir string, members []member) (absent []member, err error) {
	var errs []error
	for _, m := range members {
		data, err := readFile(filepath.Join(dir, m.name))
		if errors.Is(err, fs.ErrNotExist) {
			absent = append(absent, m)
			continue
		}
		if err == nil {
			if err = m.check(data); err == nil {
				*m.data = data
				continue
			}
			err = fault(m.name, "is there with wrong content: "+err.Error(), ErrMalformed)
		}
		errs = append(errs, fault(m.name, textOf(err)+"; it is left as it is", ErrExists, err))
	}
	return absent, errors.Join(errs...)
}
