//go:build unix

package certbundle

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"github.com/antchain-go/baas/internal/fsys"
)

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|fsys.NonBlock|fsys.NoFollow, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
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
