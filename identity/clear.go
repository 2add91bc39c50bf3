package identity

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Clear ends a doubt, so that the next Ensure enrolls anew. It is for a person
// who knows that nothing was issued, or who has reset the certificate that was.
//
// It refuses while a key is there, with an error that matches nothing. It also
// refuses until 20 minutes after the time of the Stamp, when the gateway refuses
// every copy of the message that may still be on its way; that error matches
// ErrInDoubt and says until when. It also ends an enrollment whose holder is gone.
// A record that is Empty stays as it is.
//
// The clock of this host decides. It must not be more than 5 minutes ahead.
func Clear(ctx context.Context, store Store) error {
	return clearAt(ctx, store, time.Now())
}

func clearAt(ctx context.Context, store Store, now time.Time) error {
	if err := checkStore(ctx, store); err != nil {
		return err
	}
	r, version, err := store.Load(ctx)
	if err != nil {
		return storeFault("load", err)
	}
	empty, until, err := cleared(&r, now)
	switch {
	case err != nil:
		return err
	case !until.IsZero():
		return &uncleared{record: r, until: until}
	case r.State == Empty:
		return nil
	}
	if _, err = store.Swap(ctx, empty, version); err == nil {
		return nil
	}
	// It may have been applied all the same.
	if r, _, errLoad := store.Load(ctx); errLoad == nil && r.State == Empty {
		return nil
	}
	return storeFault("clear", err)
}

// cleared is the record after a Clear, or until when there is none.
func cleared(r *Record, now time.Time) (empty Record, until time.Time, err error) {
	if err := r.check(); err != nil {
		return *r, time.Time{}, err
	}
	switch r.State {
	case Empty:
		return *r, time.Time{}, nil
	case Issued, Complete:
		return *r, time.Time{}, errors.New("identity: a key is stored, so there is no doubt to clear")
	}
	if end := r.Stamp.Time.Add(clearTime); now.Before(end) {
		return *r, end, nil
	}
	return Record{State: Empty, Holder: newHolder(), Since: now.UTC().Truncate(time.Second), unknown: r.unknown}, time.Time{}, nil
}

// uncleared is the error for a Clear that comes too early.
type uncleared struct {
	record Record
	until  time.Time
}

func (e *uncleared) Error() string {
	return fmt.Sprintf("identity: not cleared: a copy of the message with nonce %s may still be on its way; clear it after %s",
		e.record.Stamp.Nonce, e.until.UTC().Format(time.RFC3339))
}

// Is matches ErrInDoubt: it still is.
func (e *uncleared) Is(target error) bool { return target == ErrInDoubt }
