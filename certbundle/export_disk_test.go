package certbundle

import (
	"io/fs"
	"net/http"
	"path/filepath"
)

// A StepFunc is called before each step of making a file. An error takes the
// place of the step.
type StepFunc func(step, path string) error

// WithSteps is for Save.
func WithSteps(f StepFunc) Option { return func(o *options) { o.disk.before = f } }

func PrepareWithSteps(dir string, f StepFunc) error { return disk{before: f}.prepare(dir) }

func (b *Bundle) WriteDirWithSteps(dir string, f StepFunc) error {
	return disk{before: f}.writeBundle(dir, b)
}

// ReadFile is how a writer reads what is there.
func ReadFile(path string) ([]byte, error) { return readFile(path) }

// LoadThrough is Load, with something done before each file is read.
func LoadThrough(dir string, before func(path string)) (*Bundle, error) {
	return loadFrom(cleanFolder(dir), func(path string) ([]byte, error) {
		before(path)
		return readLinked(path)
	})
}

// LoadFailing is Load where reading one file fails.
func LoadFailing(dir, name string, err error) (*Bundle, error) {
	return loadFrom(cleanFolder(dir), func(path string) ([]byte, error) {
		if filepath.Base(path) == name {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		return readLinked(path)
	})
}

// OwnTransport is what downloads are made with if no client is given.
func OwnTransport() *http.Transport { return newTransport() }
