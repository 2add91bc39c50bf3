//go:build !unix

package identity

import (
	"errors"
	"os"
)

// openFlags: readFile notices by itself if a file was exchanged.
const openFlags = 0

// syncFolder does nothing: a folder cannot be opened here, and NTFS keeps a
// journal of the names.
func syncFolder(string) error { return nil }

// linksUnsupported takes any failure of os.Link for one, since systems differ.
func linksUnsupported(err error) bool {
	var link *os.LinkError
	return errors.As(err, &link)
}
