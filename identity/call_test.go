package identity

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// TestRefusedJournal: after a journal that was refused nothing more is written,
// whatever the call asks for.
func TestRefusedJournal(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{true, false} {
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory()}
			store.swapFault = func(n int, _ Record) fault {
				if n > 1 {
					return works
				}
				if !reads {
					store.loadFault = func(int) error { return errFullDisk }
				}
				return refuses
			}
			_, err := s.ensure(t.Context(), store, withApply(func(
				ctx context.Context, _ *request, journal func(context.Context, baas.Stamp) error, _ *baas.Stamp,
			) (*response, error) {
				stamp := baas.Stamp{Nonce: "n", Time: time.Now()}
				require.Error(t, journal(ctx, stamp))
				store.loadFault = nil
				err := journal(ctx, stamp)
				require.Error(t, err, "a fresh message needs a fresh look")
				return nil, err
			}))
			require.ErrorIs(t, err, errFullDisk)
			require.Equal(t, 1, store.swaps)
		})
	}
}

// TestNothingIssued: the call was refused, and the store shows something else
// than what the call has written.
func TestNothingIssued(t *testing.T) {
	t.Parallel()
	t.Run("the identity is there: it is returned", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			other, err := s.ensure(t.Context(), Memory())
			require.NoError(t, err)
			store := Memory()
			s.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
			b, err := s.ensure(t.Context(), store, withApply(s.meanwhile(func(r Record, version string) {
				r.State, r.Holder, r.Bundle = Complete, "another", *other
				_, err := store.Swap(t.Context(), r, version)
				require.NoError(t, err)
			}, store)))
			requireIdentity(t, store, b, err)
		})
	})
	t.Run("of another's message, which could not be sent again: the error says so, at once", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			gone(t, s, store, true)
			start := time.Now()
			_, err := s.ensure(t.Context(), store, withApply(func(
				_ context.Context, _ *request, _ func(context.Context, baas.Stamp) error, stamp *baas.Stamp,
			) (*response, error) {
				require.NotNil(t, stamp)
				return nil, errModel
			}))
			require.ErrorIs(t, err, errModel)
			require.NotErrorIs(t, err, ErrInDoubt)
			require.Less(t, time.Since(start), 20*time.Second)
			r, err := Inspect(t.Context(), store)
			require.NoError(t, err)
			require.Equal(t, Applying, r.State, "of other copies nobody knows")
		})
	})
	t.Run("after a doubt that was cleared: it is no doubt any more", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			s.server.Inject(baastest.DropAfter())
			first := s.meanwhile(func(r Record, version string) {
				if r.State == Applying {
					_, err := store.Swap(t.Context(), Record{Holder: "a person"}, version)
					require.NoError(t, err)
				}
			}, store)
			calls := 0
			_, err := s.ensure(t.Context(), store, withApply(func(
				ctx context.Context, req *request, journal func(context.Context, baas.Stamp) error, stamp *baas.Stamp,
			) (*response, error) {
				if calls++; calls == 1 {
					return first(ctx, req, journal, stamp)
				}
				s.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
				return clientApply(s.client)(ctx, req, journal, stamp)
			}))
			require.Equal(t, 2, calls)
			require.ErrorIs(t, err, baas.ErrForbidden)
			require.NotErrorIs(t, err, ErrInDoubt)
		})
	})
}
