package certbundle

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

var (
	errNilBundle  = errors.New("certbundle: the bundle is nil")
	errNilContext = errors.New("certbundle: ctx is nil")
)

const textPrefix = "certbundle: "

// prefixed makes the text of err begin as that of every error does.
func prefixed(err error) error {
	if err == nil || strings.HasPrefix(err.Error(), textPrefix) {
		return err
	}
	return fmt.Errorf(textPrefix+"%w", err)
}

// missing is the error for a file that is not in the bundle.
func missing(file string) error {
	return fmt.Errorf("certbundle: %s: %w", file, fs.ErrNotExist)
}

// malformed is the error for a file that is not what its name says. What a
// private key is made of must not be among the arguments.
func malformed(file, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %w", ErrMalformed, file, fmt.Errorf(format, args...))
}
