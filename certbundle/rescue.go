package certbundle

import (
	"errors"
	"os"
	"path/filepath"
)

// WriteBeside writes what is there of the bundle into a new folder, and returns
// its absolute path: beside dir, named after it, or else in the folder for temporary files.
// It is for a key that dir does not take, and that exists nowhere else. The error
// joins those of both places: the key may be in neither.
func (b *Bundle) WriteBeside(dir string) (path string, err error) {
	// What is beside "dir/" and "." by name would be in the folder.
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	var errs []error
	for _, parent := range []string{filepath.Dir(dir), os.TempDir()} {
		path, err := os.MkdirTemp(parent, filepath.Base(dir)+".key-")
		if err == nil {
			if err = b.WriteDir(path); err == nil {
				return path, nil
			}
			_ = os.Remove(path) // only if nothing is in it
		}
		errs = append(errs, prefixed(err))
	}
	return "", errors.Join(errs...)
}
