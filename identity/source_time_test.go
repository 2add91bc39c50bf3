package identity

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// TestSourceAsTimePasses: what is served is judged again at each look.
func TestSourceAsTimePasses(t *testing.T) {
	t.Parallel()
	// Of the times of the bubble: ends is the end of the newer identity.
	begin := func(t *testing.T) (older, newer *certbundle.Bundle, ends time.Time) {
		long := newSite(t, baastest.WithIssuance(baastest.Console2019))
		older, err := long.ensure(t.Context(), Memory())
		require.NoError(t, err)
		time.Sleep(time.Hour) // of the bubble
		newer, err = newSite(t).ensure(t.Context(), Memory())
		require.NoError(t, err)
		r, err := newer.Verify(keyPassword)
		require.NoError(t, err)
		return older, newer, r.NotAfter
	}
	storeOf := func(t *testing.T, b *certbundle.Bundle) Store {
		store := Memory()
		replace(t, store, completeRecord(b))
		return store
	}
	until := func(at time.Time) {
		time.Sleep(time.Until(at)) // of the bubble
		synctest.Wait()
	}
	inBubble := func(name string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { t.Parallel(); synctest.Test(t, f) })
	}
	inBubble("one that verifies is served in the place of an expired one", func(t *testing.T) {
		older, newer, ends := begin(t)
		var log logBook
		s, err := NewSource(t.Context(), keyPassword, FromStore(storeOf(t, newer)), FromStore(storeOf(t, older)),
			PollEvery(12*time.Hour), WithSourceLogger(log.logger()))
		require.NoError(t, err)
		defer s.Close()
		changed := s.Changed()
		until(ends.Add(-24 * time.Hour))
		require.Equal(t, serial(t, newer), s.Report().SerialNumber)
		until(ends.Add(24 * time.Hour))
		require.True(t, closed(changed))
		require.Equal(t, serial(t, older), s.Report().SerialNumber)
		require.Equal(t, 1, log.count("no longer verifies"), "once for each fault")
		require.True(t, log.has("expired"))
	})
	inBubble("an expired one is served until there is another", func(t *testing.T) {
		older, newer, ends := begin(t)
		store := storeOf(t, newer)
		s, err := NewSource(t.Context(), keyPassword, FromStore(store), PollEvery(12*time.Hour))
		require.NoError(t, err)
		defer s.Close()
		changed := s.Changed()
		until(ends.Add(24 * time.Hour))
		require.True(t, s.Report().NotAfter.Equal(ends))
		_, err = s.TLSConfig(certbundle.TrustChainOnly())
		require.NoError(t, err)
		require.False(t, closed(changed))
		replace(t, store, completeRecord(older))
		until(ends.Add(48 * time.Hour))
		require.True(t, closed(changed))
		require.Equal(t, serial(t, older), s.Report().SerialNumber)
	})
	inBubble("also where a bad version has come in its place", func(t *testing.T) {
		older, newer, ends := begin(t)
		store := storeOf(t, newer)
		s, err := NewSource(t.Context(), keyPassword, FromStore(store), FromStore(storeOf(t, older)), PollEvery(12*time.Hour))
		require.NoError(t, err)
		defer s.Close()
		replace(t, store, Record{State: 99})
		until(ends.Add(-24 * time.Hour))
		require.Equal(t, serial(t, newer), s.Report().SerialNumber)
		until(ends.Add(24 * time.Hour))
		require.Equal(t, serial(t, older), s.Report().SerialNumber)
	})
	inBubble("Report warns when less than 30 days are left", func(t *testing.T) {
		_, newer, ends := begin(t)
		s, err := NewSource(t.Context(), keyPassword, FromStore(storeOf(t, newer)), PollEvery(12*time.Hour))
		require.NoError(t, err)
		defer s.Close()
		changed := s.Changed()
		require.Empty(t, s.Report().Warnings)
		until(ends.Add(-29 * 24 * time.Hour))
		require.ErrorIs(t, errors.Join(s.Report().Warnings...), certbundle.ErrExpired)
		require.False(t, closed(changed), "it is the same identity")
	})
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
