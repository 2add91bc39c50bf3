//go:build !unix

package certbundle

import "io/fs"

// What reads a file notices by itself if it was exchanged.
const openFlags, noFollow = 0, 0

// syncFile does nothing: a file that is only read cannot be synced here. Those
// that this package writes are synced while they are open.
func syncFile(string) error { return nil }

// syncFolder does nothing: a folder cannot be opened here, and NTFS keeps a
// journal of the names.
func syncFolder(string) error { return nil }

// linksUnsupported takes any failure of os.Link for one, since systems differ.
// Nothing is replaced by writing the file in place.
func linksUnsupported(error) bool { return true }

// checkPrivate finds nothing: the mode does not tell who may write.
func checkPrivate(fs.FileInfo) error { return nil }
