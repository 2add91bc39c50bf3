package k8s

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/k8s/internal/testcluster"
)

// stale answers reads from what it has seen first, until the API server has
// refused two writes, and then from the watch cache of the API server.
type stale struct {
	to http.RoundTripper

	mu      sync.Mutex
	refused int
	code    int
	kind    string // Content-Type
	body    []byte
}

func (s *stale) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method != http.MethodGet {
		resp, err := s.to.RoundTrip(r)
		if err == nil && resp.StatusCode == http.StatusConflict {
			s.refused++
		}
		return resp, err
	}
	if s.code != 0 && s.refused < 2 {
		return &http.Response{
			StatusCode: s.code, Header: http.Header{"Content-Type": {s.kind}}, Request: r,
			Body: io.NopCloser(bytes.NewReader(s.body)), ProtoMajor: 1, ProtoMinor: 1,
		}, nil
	}
	cached := r.Clone(r.Context())
	query := cached.URL.Query()
	query.Set("resourceVersion", "0")
	cached.URL.RawQuery = query.Encode()
	resp, err := s.to.RoundTrip(cached)
	if err != nil || s.code != 0 {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	s.code, s.kind, s.body = resp.StatusCode, resp.Header.Get("Content-Type"), body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// One of three has a stale watch cache: one certificate, and three equal
// identities.
func TestStaleCache(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t)
	namespace := c.Namespace(t)
	behind := rest.CopyConfig(c.Config)
	behind.Wrap(func(rt http.RoundTripper) http.RoundTripper { return &stale{to: rt} })
	testStaleCache(t, SecretStore(clientOf(t, behind), namespace, testName),
		func() identity.Store { return SecretStore(c.Client, namespace, testName) })
}

func TestStaleReads(t *testing.T) {
	t.Parallel()
	c := newCluster(nil)
	testStaleCache(t, SecretStore(c.behind(), testNamespace, testName),
		func() identity.Store { return SecretStore(c, testNamespace, testName) })
}

// testStaleCache: late sees what is there only when writes of it were refused.
func testStaleCache(t *testing.T, late identity.Store, fresh func() identity.Store) {
	t.Helper()
	server := newServer(t)
	seesNothing := func() {
		_, version, err := late.Load(t.Context())
		require.NoError(t, err)
		require.Empty(t, version)
	}
	seesNothing()
	bundles := make([][]byte, 3)
	ensure := func(i int, store identity.Store) {
		b, err := identity.Ensure(t.Context(), server.Client(), store, newRequest(), withDownload(server))
		require.NoError(t, err)
		bundles[i] = b.ClientCert
	}
	ensure(0, fresh())
	seesNothing()
	ensure(1, late)
	ensure(2, fresh())
	require.Equal(t, bundles[0], bundles[1])
	require.Equal(t, bundles[0], bundles[2])
	require.Equal(t, 1, server.Issued())
}
