package identity

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// A staleStore shows a record for some time after it was replaced.
type staleStore struct {
	Store

	mu      sync.Mutex
	record  Record
	version string
	until   time.Time
	refused int
	before  func(Record) // each Swap
}

// freeze returns a handle to the store that shows what is there now for d.
func freeze(t *testing.T, store Store, d time.Duration) *staleStore {
	t.Helper()
	s := &staleStore{Store: store}
	s.freeze(t, d)
	return s
}

func (s *staleStore) freeze(t *testing.T, d time.Duration) {
	t.Helper()
	r, version, err := s.Store.Load(t.Context())
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record, s.version, s.until = r, version, time.Now().Add(d)
}

func (s *staleStore) Load(ctx context.Context) (Record, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.until) {
		return s.record, s.version, ctx.Err()
	}
	return s.Store.Load(ctx)
}

func (s *staleStore) Swap(ctx context.Context, r Record, version string) (string, error) {
	if s.before != nil {
		s.before(r)
	}
	version, err := s.Store.Swap(ctx, r, version)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.refused++
	}
	if s.refused > 1000 {
		panic("no pause between two tries")
	}
	return version, err
}

// TestStaleLoad: a Load that shows after an ErrConflict what was refused ends no
// call: Ensure waits.
func TestStaleLoad(t *testing.T) {
	t.Parallel()
	const moment = 30 * time.Second
	t.Run("another has enrolled, and it does not show yet", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			late := freeze(t, store, moment)
			want, err := s.ensure(t.Context(), store)
			require.NoError(t, err)
			requests := len(s.server.Requests())

			var book logBook
			b, err := s.ensure(t.Context(), late, book.option())
			requireIdentity(t, store, b, err)
			require.Equal(t, want, b)
			require.Len(t, s.server.Requests(), requests, "nothing is sent")
			require.InDelta(t, 2, book.count("waiting until the store shows its latest record"), 1)
		})
	})
	t.Run("another is enrolling, and it does not show until the context ends", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			late := freeze(t, store, time.Hour)
			gone(t, s, store, false)
			ctx, cancel := timeout(t)
			defer cancel()
			_, err := s.ensure(ctx, late)
			require.ErrorIs(t, err, ErrInProgress)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, errStale)
			require.Zero(t, s.server.Issued())
		})
	})
	t.Run("another has completed the identity meanwhile", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			late := freeze(t, store, moment)
			want, err := s.ensure(t.Context(), store)
			require.NoError(t, err)
			b, err := s.ensure(t.Context(), late)
			requireIdentity(t, store, b, err)
			require.Equal(t, want, b)
			require.Equal(t, 1, late.refused)
		})
	})
	t.Run("another has completed the identity meanwhile, and it does not show until the context ends", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			late := freeze(t, store, time.Hour)
			_, err := s.ensure(t.Context(), store)
			require.NoError(t, err)
			ctx, cancel := timeout(t)
			defer cancel()
			_, err = s.ensure(ctx, late)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, ErrConflict)
			require.NotErrorIs(t, err, ErrInProgress)
		})
	})
	t.Run("another has taken over, and the own call ends in doubt", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			late := &staleStore{Store: store}
			other, err := s.ensure(t.Context(), Memory())
			require.NoError(t, err)
			s.server.Inject(baastest.DropAfter())
			b, err := s.ensure(t.Context(), late, withApply(s.meanwhile(func(r Record, version string) {
				late.freeze(t, moment)
				r.State, r.Holder, r.Bundle = Complete, "another", *other
				_, err := store.Swap(t.Context(), r, version)
				require.NoError(t, err)
			}, store)))
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, late.refused)
		})
	})
	t.Run("another has completed the identity, and the store shows what was before the key", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			late := &staleStore{Store: store}
			late.before = func(r Record) {
				if r.State == Issued {
					late.freeze(t, time.Second)
				}
				if there, version, err := store.Load(t.Context()); err == nil && r.State == Complete {
					there.State, there.Bundle = Complete, r.Bundle
					_, err := store.Swap(t.Context(), there, version)
					require.NoError(t, err)
				}
			}
			b, err := s.ensure(t.Context(), late)
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, late.refused)
		})
	})
	t.Run("another has taken over, and nothing was issued: its record is left alone", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			late := &staleStore{Store: store}
			s.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
			_, err := s.ensure(t.Context(), late, withApply(s.meanwhile(func(r Record, version string) {
				late.freeze(t, moment)
				r.Holder = "another"
				_, err := store.Swap(t.Context(), r, version)
				require.NoError(t, err)
			}, store)))
			require.ErrorIs(t, err, baas.ErrForbidden)
			require.Equal(t, 1, late.refused)
		})
	})
	t.Run("nobody has brought the key, and another is writing so", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			gone(t, s, store, true)
			late := freeze(t, store, 10*time.Minute)
			r, version, err := store.Load(t.Context())
			require.NoError(t, err)
			r.State, r.Reason = InDoubt, "written by another"
			_, err = store.Swap(t.Context(), r, version)
			require.NoError(t, err)
			_, err = s.ensure(t.Context(), late)
			var doubt *DoubtError
			require.ErrorAs(t, err, &doubt)
			require.Equal(t, "written by another", doubt.Record.Reason)
		})
	})
}
