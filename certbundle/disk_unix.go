//go:build unix

package certbundle

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

const (
	openFlags = syscall.O_NONBLOCK // opening a pipe returns
	noFollow  = syscall.O_NOFOLLOW // opening a symbolic link fails
)

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags|noFollow, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// syncFolder puts the names in a folder on disk.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	// Some file systems, on a network for the most part, cannot do that to a
	// folder. They do it by themselves, or never.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// linksUnsupported tells whether os.Link failed since there are no hard links:
// EPERM on FAT, EACCES where a policy forbids them, of a file just made.
func linksUnsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EMLINK)
}

// checkPrivate finds who else may write to a folder.
func checkPrivate(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return errors.New("others may write to it (mode 0" + strconv.FormatUint(uint64(mode), 8) +
			"): chmod go-w it or, where that is not yours to do, as with a volume in a pod, take a subfolder, which Prepare makes for the owner only")
	}
	owner := int64(os.Geteuid())
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int64(stat.Uid) != owner {
		return errors.New("it belongs to another user (uid " + strconv.FormatUint(uint64(stat.Uid), 10) + ")")
	}
	return nil
}
