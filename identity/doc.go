// Package identity keeps one TLS identity per store: across crashes, restarts
// and replicas.
//
// A service calls Ensure at every start, in every replica:
//
//	bundle, err := identity.Ensure(ctx, client, identity.Dir("/var/lib/wallet/identity"), req)
//	if err != nil {
//		return err // a *DoubtError needs a person: see DoubtError
//	}
//	cfg, err := bundle.TLSConfig(req.Password)
//
// The first call applies for a certificate, stores the key before anything else
// is done, and downloads the files. Every later one reads the store.
//
// # What it promises
//
//   - At most one certificate per store, whoever crashes, is paused or runs beside
//     it, unless a person has called Clear.
//   - A key that was handed over is in the store, or in the *KeyError of the call
//     that got it; only the end of its process in between loses it.
//   - What may have been issued without anybody having the key is ErrInDoubt, at
//     each call, until a person has cleared that up.
//
// # How
//
// Before a message is sent, its baas.Stamp is in the store. A process that
// finds the Stamp of another one waits. If the record does not change for 15
// seconds, it sends the same message again, to the byte: the gateway carries it
// out once at most, so that a holder that was only slow comes to no harm. If the message had
// not arrived, that brings the key. If it had, the reply is lost unless the
// first holder brings it: the record is InDoubt 6.5 minutes after the Stamp, or
// at once if the first holder says so itself.
//
// The protocol is a pure function, and the tests check a model of it, state by
// state.
//
// # What it needs
//
// A Store that swaps one record for another if nobody else has meanwhile: see
// Store, and package storetest to check one. Dir and Memory are here.
//
// Clocks of hosts that may be some minutes off: Clear needs one that is less than
// 5 minutes ahead. All processes of a store must use the same endpoint, access
// key and request; where one does not, it cannot take over, and that ends in a
// doubt instead of a second certificate.
//
// # Renewal
//
// A store is for one certificate. To renew, call Ensure with a new store before
// the old certificate ends; a Source serves the newer of both without a restart.
package identity
