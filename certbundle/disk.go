package certbundle

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/antchain-go/baas/internal/fsys"
)

const (
	fileMode   = 0o600
	folderMode = 0o700

	// A file that is being written is NAME.RANDOM.tmp, in the folder of NAME.
	tempSuffix = ".tmp"
)

// A disk makes files and folders, one step after another. Tests put a fault,
// or the end of the process, before a step.
type disk struct {
	before func(step, path string) error // nil outside of tests
}

func (d disk) do(step, path string, f func() error) error {
	if d.before != nil {
		if err := d.before(step, path); err != nil {
			return err
		}
	}
	return f()
}

// makeFolder makes dir and its parents, and sees to it that they are still
// there after a crash.
func (d disk) makeFolder(dir string) error {
	if dir == "" {
		return errors.New("certbundle: no folder is given")
	}
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	switch info, err := os.Stat(dir); {
	case err == nil && !info.IsDir():
		return fault(dir, "not a folder", fs.ErrExist)
	case err == nil:
		// Whoever made it may not have come so far. If it cannot be done, the
		// folder is no newer than many others.
		_ = d.syncFolder(parent)
		return nil
	case !errors.Is(err, fs.ErrNotExist) || parent == dir:
		return fault(dir, err.Error(), err)
	}
	if err := d.makeFolder(parent); err != nil {
		return err
	}
	err := d.do("mkdir", dir, func() error { return os.Mkdir(dir, folderMode) })
	if errors.Is(err, fs.ErrExist) {
		// Made meanwhile, or a symbolic link that leads nowhere.
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fault(dir, "not a folder", fs.ErrExist)
		}
		err = nil
	}
	if err == nil {
		err = d.syncFolder(parent)
	}
	if err != nil {
		return fault(dir, err.Error(), err)
	}
	return nil
}

func (d disk) syncFolder(dir string) error {
	return d.do("sync folder", dir, func() error { return fsys.SyncFolder(dir) })
}

// create makes a file that holds data appear under a name in dir: whole and on
// disk when create returns, or not at all, whatever happens meanwhile. A file
// that is there under the name is never replaced: if it holds the same it is
// as good as new, else the error matches ErrExists.
func (d disk) create(dir, name string, data []byte) error {
	_, err := d.createAs(dir, data, name)
	return err
}

// createAs does what create does, under the first of names that is not taken,
// and returns which that is, or "" if it has failed. Beside another than the
// first, the error says what the names before it are taken by.
//
// The data goes to a temporary file, which is then given the name as a second
// one: other than renaming, that fails if the name is taken. The temporary file
// stays until there is a name for it.
func (d disk) createAs(dir string, data []byte, names ...string) (as string, err error) {
	temp := filepath.Join(dir, names[0]+"."+strings.ToLower(rand.Text())+tempSuffix)
	written := false
	var taken []error
	for _, name := range names {
		path := filepath.Join(dir, name)
		there, err := d.compare(path, data)
		if err == nil && !there && !written {
			if err = d.write(temp, data); err != nil {
				return "", fault(name, err.Error(), err)
			}
			written = true
		}
		if err == nil && !there {
			err = d.link(temp, path, data)
		}
		if err == nil {
			as = name
			break
		}
		taken = append(taken, err)
		if !errors.Is(err, ErrExists) {
			break
		}
	}
	if written {
		err := d.do("remove", temp, func() error { return os.Remove(temp) })
		if err == nil && as != "" {
			err = d.syncFolder(dir)
		}
		if err != nil && as != "" {
			return "", fault(as, err.Error(), err)
		}
	}
	return as, errors.Join(taken...)
}

