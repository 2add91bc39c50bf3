package identity

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

func (s *site) addTrustStore(t *testing.T, store Store, req *request) error {
	return AddTrustStore(t.Context(), s.client, store, req, WithDownload(certbundle.WithHTTPClient(s.hc)))
}

// without enrolls, and leaves a complete identity without its trust store.
func without(t *testing.T, s *site, store Store) {
	t.Helper()
	_, err := s.ensure(t.Context(), store)
	require.NoError(t, err)
	r, version, err := store.Load(t.Context())
	require.NoError(t, err)
	r.Bundle.TrustStore = nil
	_, err = store.Swap(t.Context(), r, version)
	require.NoError(t, err)
}

func TestAddTrustStore(t *testing.T) {
	t.Parallel()
	bubbled := func(name string, f func(t *testing.T, s *site, store Store)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, s *site) { f(t, s, Memory()) })
		})
	}
	bubbled("what Ensure does without", func(t *testing.T, s *site, store Store) {
		without(t, s, store)
		b, err := s.ensure(t.Context(), store)
		require.NoError(t, err)
		require.Empty(t, b.TrustStore)
		require.NoError(t, s.addTrustStore(t, store, newRequest()))
		b, err = s.ensure(t.Context(), store)
		requireIdentity(t, store, b, err)
		require.NotEmpty(t, b.TrustStore)
		require.Equal(t, []string{actionPaths}, s.gate.describes)
	})
	bubbled("of an account of the other site", func(t *testing.T, s *site, store Store) {
		without(t, s, store)
		s.gate.refuse[actionPaths] = "Unsupported.Site"
		require.NoError(t, s.addTrustStore(t, store, newRequest()))
	})
	bubbled("it is there: nothing is asked", func(t *testing.T, s *site, store Store) {
		_, err := s.ensure(t.Context(), store)
		require.NoError(t, err)
		require.NoError(t, s.addTrustStore(t, store, newRequest()))
		require.Empty(t, s.gate.describes)
	})
	bubbled("it cannot be had: the identity stays as it is", func(t *testing.T, s *site, store Store) {
		without(t, s, store)
		s.gate.links = []byte(regexpTrust.ReplaceAllString(string(s.gate.links), `"TrustCaUrl":""`))
		require.ErrorIs(t, s.addTrustStore(t, store, newRequest()), certbundle.ErrDownload)
		b, err := s.ensure(t.Context(), store)
		requireIdentity(t, store, b, err)
	})
	bubbled("not allowed", func(t *testing.T, s *site, store Store) {
		without(t, s, store)
		s.gate.refuse[actionPaths], s.gate.refuse[actionPathsV2] = "Forbidden.RAM", "Forbidden.RAM"
		require.ErrorIs(t, s.addTrustStore(t, store, newRequest()), baas.ErrForbidden)
	})
	bubbled("of another chain", func(t *testing.T, s *site, store Store) {
		without(t, s, store)
		req := newRequest()
		req.AntChainID = "other"
		require.ErrorContains(t, s.addTrustStore(t, store, req), "use another store")
	})
	bubbled("not complete", func(t *testing.T, s *site, store Store) {
		err := s.addTrustStore(t, store, newRequest())
		require.ErrorIs(t, err, ErrConflict)
		require.EqualError(t, err, "identity: the record is Empty, and only a Complete one takes a trust store: call Ensure first")
		require.Empty(t, s.gate.describes)
		require.ErrorContains(t, AddTrustStore(t.Context(), s.client, store, nil), "req is nil")
	})
	t.Run("it is copied out of a Dir", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		path := filepath.Join(t.TempDir(), "id")
		without(t, s, Dir(path))
		name := filepath.Join(path, certbundle.TrustStoreFile)
		require.NoError(t, os.Remove(name))
		require.NoError(t, s.addTrustStore(t, Dir(path), newRequest()))
		require.FileExists(t, name)
	})
}
