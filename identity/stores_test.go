package identity

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// A fault is what a store does wrong.
type fault int

const (
	works          fault = iota
	refuses              // an error, and nothing is stored
	storesAndFails       // an error, after having stored
	conflicts            // somebody else writes the same record just before
)

// A faultyStore fails as it is told.
type faultyStore struct {
	Store
	swapFault func(n int, r Record) fault
	loadFault func(n int) error
	slow      time.Duration

	mu    sync.Mutex
	swaps int
	loads int
}

func (s *faultyStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

var errFullDisk = errors.New("disk full")

func (s *faultyStore) Load(ctx context.Context) (Record, string, error) {
	s.mu.Lock()
	s.loads++
	n := s.loads
	s.mu.Unlock()
	sleep(ctx, s.slow)
	if s.loadFault != nil {
		if err := s.loadFault(n); err != nil {
			return Record{}, "", err
		}
	}
	return s.Store.Load(ctx)
}

func (s *faultyStore) Swap(ctx context.Context, r Record, version string) (string, error) {
	s.mu.Lock()
	s.swaps++
	n := s.swaps
	s.mu.Unlock()
	sleep(ctx, s.slow)
	f := works
	if s.swapFault != nil {
		f = s.swapFault(n, r)
	}
	switch f {
	case refuses:
		return "", errors.Join(errFullDisk, syscall.ENOSPC)
	case conflicts:
		there, latest, err := s.Store.Load(ctx)
		if err != nil {
			return "", err
		}
		if _, err := s.Store.Swap(ctx, there, latest); err != nil {
			return "", err
		}
	case storesAndFails:
		if _, err := s.Store.Swap(ctx, r, version); err != nil {
			return "", err
		}
		return "", errors.New("connection reset")
	}
	return s.Store.Swap(ctx, r, version)
}

// refusing refuses records of a state, so many times.
func refusing(state State, times int) func(int, Record) fault {
	return func(_ int, r Record) fault {
		if r.State != state || times == 0 {
			return works
		}
		times--
		return refuses
	}
}

const always = -1

// TestFaultyStores: the key is never dropped: stored, or in the error.
func TestFaultyStores(t *testing.T) {
	t.Parallel()
	t.Run("one that answers an error after having stored, each time", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), swapFault: func(int, Record) fault { return storesAndFails }}
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("a slow one", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), slow: 20 * time.Second}
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("a full disk before anything is sent", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), swapFault: func(int, Record) fault { return refuses }}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := s.ensure(ctx, store)
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.Empty(t, s.server.Requests())
		})
	})
	t.Run("a full disk when the key comes, then room", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), swapFault: func(n int, r Record) fault {
				if r.State == Issued && n < 20 {
					return refuses
				}
				return works
			}}
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.GreaterOrEqual(t, store.swaps, 20)
		})
	})
	t.Run("a full disk for as long as the context lasts", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), swapFault: refusing(Issued, always)}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			b, err := s.ensure(ctx, store)
			require.GreaterOrEqual(t, time.Since(start), time.Minute)
			requireKeyError(t, b, err)
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	})
	t.Run("a store that is gone when the key comes", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory()}
			store.swapFault = func(_ int, r Record) fault {
				if r.State == Issued {
					store.loadFault = func(int) error { return errFullDisk }
					return refuses
				}
				return works
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			b, err := s.ensure(ctx, store)
			requireKeyError(t, b, err)
		})
	})
	t.Run("the context ends with the call: the key is stored all the same", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := Memory()
			ctx, cancel := context.WithCancel(t.Context())
			_, err := s.ensure(ctx, store, withApply(s.meanwhile(func(Record, string) { cancel() }, store)))
			require.ErrorIs(t, err, context.Canceled)
			requireState(t, store, Issued)
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("the context ends with the call, and the store works only later: the key is stored all the same", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), swapFault: refusing(Issued, 3)}
			ctx, cancel := context.WithCancel(t.Context())
			_, err := s.ensure(ctx, store, withApply(s.meanwhile(func(Record, string) { cancel() }, store)))
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, certbundle.ErrKeyNotStored)
			requireState(t, store, Issued)
		})
	})
	t.Run("the context ends with the call, and the store never works: the key is in the error after 10 s", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), swapFault: refusing(Issued, always)}
			ctx, cancel := context.WithCancel(t.Context())
			start := time.Now()
			b, err := s.ensure(ctx, store, withApply(s.meanwhile(func(Record, string) { cancel() }, store)))
			requireKeyError(t, b, err)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, graceTime, time.Since(start))
		})
	})
	for failures, want := range map[int]State{1: Empty, 5: Empty, maxEmpty: Empty, maxEmpty + 1: Applying} {
		t.Run("nothing was issued, and the store fails while that is written: "+strconv.Itoa(failures), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, s *site) {
				store := &faultyStore{Store: Memory(), swapFault: refusing(Empty, failures)}
				s.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
				start := time.Now()
				var log logBook
				_, err := s.ensure(t.Context(), store, log.option())
				require.ErrorIs(t, err, baas.ErrForbidden)
				requireState(t, store, want)
				require.InDelta(t, min(failures, maxEmpty), time.Since(start).Seconds(), 3, "a pause between two tries")
				require.False(t, log.has("another holder"))
			})
		})
	}
	t.Run("nothing was issued, and the store cannot be read for a moment", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory()}
			tries := 0
			store.swapFault = func(_ int, r Record) fault {
				if r.State != Empty {
					return works
				}
				if tries++; tries == 1 {
					until := time.Now().Add(5 * time.Second)
					store.loadFault = func(int) error {
						if time.Now().Before(until) {
							return errFullDisk
						}
						return nil
					}
					return refuses
				}
				return works
			}
			s.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
			_, err := s.ensure(t.Context(), store)
			require.ErrorIs(t, err, baas.ErrForbidden)
			requireState(t, store, Empty)
		})
	})
	t.Run("nothing was issued, and the context ends while that is written", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), slow: 3 * time.Second, swapFault: refusing(Empty, always)}
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			defer cancel()
			start := time.Now()
			s.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"))
			_, err := s.ensure(ctx, store)
			require.ErrorIs(t, err, baas.ErrForbidden)
			require.NotErrorIs(t, err, ErrInProgress)
			require.InDelta(t, 8+graceTime.Seconds(), time.Since(start).Seconds(), 2)
		})
	})
	t.Run("conflict storms", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := &faultyStore{Store: Memory(), swapFault: func(n int, _ Record) fault {
				if n%3 != 0 {
					return conflicts
				}
				return works
			}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			var wg sync.WaitGroup
			errs := make([]error, 4)
			for i := range errs {
				wg.Go(func() { _, errs[i] = s.ensure(ctx, store) })
			}
			wg.Wait()
			require.LessOrEqual(t, s.server.Issued(), 1)
			for _, err := range errs {
				if err != nil {
					t.Log(err)
				}
			}
			b, err := s.ensure(ctx, store)
			requireIdentity(t, store, b, err)
			require.Equal(t, 1, s.server.Issued())
		})
	})
}
