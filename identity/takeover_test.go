package identity

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// gone leaves a record as a holder does that was killed while it applied.
func gone(t *testing.T, s *site, store Store, sent bool) Record {
	t.Helper()
	died := errors.New("died")
	apply := func(ctx context.Context, req *request, journal func(context.Context, baas.Stamp) error, _ *baas.Stamp) (*response, error) {
		wrapped := func(ctx context.Context, s baas.Stamp) error {
			if err := journal(ctx, s); err != nil {
				return err
			}
			if !sent {
				panic(died)
			}
			return nil
		}
		_, _ = clientApply(s.client)(ctx, req, wrapped, nil)
		panic(died)
	}
	require.PanicsWithValue(t, died, func() { _, _ = s.ensure(t.Context(), store, withApply(apply)) })
	return requireState(t, store, Applying)
}

func TestTakeover(t *testing.T) {
	t.Parallel()
	t.Run("a message that was never sent ends in the key, after 15 s", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			r := gone(t, s, store, false)
			var log logBook
			start := time.Now()
			b, err := s.ensure(t.Context(), store, log.option())
			requireIdentity(t, store, b, err)
			require.InDelta(t, 16*time.Second, time.Since(start), float64(2*time.Second))
			require.Equal(t, 1, s.server.Issued())
			require.Equal(t, r.Stamp.Nonce, s.server.Requests()[0].Params.Get("SignatureNonce"), "the same message")
			require.Contains(t, log.String(), "another holder is enrolling")
			require.Contains(t, log.String(), r.Holder)
			require.Contains(t, log.String(), "waited=")
			require.Contains(t, log.String(), "taking over")
		})
	})
	t.Run("a message that has arrived ends in doubt, when a whole call's time has passed", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			r := gone(t, s, store, true)
			_, err := s.ensure(t.Context(), store)
			require.ErrorIs(t, err, ErrInDoubt)
			require.ErrorContains(t, err, r.Stamp.Nonce)
			require.InDelta(t, 390*time.Second, time.Since(r.Stamp.Time), float64(3*time.Second))
			require.Equal(t, 1, s.server.Issued())
			require.Len(t, s.server.Requests(), 2, "it was sent again once")
		})
	})
	t.Run("not after the resend window", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			r := gone(t, s, store, false)
			time.Sleep(5*time.Minute - 14*time.Second) // of the bubble
			_, err := s.ensure(t.Context(), store)
			var doubt *DoubtError
			require.ErrorAs(t, err, &doubt)
			require.Equal(t, r.Holder, doubt.Record.Holder, "nobody has taken over")
			require.Zero(t, s.server.Issued())
		})
	})
	t.Run("with other credentials the message cannot be made again", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			gone(t, s, store, false)
			s.client = s.server.Client(baas.WithHTTPClient(s.hc), baas.WithAccessKey("other", "other"))
			_, err := s.ensure(t.Context(), store)
			require.ErrorIs(t, err, ErrInDoubt)
			require.Empty(t, s.server.Requests())
		})
	})
	t.Run("a holder that is only slow brings the key to all", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			s.server.Inject(baastest.HangAfter(80 * time.Second))
			var wg sync.WaitGroup
			bundles, errs := make([]*certbundle.Bundle, 3), make([]error, 3)
			start := time.Now()
			for i := range errs {
				wg.Go(func() { bundles[i], errs[i] = s.ensure(t.Context(), store) })
			}
			wg.Wait()
			require.Less(t, time.Since(start), 90*time.Second)
			for i, err := range errs {
				requireIdentity(t, store, bundles[i], err)
			}
			require.Greater(t, len(s.server.Requests()), 1, "somebody has taken over meanwhile")
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("after a takeover the call does not take itself for another holder", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			first := gone(t, s, store, true)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var log logBook
			_, err := s.ensure(ctx, store, log.option())
			r, errInspect := Inspect(t.Context(), store)
			require.NoError(t, errInspect)
			require.NotEqual(t, first.Holder, r.Holder)
			require.ErrorIs(t, err, ErrInProgress)
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			for _, part := range []string{"this call took over from " + first.Holder, "sent the message again", "SignatureNonceUsed", first.Stamp.Nonce} {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, err.Error(), "another holder is enrolling")
			require.NotContains(t, err.Error(), r.Holder)
			require.Equal(t, 1, log.count("another holder is enrolling"), "before the takeover")
			require.Equal(t, 1, log.count("takeover after silence of"))
			require.Greater(t, log.count("this call took over and sent the message again"), 1)
			require.True(t, log.has("SignatureNonceUsed"))
			require.NotContains(t, log.String(), r.Holder)
		})
	})
	t.Run("who has sent the message again announces no takeover any more", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			gone(t, s, store, true)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			var logs [2]logBook
			var wg sync.WaitGroup
			for i := range logs {
				wg.Go(func() { _, _ = s.ensure(ctx, store, logs[i].option()) })
			}
			wg.Wait()
			overtaken := 0
			for i := range logs {
				_, after, found := strings.Cut(logs[i].String(), "taking over from a holder")
				require.True(t, found, "each takes over, one from the other")
				require.NotContains(t, after, "takeover after silence of")
				if strings.Contains(after, "another holder is enrolling") {
					overtaken++
				}
			}
			require.Equal(t, 1, overtaken)
		})
	})
	t.Run("ErrInProgress when the context ends while another holder enrolls", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			r := gone(t, s, store, true)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := s.ensure(ctx, store)
			require.ErrorIs(t, err, ErrInProgress)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, ErrInDoubt)
			require.ErrorContains(t, err, r.Holder)
			require.ErrorContains(t, err, r.Stamp.Nonce)
		})
	})
}
