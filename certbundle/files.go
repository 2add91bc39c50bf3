package certbundle

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// probeSize is more than a bundle takes.
const probeSize = 64 << 10

// Prepare makes sure that Save can store the key in dir. It is to be called
// before applying for a certificate, since the key is handed over only once.
//
// It makes dir, and its parents, for the owner only, and proves that dir can be
// written by making a file as Save does, which it removes. It refuses a dir
//
//   - where one of the names is taken, also by a symbolic link, or an interrupted
//     Save has left what may be a key: the error matches ErrExists;
//   - that package identity keeps, unless its record is Empty: a certificate has or
//     may have been issued, so call identity.Ensure; the error matches ErrExists;
//   - that is neither a folder nor a symbolic link to one;
//   - that belongs to another user than this one or root;
//   - that group or others may write to.
//
// Access control lists are not looked at, and on Windows no permissions are.
//
// Volumes of pods are often such that others may write to them, and a pod cannot
// change that (an emptyDir has mode 0777, one with an fsGroup 2775). There, take
// a subfolder of the volume: Prepare makes it for the owner only.
func Prepare(dir string) error { return disk{}.prepare(dir) }

func (d disk) prepare(dir string) error {
	dir = cleanFolder(dir)
	if err := d.makeFolder(dir); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fault(dir, err.Error(), err)
	}
	if err := checkPrivate(info); err != nil {
		return fault(dir, "not a safe place for a key: "+err.Error(), fs.ErrPermission)
	}
	record, err := readRecord(dir)
	if err == nil {
		err = record.checkNone()
	}
	if err != nil {
		return err
	}
	if err := checkFree(dir); err != nil {
		return err
	}
	// The way that the key will come.
	probe := "probe." + strings.ToLower(rand.Text()) + tempSuffix
	err = d.create(dir, probe, make([]byte, probeSize))
	probe = filepath.Join(dir, probe)
	if errRemove := d.do("remove", probe, func() error { return os.Remove(probe) }); err == nil {
		err = errRemove
	}
	if err == nil {
		err = d.syncFolder(dir)
	}
	if err != nil {
		return fault(dir, "cannot be written: "+textOf(err), err)
	}
	return nil
}

// cleanFolder is the one form of a folder's name that all steps use: the system
// takes link/.. for another folder than the name without both.
func cleanFolder(dir string) string {
	if dir == "" {
		return "" // which is no folder, and not the working one
	}
	return filepath.Clean(dir)
}

// checkFree finds the names in dir that are taken.
func checkFree(dir string) error {
	var errs []error
	for _, m := range (&Bundle{}).members() {
		_, err := os.Lstat(filepath.Join(dir, m.name))
		switch {
		case err == nil:
			errs = append(errs, fault(m.name, "is already in "+dir, ErrExists))
		case !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, fault(m.name, err.Error(), err))
		}
	}
	if left := listLeftKeys(dir); len(left) > 0 {
		errs = append(errs, fault(left[0], "is in "+dir+": an interrupted Save has left it, and it may hold a key", ErrExists))
	}
	return errors.Join(errs...)
}

// members lists all there is to a bundle, the key first.
func (b *Bundle) members() []member {
	return []member{
		{name: ClientKeyFile, data: &b.PrivateKey},
		{name: ClientCertFile, data: &b.ClientCert},
		{name: CACertFile, data: &b.CACert},
		{name: TrustStoreFile, data: &b.TrustStore},
	}
}

// WriteDir stores a bundle in dir as Save does: the key first, every file
// readable by its owner only, whole or not at all, and never in the place of
// another. A file that is there with the same content counts as written; with
// other content it stays, and the error matches ErrExists. If client.key is
// such a file, the key goes to client.key.HASH and nothing else is written. An
// error that matches ErrKeyNotStored says that the key may not be on disk.
// What is missing in the bundle is left out; nothing is checked: see Verify.
func (b *Bundle) WriteDir(dir string) error { return disk{}.writeBundle(dir, b) }

func (d disk) writeBundle(dir string, b *Bundle) error {
	if b == nil {
		return errNilBundle
	}
	dir = cleanFolder(dir)
	members := b.members()
	if len(b.PrivateKey) > 0 {
		if err := d.storeKey(dir, b.PrivateKey); err != nil {
			return err
		}
	} else if err := d.makeFolder(dir); err != nil {
		return err
	}
	var errs []error
	for _, m := range members[1:] {
		if len(*m.data) > 0 {
			errs = append(errs, d.create(dir, m.name, *m.data))
		}
	}
	return errors.Join(errs...)
}
