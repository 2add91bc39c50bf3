package certbundle

import (
	"errors"
	"fmt"
	"io/fs"
)

var errNilBundle = errors.New("certbundle: the bundle is nil")

// missing is the error for a file that is not in the bundle.
func missing(file string) error {
	return fmt.Errorf("certbundle: %s: %w", file, fs.ErrNotExist)
}

// malformed is the error for a file that is not what its name says. What a
// private key is made of must not be among the arguments.
func malformed(file, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %w", ErrMalformed, file, fmt.Errorf(format, args...))
}
