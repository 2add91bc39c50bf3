//go:build unix

package fsys

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const (
	NonBlock = syscall.O_NONBLOCK // opening a pipe returns
	NoFollow = syscall.O_NOFOLLOW // opening a symbolic link fails
)

// SyncFolder puts the names in a folder on disk. Some file systems, on a network
// for the most part, cannot do that: they do it by themselves, or never.
func SyncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func noLinks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EMLINK)
}
