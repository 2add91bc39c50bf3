package identity

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

var regexpTrust = regexp.MustCompile(`"TrustCaUrl":"[^"]*"`)

func sprint(v any) string { return fmt.Sprintf("%v %+v %#v %s %d %x", v, v, v, v, v, v) }

func timeout(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), time.Minute)
}

// issuedOnly leaves a store with a key, and no files.
func issuedOnly(t *testing.T, s *site) Store {
	t.Helper()
	store := Memory()
	s.server.InjectDownload(baastest.Refuse(403, "AccessDenied", "no"), baastest.Refuse(403, "AccessDenied", "no"), baastest.Refuse(403, "AccessDenied", "no"))
	s.gate.refuse[actionPaths], s.gate.refuse[actionPathsV2] = "Forbidden", "Forbidden"
	_, err := s.ensure(t.Context(), store)
	require.ErrorContains(t, err, "the key is stored")
	require.ErrorIs(t, err, certbundle.ErrDownload)
	requireState(t, store, Issued)
	clear(s.gate.refuse)
	s.gate.describes = nil
	return store
}

// TestComplete: Issued is completed.
func TestComplete(t *testing.T) {
	t.Parallel()
	t.Run("by DescribeAntChainDownloadPaths", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, []string{actionPaths}, s.gate.describes)
			require.Equal(t, 1, s.server.Issued())
		})
	})
	t.Run("in the region of the request", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			s.gate.regions = nil
			req := newRequest()
			req.RegionID = "ap-southeast-1"
			_, err := Ensure(t.Context(), s.client, store, req, WithDownload(certbundle.WithHTTPClient(s.hc)))
			require.NoError(t, err)
			require.Equal(t, []string{"ap-southeast-1"}, s.gate.regions)
		})
	})
	t.Run("or V2, where the first is refused as not for this site", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			s.gate.refuse[actionPaths] = "Unsupported.Site"
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, []string{actionPaths, actionPathsV2}, s.gate.describes)
		})
	})
	t.Run("a reply without links", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			s.gate.noLinks = true
			store := Memory()
			b, err := s.ensure(t.Context(), store)
			requireIdentity(t, store, b, err)
			require.Equal(t, []string{actionPaths}, s.gate.describes)
		})
	})
	t.Run("client.crt must fit the key before it is stored", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			_, err := s.client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err) // now the links are of another certificate
			_, err = s.ensure(t.Context(), store)
			require.ErrorIs(t, err, certbundle.ErrKeyMismatch)
			r := requireState(t, store, Issued)
			require.Empty(t, r.Bundle.ClientCert)
		})
	})
	t.Run("Complete does not need trustCa", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			s.gate.links = []byte(regexpTrust.ReplaceAllString(string(s.gate.links), `"TrustCaUrl":""`))
			var log logBook
			b, err := s.ensure(t.Context(), store, log.option())
			requireIdentity(t, store, b, err)
			require.Empty(t, b.TrustStore)
			require.True(t, log.has("not every file could be had"))
		})
	})
	t.Run("another password than at the application", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			req := newRequest()
			req.Password = "other"
			_, err := Ensure(t.Context(), s.client, store, req, WithDownload(certbundle.WithHTTPClient(s.hc)))
			require.ErrorIs(t, err, certbundle.ErrPassword)
		})
	})
	t.Run("throttled: V2 is not asked", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			store := issuedOnly(t, s)
			s.gate.refuse[actionPaths] = "Throttling"
			_, err := s.ensure(t.Context(), store)
			require.ErrorIs(t, err, baas.ErrThrottled)
			require.NotContains(t, s.gate.describes, actionPathsV2)
		})
	})
}
