// Package fsys has what certbundle and identity need of a file system and
// package os does not offer: names that survive a crash, and files that
// appear once.
//
// It imports the standard library alone.
package fsys

import (
	"errors"
	"io/fs"
	"os"
)

// LinksUnsupported tells whether os.Link failed since there are no hard links:
// EPERM on FAT, EACCES where a policy forbids them, of a file just made.
func LinksUnsupported(err error) bool {
	var link *os.LinkError
	return errors.As(err, &link) && !errors.Is(err, fs.ErrExist) && noLinks(err)
}
