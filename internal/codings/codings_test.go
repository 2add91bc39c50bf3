package codings_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/codings"
	"github.com/antchain-go/baas/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

type packer func(t testing.TB, data []byte) []byte

func brotlied(t testing.TB, data []byte) []byte { return testkit.Pack(t, data, testkit.Brotli) }

func zstandarded(t testing.TB, data []byte) []byte { return testkit.Pack(t, data, testkit.Zstandard) }

// A proxy compresses every reply, whatever it was asked.
type proxy struct {
	t    testing.TB
	next http.RoundTripper
	pack packer
	said string
}

func (p proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	require.NoError(p.t, err)
	resp.Body = io.NopCloser(bytes.NewReader(p.pack(p.t, body)))
	resp.ContentLength = -1
	resp.Header.Set("Content-Encoding", p.said)
	return resp, nil
}

// TestIdentityBehindACompressingProxy: with a decompressor the key and the files
// are read, whatever the header says. Without it the outcome is unknown, never
// denied.
func TestIdentityBehindACompressingProxy(t *testing.T) {
	t.Parallel()
	twice := func(p packer) packer {
		return func(t testing.TB, data []byte) []byte { return p(t, p(t, data)) }
	}
	for name, pack := range map[string]packer{
		"Brotli": brotlied, "Zstandard": zstandarded, "Brotli twice": twice(brotlied),
		"Zstandard in Brotli": func(t testing.TB, data []byte) []byte { return brotlied(t, zstandarded(t, data)) },
	} {
		for _, said := range []string{"br", "zstd", "gzip", "identity", ""} {
			t.Run(name+", said to be "+said, func(t *testing.T) {
				t.Parallel()
				server := baastest.NewServer(baastest.WithInMemory())
				defer server.Close()
				hc := &http.Client{Transport: proxy{t, server.HTTPClient().Transport, pack, said}}
				request := &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
					AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "app", CountryName: "CN", StateOrProvinceName: "Zhejiang",
					LocalityName: "Hangzhou", OrganizationName: "Example", OrganizationUnitName: "IT", Password: "a password",
				}
				usual := []baas.Option{baas.WithEndpoint(server.URL()), baas.WithCredential(server.Credential()), baas.WithHTTPClient(hc)}

				client, err := baas.NewClient(append(usual, baas.WithDecompressors(codings.Zstandard, codings.Brotli))...)
				require.NoError(t, err)
				bundle, err := identity.Ensure(t.Context(), client, identity.Memory(), request, identity.WithDownload(certbundle.WithHTTPClient(hc),
					certbundle.WithDecompressors(codings.Zstandard, codings.Brotli)))
				require.NoError(t, err)
				_, err = bundle.Verify(request.Password)
				require.NoError(t, err)
				require.Equal(t, 1, server.Issued())

				client, err = baas.NewClient(usual...)
				require.NoError(t, err)
				_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), request)
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				require.Equal(t, 2, server.Issued())
			})
		}
	}
}

// TestBombs: of a bomb as much is read as is asked for, and a window that is too
// large is refused.
func TestBombs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		open func(io.Reader) (io.ReadCloser, error)
		bomb []byte
	}{
		"Brotli":    {codings.Brotli, brotlied(t, make([]byte, 64<<20))},
		"Zstandard": {codings.Zstandard, zstandarded(t, make([]byte, 64<<20))},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := tt.open(bytes.NewReader(tt.bomb))
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			require.NoError(t, err)
			require.EqualValues(t, 1<<20, n)
			require.NoError(t, r.Close())
		})
	}
	t.Run("a window of 128 MiB", func(t *testing.T) {
		large := testkit.Pack(t, make([]byte, 1<<20), func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithWindowSize(128<<20), zstd.WithEncoderConcurrency(1))
			require.NoError(t, err)
			_, err = z.Write(make([]byte, 256<<20))
			require.NoError(t, err)
			return z
		})
		r, err := codings.Zstandard(bytes.NewReader(large))
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, zstd.ErrWindowSizeExceeded)
		require.NoError(t, r.Close())
	})
}
