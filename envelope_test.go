package baas_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// answering is a transport that answers every request with one reply.
func answering(status int, body string) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// cutOff is a transport that answers with the beginning of a reply.
func cutOff(body string) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := answering(200, body)(r)
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, failingReader{}))
		return resp, err
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// newClient sends through rt, once unless options say otherwise.
func newClient(t testing.TB, rt http.RoundTripper, opts ...baas.Option) *baas.Client {
	t.Helper()
	client, err := baas.NewClient(append([]baas.Option{
		baas.WithAccessKey("id", "secret-of-access-key"), baas.WithHTTPClient(&http.Client{Transport: rt}),
		baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}),
	}, opts...)...)
	require.NoError(t, err)
	return client
}

// recorded lets baastest issue a certificate, and returns the reply and the
// key in it.
func recorded(t testing.TB, shape baastest.ReplyShape) (body, key string) {
	t.Helper()
	server := baastest.NewServer(baastest.WithReplyShape(shape))
	defer server.Close()
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := server.HTTPClient().Transport.RoundTrip(r)
		if err == nil {
			b, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			body = string(b)
			resp.Body = io.NopCloser(bytes.NewReader(b))
		}
		return resp, err
	})
	client := server.Client(baas.WithHTTPClient(&http.Client{Transport: transport}))
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	return body, resp.Result.PrivateKey
}

var shapes = map[string]baastest.ReplyShape{"documented": baastest.Documented, "flat": baastest.Flat, "V2": baastest.V2}

func TestReplyShapes(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := baastest.NewServer(baastest.WithReplyShape(shape))
			defer server.Close()
			resp, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err)
			require.NotEmpty(t, resp.RequestID)
			require.True(t, strings.HasPrefix(resp.Result.PrivateKey, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
			for _, link := range []string{
				resp.Result.DownloadPath.CACrtURL, resp.Result.DownloadPath.ClientCrtURL,
				resp.Result.DownloadPath.SDKURL, resp.Result.DownloadPath.TrustCAURL,
			} {
				require.True(t, strings.HasPrefix(link, "http"), link)
			}
		})
	}
}

// TestCutOffAtEveryByte: with the whole key the reply is a success, without it
// the outcome is unknown.
func TestCutOffAtEveryByte(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, key := recorded(t, shape)
			const end = "-----END ENCRYPTED PRIVATE KEY-----"
			whole := strings.Index(body, end) + len(end)
			require.Greater(t, whole, len(end))
			for n := range len(body) {
				client := newClient(t, cutOff(body[:n]))
				resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				if n >= whole {
					require.NoError(t, err, "cut at %d, the key ends at %d", n, whole)
					require.Equal(t, key, resp.Result.PrivateKey)
					continue
				}
				requireEnd(t, "unknown", 1, resp, err)
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				require.ErrorIs(t, err, baas.ErrInvalidResponse)
			}
		})
	}
}

func TestSalvagedReply(t *testing.T) {
	t.Parallel()
	body, key := recorded(t, baastest.Flat)
	for name, rt := range map[string]roundTripper{
		"cut off behind the key":           cutOff(body[:len(body)-2]),
		"over-long":                        answering(200, body+strings.Repeat(" ", 1<<20)),
		"flagged as a failure":             answering(200, `{"successResponse":false,`+body[1:]),
		"with status 500":                  answering(500, body),
		"with status 403":                  answering(403, body),
		"garbage behind the key":           answering(200, body[:len(body)-2]+"}}}<html>"),
		"all right, but for a second body": answering(200, body+body),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			client := newClient(t, rt, baas.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err)
			require.Equal(t, key, resp.Result.PrivateKey)
			require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
			require.Contains(t, log.String(), "salvaged")
			requireNoSecret(t, log.String(), key)
		})
	}
	t.Run("through Do", func(t *testing.T) {
		t.Parallel()
		var resp baas.ApplyAntChainCertificateWithKeyAutoCreationResponse
		client := newClient(t, cutOff(body[:strings.Index(body, "END ENCRYPTED")+60]))
		require.NoError(t, client.Do(t.Context(), baas.Operation{Action: actionApply}, &resp))
		require.Equal(t, key, resp.Result.PrivateKey)
	})
}

func TestKeyWithEscapedLineBreaks(t *testing.T) {
	t.Parallel()
	body, key := recorded(t, baastest.Documented)
	for name, lineBreak := range map[string]string{`\n`: `\\n`, `\r\n`: `\\r\\n`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, answering(200, strings.ReplaceAll(body, `\n`, lineBreak)))
			resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err)
			require.Equal(t, key, resp.Result.PrivateKey)
			var raw struct{ Result baas.CertificateResult }
			require.NoError(t, client.Do(t.Context(), baas.Operation{Action: actionApply}, &raw))
			require.Equal(t, key, raw.Result.PrivateKey)
			require.NotEmpty(t, raw.Result.DownloadPath.SDKURL)
		})
	}
}

// TestOfficialSDKsTable has the rows of replies in which the official SDKs
// lose the key or the error.
func TestOfficialSDKsTable(t *testing.T) {
	t.Parallel()
	unknown := func(t *testing.T, err error) {
		t.Helper()
		requireEnd(t, "unknown", 1, nil, err)
		require.ErrorIs(t, err, baas.ErrInvalidResponse)
	}
	for name, c := range map[string]struct {
		body string
		want func(t *testing.T, err error)
	}{
		"HTTP 200, successResponse false": {
			`{"successResponse":false,"requestId":"REQ","code":"BizError","message":"no such chain"}`,
			func(t *testing.T, err error) {
				var api *baas.APIError
				require.ErrorAs(t, err, &api)
				require.Equal(t, &baas.APIError{
					Action: actionApply, Code: "BizError", Message: "no such chain", RequestID: "REQ", StatusCode: 200,
				}, api)
			},
		},
		"HTTP 200, {}":                      {"{}", unknown},
		"HTTP 200, no PrivateKey":           {`{"RequestId":"R","Result":{"DownloadPath":{}}}`, unknown},
		"HTTP 200, an empty PrivateKey":     {`{"RequestId":"R","Result":{"PrivateKey":""}}`, unknown},
		"HTTP 200, no string as PrivateKey": {`{"RequestId":"R","Result":{"PrivateKey":true}}`, unknown},
		"HTTP 200, null":                    {`{"RequestId":"R","Result":null}`, unknown},
		"HTTP 200, an array":                {`[1]`, unknown},
		"HTTP 200, nothing":                 {``, unknown},
		"HTTP 200, HTML page": {"<html><title>Log in to the hotel's network</title>" + strings.Repeat("x", 500), func(t *testing.T, err error) {
			unknown(t, err)
			require.Contains(t, err.Error(), "Log in to the hotel's network")
			require.Less(t, len(err.Error()), 500)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, answering(200, c.body)).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			c.want(t, err)
		})
	}
}
