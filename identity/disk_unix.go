//go:build unix

package identity

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openFlags make opening a symbolic link fail and opening a pipe return.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// syncFolder puts the names in a folder on disk. Some file systems, on a network
// for the most part, cannot do that: they do it by themselves, or never.
func syncFolder(dir string) error {
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

// linksUnsupported tells whether os.Link failed since there are no hard links:
// EPERM on FAT, EACCES where a policy forbids them, of a file just made.
func linksUnsupported(err error) bool {
	var link *os.LinkError
	return errors.As(err, &link) &&
		(errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EMLINK))
}
