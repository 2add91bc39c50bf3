package identity

import (
	"context"
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