// link gives a temporary file the name path, unless that is taken. Some file
// systems have no hard links. On these the file is written under its own name,
// so that a crash can leave a part of it; but then the temporary file is there,
// whole.
func (d disk) link(temp, path string, data []byte) error {
	name := filepath.Base(path)
	err := d.do("link", path, func() error { return os.Link(temp, path) })
	if err != nil && fsys.LinksUnsupported(err) {
		err = d.write(path, data)
	}
	if errors.Is(err, fs.ErrExist) {
		if there, err := d.compare(path, data); there || err != nil {
			return err
		}
		return fault(name, "came and went while it was written", ErrExists)
	}
	if err == nil {
		// Before the other name goes: no crash may find the file without one.
		err = d.syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fault(name, err.Error(), err)
	}
	return nil
}

// write makes a new file and removes it again unless all of data is on disk.
func (d disk) write(path string, data []byte) error {
	var f *os.File
	err := d.do("create", path, func() (err error) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
		return err
	})
	if err != nil {
		return err
	}
	err = d.do("write", path, func() error { _, err := f.Write(data); return err })
	if err == nil {
		err = d.do("sync", path, f.Sync)
	}
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}

// compare reports whether the file is there and holds data, and sees to it
// that it is on disk: who has put it there may not have come so far. If it is
// there and holds something else, or cannot be read, the error matches
// ErrExists.
func (d disk) compare(path string, data []byte) (there bool, err error) {
	name := filepath.Base(path)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fault(name, err.Error(), err) // nobody knows whether it is there
	}
	have, err := readUpTo(path, max(maxFile, len(data)))
	switch {
	case err != nil:
		return false, fault(name, textOf(err)+"; it is left as it is", ErrExists, err)
	case !bytes.Equal(have, data):
		return false, fault(name, "is there and holds something else; it is left as it is", ErrExists)
	}
	return true, d.settle(path)
}

// settle sees to it that a file that is there is on disk.
func (d disk) settle(path string) error {
	err := d.do("sync", path, func() error { return syncFile(path) })
	if err == nil {
		err = d.syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fault(filepath.Base(path), err.Error(), err)
	}
	return nil
}

// readFile reads a regular file of no more than 1 MiB.
func readFile(path string) ([]byte, error) { return readUpTo(path, maxFile) }

// readUpTo reads a regular file of no more than limit bytes, as a writer does:
// it does not follow a symbolic link.
func readUpTo(path string, limit int) ([]byte, error) {
	return readRegular(path, limit, os.Lstat, fsys.NonBlock|fsys.NoFollow)
}

// readLinked reads a regular file of no more than 1 MiB, or one that a symbolic
// link leads to, as a reader does.
func readLinked(path string) ([]byte, error) {
	return readRegular(path, maxFile, os.Stat, fsys.NonBlock)
}

// readRegular does not wait for the other end of a pipe, even if the file is
// exchanged while it is looked at.
func readRegular(path string, limit int, stat func(string) (fs.FileInfo, error), flags int) ([]byte, error) {
	name := filepath.Base(path)
	info, err := stat(path)
	if err != nil {
		return nil, fault(name, err.Error(), err)
	}
	if !info.Mode().IsRegular() {
		return nil, irregular(name, info)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|flags, 0)
	if err != nil {
		return nil, fault(name, err.Error(), err)
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil {
		return nil, fault(name, err.Error(), err)
	}
	if !os.SameFile(info, opened) {
		return nil, fault(name, "was exchanged while it was looked at", ErrMalformed, errExchanged)
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fault(name, err.Error(), err)
	case len(data) > limit:
		return nil, fault(name, "has more than 1 MiB", ErrMalformed, errContent)
	}
	return data, nil
}

var (
	errExchanged = errors.New("exchanged")
	errIrregular = errors.New("irregular")
	errContent   = errors.New("content") // the file could be read, and is of no use
)

func irregular(name string, info fs.FileInfo) error {
	kind := "not a regular file"
	switch mode := info.Mode(); {
	case mode.IsDir():
		kind = "a folder"
	case mode&fs.ModeSymlink != 0:
		kind = "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	}
	return fault(name, "is "+kind+", and only regular files are read", ErrMalformed, errIrregular)
}
