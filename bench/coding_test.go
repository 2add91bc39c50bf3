package bench

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// undoing is an http.RoundTripper for WithHTTPClient, for those whose proxy
// compresses with Brotli or Zstandard though nobody asked for it.
type undoing struct{ *http.Transport }

func (u undoing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := u.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	var undone io.Reader
	switch resp.Header.Get("Content-Encoding") {
	case "br":
		undone = brotli.NewReader(resp.Body)
	case "zstd":
		decoder, err := zstd.NewReader(resp.Body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(8<<20))
		if err != nil {
			return resp, nil // the reply counts, not the way to read it
		}
		undone = decoder
	default:
		return resp, nil
	}
	resp.Header.Del("Content-Encoding")
	resp.ContentLength = -1
	resp.Body = struct {
		io.Reader
		io.Closer
	}{undone, resp.Body}
	return resp, nil
}

// TestKeyBehindACompressingProxy: the way out that docs/errors.md names.
func TestKeyBehindACompressingProxy(t *testing.T) {
	pack := map[string]func(io.Writer) io.WriteCloser{
		"br": func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			encoder, err := zstd.NewWriter(w)
			require.NoError(t, err)
			return encoder
		},
	}
	for coding, open := range pack {
		t.Run(coding, func(t *testing.T) {
			server := baastest.NewServer()
			defer server.Close()
			proxy := compressingProxy(t, server.URL(), coding, open)

			call := func(hc *http.Client) (*baas.ApplyAntChainCertificateWithKeyAutoCreationResponse, error) {
				client, err := baas.NewClient(baas.WithEndpoint(proxy.URL), baas.WithCredential(server.Credential()), baas.WithHTTPClient(hc))
				require.NoError(t, err)
				return client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			}
			resp, err := call(&http.Client{Transport: undoing{&http.Transport{}}})
			require.NoError(t, err)
			require.Contains(t, resp.Result.PrivateKey, "-----END ENCRYPTED PRIVATE KEY-----")
			require.Equal(t, 1, server.Issued())

			_, err = call(&http.Client{})
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown, "what the package does not undo is never denied")
			require.Equal(t, 2, server.Issued())
		})
	}
}

// compressingProxy passes calls on and compresses every reply.
func compressingProxy(t *testing.T, target, coding string, open func(io.Writer) io.WriteCloser) *httptest.Server {
	t.Helper()
	to, err := url.Parse(target)
	require.NoError(t, err)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := r.Clone(r.Context())
		out.RequestURI, out.URL.Scheme, out.URL.Host = "", to.Scheme, to.Host
		resp, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		var packed bytes.Buffer
		pw := open(&packed)
		_, _ = io.Copy(pw, resp.Body)
		_ = pw.Close()
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.Header().Set("Content-Encoding", coding)
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(packed.Bytes())
	}))
	t.Cleanup(proxy.Close)
	return proxy
}
