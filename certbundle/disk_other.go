//go:build !unix

package certbundle

import "io/fs"

// syncFile does nothing: a file that is only read cannot be synced here. Those
// that this package writes are synced while they are open.
func syncFile(string) error { return nil }

// checkPrivate finds nothing: the mode does not tell who may write.
func checkPrivate(fs.FileInfo) error { return nil }
