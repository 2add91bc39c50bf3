package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// patience is longer than the 7 minutes for which Ensure may have to wait for
// another run. A folder that does not take the key is tried for as long.
const patience = 10 * time.Minute

// inspect finds out what the folder holds, before anything is sent.
func inspect(ctx context.Context, s *settings) (identity.Record, error) {
	r, err := identity.Inspect(ctx, identity.Dir(s.out))
	if err != nil {
		err = fmt.Errorf("nothing was sent: %w", err)
	}
	return r, err
}

// ensure returns the identity in the folder, and enrolls if there is none. It
// says on stderr what it waits for.
func ensure(ctx context.Context, s *settings, client *baas.Client, stderr io.Writer) (*certbundle.Bundle, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bundle, err := identity.Ensure(ctx, client, identity.Dir(s.out), &s.request,
		identity.WithLogger(slog.New(slog.NewTextHandler(stderr, nil))))
	if lost := (*identity.KeyError)(nil); errors.As(err, &lost) {
		return nil, rescue(s.out, lost)
	}
	return bundle, err
}

// A rescuedKey says where the key is that its folder did not take.
type rescuedKey struct {
	dir string // empty if the key is nowhere
	err error
}

func (e *rescuedKey) Error() string { return e.err.Error() }
func (e *rescuedKey) Unwrap() error { return e.err }

// rescue stores the only copy of a key in a new folder: beside out, or else
// among the temporary files.
func rescue(out string, lost *identity.KeyError) error {
	errs := []error{lost}
	for _, parent := range []string{filepath.Dir(out), os.TempDir()} {
		dir, err := os.MkdirTemp(parent, filepath.Base(out)+"-rescued-")
		if err == nil {
			err = lost.Bundle.WriteDir(dir)
		}
		if err == nil {
			return &rescuedKey{dir: filepath.Clean(dir), err: lost}
		}
		errs = append(errs, err)
	}
	return &rescuedKey{err: errors.Join(errs...)}
}
