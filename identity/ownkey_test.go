package identity

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// ownKeySite is a server with a port: the gate of a site knows no links of
// certificates for keys that were made here.
func ownKeySite(t *testing.T) (*baastest.Server, func(context.Context, Store, ...Option) (*certbundle.Bundle, error)) {
	server := baastest.NewServer()
	t.Cleanup(server.Close)
	return server, func(ctx context.Context, store Store, opts ...Option) (*certbundle.Bundle, error) {
		return Ensure(ctx, server.Client(), store, newRequest(),
			append([]Option{WithOwnKey(), WithDownload(certbundle.WithHTTPClient(server.HTTPClient()))}, opts...)...)
	}
}

func applications(server *baastest.Server) (actions []string) {
	for _, r := range server.Requests() {
		if action := r.Params.Get("Action"); action != "" && action[:5] == "Apply" {
			actions = append(actions, action)
		}
	}
	return actions
}

const actionCSR = "ApplyAntChainCertificate"

func TestOwnKey(t *testing.T) {
	t.Parallel()
	t.Run("the key is made here", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		store := Memory()
		b, err := ensure(t.Context(), store)
		requireIdentity(t, store, b, err)
		again, err := ensure(t.Context(), store)
		require.NoError(t, err)
		require.Equal(t, b, again)
		require.Equal(t, []string{actionCSR}, applications(server))
		report, err := b.Verify(keyPassword)
		require.NoError(t, err)
		require.Contains(t, report.KeyEncryption, "PBES2 AES-256-CBC")
		require.Equal(t, "CN=app-1,OU=Q\\+A,O=Example & Co,L=Hangzhou,ST=Zhejiang,C=CN", report.Subject)
		r, err := Inspect(t.Context(), store)
		require.NoError(t, err)
		require.Equal(t, "1q8B5R9p", r.Chain)
	})
	t.Run("refused: the store is Empty, and the next call enrolls", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		store := Memory()
		server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
		_, err := ensure(t.Context(), store)
		require.ErrorIs(t, err, baas.ErrForbidden)
		requireState(t, store, Empty)
		b, err := ensure(t.Context(), store)
		requireIdentity(t, store, b, err)
		require.Equal(t, 1, server.Issued())
	})
	t.Run("the reply is lost: the next call completes it, and applies for nothing", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		store := Memory()
		drop := baastest.DropAfter()
		server.Inject(drop, drop, drop, drop)
		_, err := ensure(t.Context(), store)
		require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
		r := requireState(t, store, Issued)
		b, err := ensure(t.Context(), store)
		requireIdentity(t, store, b, err)
		require.Equal(t, r.Bundle.PrivateKey, b.PrivateKey)
		require.Equal(t, 1, server.Issued())
	})
	t.Run("four at once: one certificate", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		store := Memory()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				// Who finds the key before its certificate is issued is told so.
				_, err := ensure(t.Context(), store)
				if err != nil && !errors.Is(err, certbundle.ErrKeyMismatch) && !errors.Is(err, certbundle.ErrDownload) {
					require.ErrorContains(t, err, "calling Ensure again gets them")
				}
			})
		}
		all.Wait()
		b, err := ensure(t.Context(), store)
		requireIdentity(t, store, b, err)
		require.Equal(t, []string{actionCSR}, applications(server))
		require.Equal(t, 1, server.Issued())
	})
	t.Run("the store takes no key: nothing is applied for", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		full := errors.New("disk full")
		_, err := ensure(t.Context(), &failingStore{Store: Memory(), swap: full}, quickly)
		require.ErrorIs(t, err, full)
		require.Empty(t, applications(server))
	})
	t.Run("a Swap that only seemed to fail", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		inner := Memory()
		b, err := ensure(t.Context(), &failingStore{Store: inner, swap: errors.New("reply lost"), applied: true})
		requireIdentity(t, inner, b, err)
		require.Equal(t, 1, server.Issued())
	})
	for _, failing := range []int{1, 5} {
		t.Run("a Swap that only seemed to fail, in a store that then cannot be read "+strconv.Itoa(failing)+" times", func(t *testing.T) {
			t.Parallel()
			server, ensure := ownKeySite(t)
			store := unreadable(failing)
			b, err := ensure(t.Context(), store, quickly)
			requireIdentity(t, store, b, err)
			require.Equal(t, []string{actionCSR}, applications(server))
		})
	}
	t.Run("a Swap that only seemed to fail, in a store that then cannot be read at all", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		store := unreadable(putTries)
		_, err := ensure(t.Context(), store, quickly)
		require.ErrorContains(t, err, "nothing was applied for; if the store shows a key all the same, use another store")
		_, err = ensure(t.Context(), store, quickly)
		require.ErrorContains(t, err, "unless the certificate of this key, which was made here, was never applied for")
		require.Empty(t, applications(server), "it may be another's that is being applied for")
	})
	t.Run("the store refuses the key for a moment", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		store := &faultyStore{Store: Memory(), swapFault: func(n int, _ Record) fault {
			if n < maxTries {
				return refuses
			}
			return works
		}}
		b, err := ensure(t.Context(), store, quickly)
		requireIdentity(t, store, b, err)
		require.Equal(t, []string{actionCSR}, applications(server))
	})
	t.Run("a Swap that only seemed to be a conflict, and does not show yet", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		inner := Memory()
		late := &staleStore{Store: inner}
		first := true
		b, err := ensure(t.Context(), swapFunc{late, func(ctx context.Context, r Record, version string) (string, error) {
			if next, err := late.Swap(ctx, r, version); !first || err != nil {
				return next, err
			}
			first = false
			late.mu.Lock()
			defer late.mu.Unlock()
			late.until = time.Now().Add(time.Second) // Empty, as before
			return "", ErrConflict
		}})
		requireIdentity(t, inner, b, err)
		require.Equal(t, []string{actionCSR}, applications(server))
	})
	t.Run("the context ends while the key is stored: it is taken back", func(t *testing.T) {
		t.Parallel()
		server, ensure := ownKeySite(t)
		ctx, cancel := context.WithCancel(t.Context())
		inner := Memory()
		_, err := ensure(ctx, swapFunc{inner, func(c context.Context, r Record, version string) (string, error) {
			next, err := inner.Swap(c, r, version)
			if r.State == Issued {
				cancel()
				return "", ctx.Err()
			}
			return next, err
		}})
		require.ErrorIs(t, err, context.Canceled)
		requireState(t, inner, Empty)
		require.Empty(t, applications(server))
	})
	t.Run("the service never makes the key", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			r := gone(t, s, store, true)
			_, version, err := store.Load(t.Context())
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { _, err := s.ensure(t.Context(), store, WithOwnKey()); done <- err }()
			time.Sleep(5 * time.Second) // of the bubble
			r.State, r.Stamp = Empty, nil
			_, err = store.Swap(t.Context(), r, version)
			require.NoError(t, err)
			issued := s.server.Issued()
			require.ErrorContains(t, <-done, "call Ensure again")
			require.Equal(t, issued, s.server.Issued())
		})
	})
}

// quickly makes pauses short.
func quickly(o *options) { o.poll = time.Millisecond }

// unreadable is a store whose first Swap of a key is applied, says that it has
// failed, and makes as many Loads fail.
func unreadable(loads int) *faultyStore {
	store := &faultyStore{Store: Memory()}
	first := true
	store.swapFault = func(_ int, r Record) fault {
		if r.State != Issued || !first {
			return works
		}
		first = false
		from := store.count()
		store.loadFault = func(n int) error {
			if n <= from+loads {
				return errFullDisk
			}
			return nil
		}
		return storesAndFails
	}
	return store
}

// A failingStore fails every Swap with an error, applied or not.
type failingStore struct {
	Store
	swap    error
	applied bool
}

func (f *failingStore) Swap(ctx context.Context, r Record, version string) (string, error) {
	if f.applied {
		_, _ = f.Store.Swap(ctx, r, version)
	}
	return "", f.swap
}

// A swapFunc is a store with another Swap.
type swapFunc struct {
	Store
	swap func(context.Context, Record, string) (string, error)
}

func (s swapFunc) Swap(ctx context.Context, r Record, version string) (string, error) {
	return s.swap(ctx, r, version)
}
