package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

var (
	// ErrInDoubt: a certificate may have been issued whose key nobody has, and
	// nothing is applied for until a person has cleared that up; the error is a
	// *DoubtError.
	ErrInDoubt = errors.New("identity: in doubt")

	// ErrInProgress: the context ended while another holder was enrolling, or this
	// call had taken over from one and waited whether it stores its key. Calling
	// again is safe.
	ErrInProgress = errors.New("identity: another holder is enrolling")

	// ErrConflict: somebody else has changed the record. Stores return it.
	ErrConflict = errors.New("identity: the record has changed")
)

// A DoubtError says that a certificate may have been issued whose key nobody
// has. It matches ErrInDoubt, and what Err matches.
//
// There are two ways on. Look in the console, or give nonce and request ID to
// the service's support. If nothing was issued, or after the certificate was
// reset (ResetAntChainCertificate), call Clear, and then Ensure. If the key turns
// up after all, since a holder that was only slow brings it, Ensure returns the
// identity.
//
// With WithResumable there is a third, if Record is Applying: call Ensure again
// within five minutes.
type DoubtError struct {
	Record Record
	Err    error // what this call ended in; nil if the doubt was found in the store
}

func (e *DoubtError) Error() string {
	r := &e.Record
	fate := "lost"
	if r.State == Applying {
		fate = "not here"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "identity: in doubt: a certificate for chain %s may have been issued, and its key is %s: "+
		"%s applied for it at %s", r.Chain, fate, r.Holder, stampTime(r))
	b.WriteString(" (" + r.Origin() + ")")
	if r.Reason != "" {
		b.WriteString(": " + r.Reason)
	}
	if e.Err != nil && !strings.Contains(r.Reason, cut(e.Err.Error())) {
		b.WriteString(": " + e.Err.Error())
	}
	if r.State == Applying {
		b.WriteString("; call Ensure again within five minutes: it may still bring the key")
		return b.String()
	}
	b.WriteString("; if the console or the service's support says that nothing was issued, or once the certificate is reset, " +
		"clear the doubt (identity.Clear) and call Ensure again")
	return b.String()
}

// Is matches ErrInDoubt.
func (e *DoubtError) Is(target error) bool { return target == ErrInDoubt }

func (e *DoubtError) Unwrap() error { return e.Err }

func stampTime(r *Record) string {
	at := r.Since
	if r.Stamp != nil {
		at = r.Stamp.Time
	}
	return at.UTC().Format(time.RFC3339)
}

// A KeyError says that the key was handed over, and that the store does not
// have it: Bundle is the only copy. It matches certbundle.ErrKeyNotStored, and
// what Err matches. Its text does not hold the key.
//
// At once, WriteDir the Bundle into another folder. Once the identity is in
// use from there, or its certificate is reset, the store can be cleared.
type KeyError struct {
	Record Record            // the latest that was seen
	Bundle certbundle.Bundle // the key, and no files
	Err    error
}

func (e *KeyError) Error() string {
	return "identity: the private key is not in the store, and this error's Bundle holds the only copy (" +
		e.Record.Origin() + "): write it elsewhere at once: " + e.Err.Error()
}

// Is matches certbundle.ErrKeyNotStored.
func (e *KeyError) Is(target error) bool { return target == certbundle.ErrKeyNotStored }

func (e *KeyError) Unwrap() error { return e.Err }

var errOvertaken = errors.New("the store meanwhile belongs to another enrollment, or was cleared")

var errStale = errors.New("the store shows a record that it refuses to replace, since it has a newer one; it does not show that one")

// progressError is the end of a wait.
type progressError struct {
	record    Record
	takenFrom string // the first holder, if this call has taken over from it
	err       error  // of the context, and of the own call
}

func (e *progressError) Error() string {
	r := &e.record
	if r.State != Applying {
		return "identity: given up: " + e.err.Error()
	}
	if e.takenFrom != "" {
		return fmt.Sprintf("identity: this call took over from %s (%s, sent at %s) and sent the message again, without getting the key, "+
			"and the first holder has not stored it yet: call Ensure again: %s", e.takenFrom, r.Origin(), stampTime(r), e.err.Error())
	}
	return fmt.Sprintf("identity: another holder is enrolling: %s, since %s (%s): %s", r.Holder, stampTime(r), r.Origin(), e.err.Error())
}

// Is matches ErrInProgress.
func (e *progressError) Is(target error) bool { return target == ErrInProgress }

func (e *progressError) Unwrap() error { return e.err }

func checkArguments(ctx context.Context, client *baas.Client, store Store, req *request) error {
	switch {
	case ctx == nil:
		return errNil("ctx")
	case client == nil:
		return errNil("client")
	case store == nil:
		return errNil("store")
	case req == nil:
		return errNil("req")
	}
	return nil
}

func checkStore(ctx context.Context, store Loader) error {
	switch {
	case ctx == nil:
		return errNil("ctx")
	case store == nil:
		return errNil("store")
	}
	return nil
}

func errNil(what string) error { return errors.New("identity: " + what + " is nil") }

// checkSame: a store holds the identity of one chain and consortium.
func checkSame(there, wanted *Record) error {
	for _, m := range []struct{ what, there, wanted string }{
		{"chain", there.Chain, wanted.Chain}, {"consortium", there.Consortium, wanted.Consortium},
	} {
		if m.there != "" && m.there != m.wanted {
			return fmt.Errorf("identity: the store is for %s %.80q, and the request is for %.80q: use another store for this chain", m.what, m.there, m.wanted)
		}
	}
	return nil
}

// storeFault is the error of a Store.
func storeFault(what string, err error) error {
	if strings.HasPrefix(err.Error(), "identity: ") {
		return err
	}
	return fmt.Errorf("identity: %s the record: %w", what, err)
}

const maxReason = 1 << 10

// cut bounds a text.
func cut(s string) string {
	if len(s) <= maxReason {
		return s
	}
	s = s[:maxReason]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
