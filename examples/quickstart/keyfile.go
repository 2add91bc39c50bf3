package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// A keyFile is the place of a private key, made and tried before the key is
// applied for.
type keyFile struct {
	path string
	file *os.File
}

func keyPath(dir string) string { return filepath.Join(dir, "client.key") }

// reserveKeyFile makes dir, if need be, and an empty client.key in it that
// only the owner may read.
func reserveKeyFile(dir string) (*keyFile, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("nothing was sent, the key could not be stored: %w", err)
	}
	if err := checkPrivate(dir); err != nil {
		return nil, err
	}
	path := keyPath(dir)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, occupied(path)
	}
	if err != nil {
		return nil, fmt.Errorf("nothing was sent, the key could not be stored: %w", err)
	}
	k := &keyFile{path: path, file: file}
	if err := k.probe(); err != nil {
		return nil, errors.Join(fmt.Errorf("nothing was sent, the key could not be stored: %w", err), k.release())
	}
	return k, nil
}

// checkPrivate refuses a folder that others may look into. The permission bits
// of Windows say nothing about that.
func checkPrivate(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("nothing was sent: %s is open to others (mode %#o): chmod 700 it or choose another with -out",
			dir, mode)
	}
	return nil
}

func occupied(path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return fmt.Errorf("nothing was sent: %s is there and empty, so an earlier run is under way or ended with an "+
			"unknown outcome: look in the BaaS console whether it got a certificate, then delete the file", path)
	}
	return fmt.Errorf("nothing was sent: %s is there already: choose another folder with -out", path)
}

// probe writes more than a key to the disk, and leaves the file empty.
func (k *keyFile) probe() error {
	if err := k.write(make([]byte, 16<<10)); err != nil {
		return err
	}
	if err := k.file.Truncate(0); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	dir, err := os.Open(filepath.Dir(k.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (k *keyFile) write(b []byte) error {
	if _, err := k.file.WriteAt(b, 0); err != nil {
		return err
	}
	return k.file.Sync()
}

// keep stores the key. If the disk has failed since the probe, the key goes to
// the folder for temporary files, for it is handed over only once.
func (k *keyFile) keep(key string) error {
	err := k.write([]byte(key))
	if err = errors.Join(err, k.file.Close()); err == nil {
		return nil
	}
	rescue, rescueErr := os.CreateTemp("", "client.key.*") // mode 0600
	if rescueErr != nil {
		return fmt.Errorf("the key is LOST, nothing could be written: %w", errors.Join(err, rescueErr))
	}
	_, rescueErr = io.WriteString(rescue, key)
	if rescueErr = errors.Join(rescueErr, rescue.Sync(), rescue.Close()); rescueErr != nil {
		return fmt.Errorf("the key is LOST, nothing could be written: %w", errors.Join(err, rescueErr))
	}
	return fmt.Errorf("the key is in %s, move it to a safe place: %w", rescue.Name(), err)
}

// close leaves the file as it is.
func (k *keyFile) close() error { return k.file.Close() }

// release takes the reservation back.
func (k *keyFile) release() error { return errors.Join(k.close(), os.Remove(k.path)) }
