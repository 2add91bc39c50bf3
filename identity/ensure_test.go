package identity

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// bubble runs f where time is the bubble's.
func bubble(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		f(t, s)
		s.server.Close()
		s.client.CloseIdleConnections()
	})
}

func TestEnsure(t *testing.T) {
	t.Parallel()
	t.Run("enrolls once, and the second start only reads", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory()}
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, s.server.Issued())
			requests := len(s.server.Requests())
			store.swapFault = func(int, Record) fault { return refuses }
			again, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, again, err)
			require.Equal(t, b, again)
			require.Len(t, s.server.Requests(), requests)
			require.Empty(t, s.gate.describes)
		})
	})
	t.Run("eight at once: one certificate, eight equal identities", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			var wg sync.WaitGroup
			bundles, errs := make([]*certbundle.Bundle, 8), make([]error, 8)
			for i := range bundles {
				wg.Go(func() { bundles[i], errs[i] = s.ensure(t.Context(), store) })
			}
			wg.Wait()
			for i := range bundles {
				requireIdentity(t, store, bundles[i], errs[i])
			}
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("the request must be for the same chain and consortium", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			_, err := s.ensure(t.Context(), store)
			require.NoError(t, err)
			for what, change := range map[string]func(*request){
				"chain": func(r *request) { r.AntChainID = "other" }, "consortium": func(r *request) { r.ConsortiumID = "other" },
			} {
				req := newRequest()
				change(req)
				_, err := Ensure(t.Context(), s.client, store, req)
				require.ErrorContains(t, err, "the store is for "+what)
			}
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("nothing was issued: the record is Empty again", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			s.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
			_, err := s.ensure(t.Context(), store)
			require.ErrorIs(t, err, baas.ErrForbidden)
			require.NotErrorIs(t, err, ErrInDoubt)
			r, version, err := store.Load(t.Context())
			require.NoError(t, err)
			require.Equal(t, Empty, r.State)
			require.Equal(t, "2", version, "Empty is a record like any other")
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
		})
	})
	t.Run("an invalid request changes nothing", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			req := newRequest()
			req.CommonName = ""
			_, err := Ensure(t.Context(), s.client, store, req)
			require.ErrorIs(t, err, baas.ErrInvalidRequest)
			_, version, err := store.Load(t.Context())
			require.NoError(t, err)
			require.Empty(t, version)
		})
	})
	t.Run("a record of an unknown State is an error, never Empty", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			_, err := store.Swap(t.Context(), Record{State: 17}, "")
			require.NoError(t, err)
			_, err = s.ensure(t.Context(), store)
			require.ErrorContains(t, err, "unknown state")
			require.Zero(t, s.server.Issued())
			require.Error(t, Clear(t.Context(), store))
		})
	})
	t.Run("nil arguments", func(t *testing.T) {
		t.Parallel()
		client, err := baas.NewClient(baas.WithAccessKey("a", "b"))
		require.NoError(t, err)
		var none context.Context
		for _, f := range []func() (*certbundle.Bundle, error){
			func() (*certbundle.Bundle, error) { return Ensure(none, client, Memory(), newRequest()) },
			func() (*certbundle.Bundle, error) { return Ensure(t.Context(), nil, Memory(), newRequest()) },
			func() (*certbundle.Bundle, error) { return Ensure(t.Context(), client, nil, newRequest()) },
			func() (*certbundle.Bundle, error) { return Ensure(t.Context(), client, Memory(), nil) },
			func() (*certbundle.Bundle, error) { _, err := Inspect(none, Memory()); return nil, err },
			func() (*certbundle.Bundle, error) { _, err := Inspect(t.Context(), nil); return nil, err },
			func() (*certbundle.Bundle, error) { return nil, Clear(none, Memory()) },
			func() (*certbundle.Bundle, error) { return nil, Clear(t.Context(), nil) },
			func() (*certbundle.Bundle, error) {
				_, err := NewSource(t.Context(), keyPassword, FromStore(Memory()), FromStore(nil))
				return nil, err
			},
			func() (*certbundle.Bundle, error) { return nil, AddTrustStore(t.Context(), client, nil, newRequest()) },
		} {
			b, err := f()
			require.ErrorContains(t, err, " is nil")
			require.Nil(t, b)
		}
	})
}

