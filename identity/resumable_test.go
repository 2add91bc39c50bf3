package identity

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// silence answers nothing until the client goes, and issues nothing.
func silence() baastest.Fault {
	return baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
}

// stopped enrolls until after, in which faults happen.
func stopped(t *testing.T, s *site, store Store, after time.Duration, opts []Option, faults ...baastest.Fault) error {
	t.Helper()
	s.server.Inject(faults...)
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	_, err := s.ensure(ctx, store, opts...)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	return err
}

func TestResumable(t *testing.T) {
	t.Parallel()
	resumable := []Option{WithResumable()}
	state := func(t *testing.T, store Store) State {
		r, err := Inspect(t.Context(), store)
		require.NoError(t, err)
		return r.State
	}
	t.Run("what did not arrive is sent again by the next call", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			err := stopped(t, s, store, time.Minute, resumable, silence())
			require.ErrorIs(t, err, ErrInDoubt)
			var doubt *DoubtError
			require.ErrorAs(t, err, &doubt)
			require.ErrorContains(t, err, "call Ensure again within five minutes")
			require.NotContains(t, err.Error(), "identity.Clear")
			r, errInspect := Inspect(t.Context(), store)
			require.NoError(t, errInspect)
			require.Equal(t, Applying, r.State)
			require.Equal(t, Applying, doubt.Record.State)
			require.Equal(t, r.Stamp, doubt.Record.Stamp)
			require.NotEmpty(t, doubt.Record.Reason)
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("what was carried out ends in doubt, and not in two certificates", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			require.ErrorIs(t, stopped(t, s, store, time.Minute, resumable, baastest.HangAfter(time.Hour)), ErrInDoubt)
			require.Equal(t, Applying, state(t, store))
			_, err := s.ensure(t.Context(), store, resumable...)
			require.ErrorIs(t, err, ErrInDoubt)
			require.Equal(t, InDoubt, state(t, store))
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("too late to be sent again", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			err := stopped(t, s, store, 5*time.Minute+30*time.Second, resumable, silence(), silence(), silence(), silence(), silence())
			require.ErrorContains(t, err, "identity.Clear")
			require.Equal(t, InDoubt, state(t, store))
		})
	})
	t.Run("a doubt that no end of the context has made", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			drop := baastest.DropAfter()
			s.server.Inject(drop, drop, drop, drop)
			_, err := s.ensure(t.Context(), store, resumable...)
			require.ErrorIs(t, err, ErrInDoubt)
			require.Equal(t, InDoubt, state(t, store))
		})
	})
	t.Run("without the option", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			require.ErrorIs(t, stopped(t, s, store, time.Minute, nil, silence()), ErrInDoubt)
			require.Equal(t, InDoubt, state(t, store))
		})
	})
}
