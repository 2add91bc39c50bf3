package identity

import "context"

// A Store keeps one Record, and changes it only if nobody else has meanwhile:
// what etcd (ModRevision), SQL (a version column), Kubernetes (resourceVersion)
// and a folder can all do. Package storetest checks one.
//
// What Ensure needs of it:
//
//   - Of all Swaps from one version at most one is ever applied.
//   - Versions are never used again, also not after a Record that is Empty, and
//     the record is never deleted.
//   - A Record that was swapped in is there after a crash of the host.
//   - Unknown members survive: a Record is stored as encoding/json has it, or in
//     parts that make an equal Record again.
//   - It keeps the key secret.
//   - Nobody changes the version alone, as a label put on a Secret does. It does no
//     harm, with one exception: if that happens during a call that is refused, the
//     next Ensure ends in doubt, although nothing was issued. For Empty is written
//     from the version that the call itself has written, or not at all.
//
// It must be safe for concurrent use.
type Store interface {
	Loader

	// Swap puts r in the place of the record with the version. It is durable
	// when Swap returns. The error matches ErrConflict if version is not the
	// latest. Whatever the error, r may have been stored: Ensure loads and
	// compares.
	Swap(ctx context.Context, r Record, version string) (newVersion string, err error)
}

// A Loader reads the Record of a Store. It must be safe for concurrent use.
type Loader interface {
	// Load returns the record and its version: the zero Record and "" if there
	// never was one. It may be stale for a moment: what it returns was the latest
	// at some time. After an ErrConflict Ensure waits, for as long as ctx lasts,
	// until Load shows another version than the one that Swap has refused. What is
	// there and cannot be read is an error.
	Load(ctx context.Context) (r Record, version string, err error)
}