// TestDoubt: the reply is lost.
func TestDoubt(t *testing.T) {
	t.Parallel()
	t.Run("InDoubt at once, by the holder whose own call ended so", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			s.server.Inject(baastest.DropAfter())
			start := time.Now()
			_, err := s.ensure(t.Context(), store)
			require.Less(t, time.Since(start), time.Second)
			var doubt *DoubtError
			require.ErrorAs(t, err, &doubt)
			require.ErrorIs(t, err, ErrInDoubt)
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			r, err2 := Inspect(t.Context(), store)
			require.NoError(t, err2)
			require.Equal(t, InDoubt, r.State)
			require.Equal(t, r, doubt.Record)
			for _, part := range []string{r.Holder, r.Stamp.Nonce, r.Stamp.Time.Format(time.RFC3339), "1q8B5R9p", "Clear", "reset"} {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, err.Error(), keyPassword)

			_, err = s.ensure(t.Context(), store)
			require.ErrorIs(t, err, ErrInDoubt)
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("Clear refuses for 20 minutes after the Stamp", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			s.server.Inject(baastest.DropAfter())
			_, err := s.ensure(t.Context(), store)
			var doubt *DoubtError
			require.ErrorAs(t, err, &doubt)
			until := doubt.Record.Stamp.Time.Add(20 * time.Minute)
			err = clearAt(t.Context(), store, until.Add(-time.Nanosecond))
			require.ErrorIs(t, err, ErrInDoubt)
			require.ErrorContains(t, err, until.Format(time.RFC3339))
			time.Sleep(time.Until(until)) // of the bubble
			require.NoError(t, Clear(t.Context(), store))
			require.NoError(t, Clear(t.Context(), store), "Empty stays as it is")
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.ErrorContains(t, Clear(t.Context(), store), "a key is stored")
		})
	})
}

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
	r, err := Inspect(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, Applying, r.State)
	return r
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

// TestKeyWins: whoever holds the key stores it, whoever the holder is by now.
func TestKeyWins(t *testing.T) {
	t.Parallel()
	for name, over := range map[string]func(r Record) Record{
		"over another holder": func(r Record) Record { r.Holder = "other"; return r },
		"over InDoubt":        func(r Record) Record { r.State = InDoubt; return r },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, s *site) {
				store := Memory()
				b, err := s.ensure(t.Context(), store, withApply(s.meanwhile(func(r Record, version string) {
					_, err := store.Swap(t.Context(), over(r), version)
					require.NoError(t, err)
				}, store)))
				requireIdentity(t, store, b, err)
			})
		})
	}
	for name, over := range map[string]func(r Record) Record{
		"not after a Clear": func(r Record) Record { return Record{} },
		"not over another Stamp": func(r Record) Record {
			r.Holder, r.Stamp = "other", &baas.Stamp{Nonce: "other", Time: r.Stamp.Time}
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, s *site) {
				store := Memory()
				b, err := s.ensure(t.Context(), store, withApply(s.meanwhile(func(r Record, version string) {
					_, err := store.Swap(t.Context(), over(r), version)
					require.NoError(t, err)
				}, store)))
				requireKeyError(t, b, err)
				r, err := Inspect(t.Context(), store)
				require.NoError(t, err)
				require.Empty(t, r.Bundle.PrivateKey)
			})
		})
	}
}

// meanwhile applies, and calls f before the reply is returned.
func (s *site) meanwhile(f func(r Record, version string), store Store) applyFunc {
	return func(ctx context.Context, req *request, journal func(context.Context, baas.Stamp) error, stamp *baas.Stamp) (*response, error) {
		resp, err := clientApply(s.client)(ctx, req, journal, stamp)
		r, version, errLoad := store.Load(ctx)
		if errLoad == nil {
			f(r, version)
		}
		return resp, err
	}
}

func requireKeyError(t *testing.T, b *certbundle.Bundle, err error) {
	t.Helper()
	var unstored *KeyError
	require.ErrorAs(t, err, &unstored)
	require.ErrorIs(t, err, certbundle.ErrKeyNotStored)
	require.NotErrorIs(t, err, ErrInDoubt)
	require.Contains(t, string(unstored.Bundle.PrivateKey), "PRIVATE KEY")
	require.Equal(t, unstored.Bundle, *b)
	require.NotContains(t, err.Error(), string(unstored.Bundle.PrivateKey)[40:80])
}
