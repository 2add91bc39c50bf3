package baas_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/internal/testkit"
)

// TestBrokenReplyWithWholeKey: whatever else is wrong with a reply, a whole
// key in it is not lost.
func TestBrokenReplyWithWholeKey(t *testing.T) {
	t.Parallel()
	body, key := recorded(t, baastest.Flat)
	objects := `{"Many":[` + strings.Repeat(`{"a":[{}]},`, 100) + `{}],`
	for name, rt := range map[string]roundTripper{
		"raw line breaks in the key":         answering(200, strings.ReplaceAll(body, `\n`, "\n")),
		"a byte order mark":                  answering(200, "\uFEFF"+body),
		"a member before it that is no JSON": answering(200, `{"Odd":NaN,`+body[1:]),
		"a raw tab before it":                answering(200, "{\"Odd\":\"a\tb\","+body[1:]),
		"deep nesting before it":             answering(200, `{"Deep":`+strings.Repeat("[", 500)+strings.Repeat("]", 500)+","+body[1:]),
		"many objects before it":             answering(200, objects+body[1:]),
		"a decoy deeper in the Result":       answering(200, strings.Replace(body, `"Result":{`, `"Result":{"Certificate":{"PrivateKey":"in the console"},`, 1)),
		"a decoy of the same name":           answering(200, strings.Replace(body, `"Result":{`, `"Result":{"privateKey":"see below",`, 1)),
		"a decoy, and no Result":             answering(200, strings.Replace(body, `"Result":{`, `"model":{"privateKey":"****",`, 1)),
		"a second Result behind it":          answering(200, body[:len(body)-1]+`,"data":{"Result":"fail"}}`),
		"a Result before it":                 answering(200, `{"data":{"Result":{"PrivateKey":"****"}},`+body[1:]),
		"dashes as escape sequences":         answering(200, strings.ReplaceAll(body, "-----", `\u002d\u002D---`)),
		"1 MiB to the byte":                  answering(200, body+strings.Repeat(" ", 1<<20-len(body))),
		"zipped though nobody asked": func(r *http.Request) (*http.Response, error) {
			resp, err := answering(200, testkit.Pack(t, body, testkit.Gzip))(r)
			resp.Header.Set("Content-Encoding", "gzip")
			return resp, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, err := newClient(t, rt).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err)
			require.Equal(t, key, resp.Result.PrivateKey)
		})
	}
	t.Run("but not half a key", func(t *testing.T) {
		t.Parallel()
		half := body[:strings.Index(body, "-----END")]
		for _, reply := range []string{"{x" + half, "{x" + half + `"`, `{x"PrivateKey":"short"`, `{x"PrivateKey":null`, `{x"PrivateKey"`} {
			_, err := newClient(t, answering(200, reply)).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			requireEnd(t, "unknown", 1, nil, err)
		}
	})
	t.Run("raw line breaks, through Do", func(t *testing.T) {
		t.Parallel()
		for _, action := range []string{actionApply, "Other"} {
			var resp baas.ApplyAntChainCertificateWithKeyAutoCreationResponse
			client := newClient(t, answering(200, strings.ReplaceAll(body, `\n`, "\n")))
			require.NoError(t, client.Do(t.Context(), baas.Operation{Action: action}, &resp))
			require.Equal(t, key, resp.Result.PrivateKey)
		}
	})
	t.Run("through Do of another action", func(t *testing.T) {
		t.Parallel()
		var resp baas.ApplyAntChainCertificateWithKeyAutoCreationResponse
		client := newClient(t, cutOff(body[:len(body)-2]))
		require.NoError(t, client.Do(t.Context(), baas.Operation{Action: actionApply + "V2"}, &resp))
		require.Equal(t, key, resp.Result.PrivateKey)
	})
}

// badBody is a response body that reads as it is told and notes being closed.
type badBody struct {
	read   func([]byte) (int, error)
	closed bool
}

func (b *badBody) Read(p []byte) (int, error) { return b.read(p) }
func (b *badBody) Close() error               { b.closed = true; return nil }

// TestBrokenTransports: what transports do that should not.
func TestBrokenTransports(t *testing.T) {
	t.Parallel()
	respond := func(body io.ReadCloser) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadAll(r.Body)
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
		}
	}
	t.Run("a body that never reads anything, nor ends", func(t *testing.T) {
		t.Parallel()
		body := &badBody{read: func([]byte) (int, error) { return 0, nil }}
		_, err := newClient(t, respond(body)).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		requireEnd(t, "unknown", 1, nil, err)
		require.ErrorIs(t, err, io.ErrNoProgress)
		require.True(t, body.closed)
	})
	t.Run("a whole refusal, but then the connection breaks", func(t *testing.T) {
		t.Parallel()
		_, err := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := cutOff(`{"RequestId":"R","Code":"Forbidden"}`)(r)
			resp.StatusCode = 403
			return resp, err
		})).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		requireEnd(t, "unknown", 1, nil, err)
	})
	t.Run("a request that is read after the reply", func(t *testing.T) {
		t.Parallel()
		var rest io.Reader
		_, err := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			_, _ = r.Body.Read(make([]byte, 10))
			rest = r.Body
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
		})).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		requireEnd(t, "unknown", 1, nil, err)
		b, err := io.ReadAll(rest)
		require.Empty(t, b, "nothing more is sent when the attempt is over")
		require.Error(t, err)
	})
	t.Run("connections that cannot be compared", func(t *testing.T) {
		t.Parallel()
		type odd struct {
			net.Conn
			meta any
		}
		client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(r.Context())
			trace.GotConn(httptrace.GotConnInfo{Conn: odd{meta: []int{1}}})
			return read(r)
		}), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 3, MinDelay: 1, MaxDelay: 1}))
		_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		requireEnd(t, "unknown", 3, nil, err)
	})
}

// TestEmptyBodyIsSentWithTheHeaders: a call without parameters counts as sent
// once it has a connection, like those in the query.
func TestEmptyBodyIsSentWithTheHeaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rt      roundTripper
		unknown bool
	}{
		"nothing is known of connections":     {unread, true},
		"no connection was had":               {withoutConnection, false},
		"a connection was had":                {withConnection, true},
		"none was had, but the body was read": {readWithoutConnection, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newClient(t, c.rt, baas.WithEndpoint("baas.example.com")).Do(t.Context(), baas.Operation{Action: "A"}, nil)
			require.Error(t, err)
			require.Equal(t, c.unknown, isErr(err, baas.ErrOutcomeUnknown), "%v", err)
		})
	}
}

// readWithoutConnection traces like a transport that gives up connecting, and
// sends in some other way.
func readWithoutConnection(r *http.Request) (*http.Response, error) {
	_, _ = withoutConnection(r)
	return read(r)
}

// TestUntrustedEndpoint: TLS is verified, and its errors are found in the
// chain.
func TestUntrustedEndpoint(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = discardLog()
	server.StartTLS()
	defer server.Close()
	client, err := baas.NewClient(baas.WithEndpoint(server.URL), baas.WithAccessKey("id", "secret"),
		baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.ErrorIs(t, err, baas.ErrUnavailable)
	var unknownAuthority x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknownAuthority)
	var verification *tls.CertificateVerificationError
	require.ErrorAs(t, err, &verification)
}

// TestNetworkTimeoutIsNotTheContext: not even through the net.Error in the
// chain.
func TestNetworkTimeoutIsNotTheContext(t *testing.T) {
	t.Parallel()
	dialer := &net.Dialer{Deadline: time.Unix(1, 0)}
	_, dialErr := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	require.ErrorIs(t, dialErr, context.DeadlineExceeded, "so the net package has it")
	_, err := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, dialErr })).
		ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	require.NotErrorIs(t, op, context.DeadlineExceeded)
	require.True(t, op.Timeout())
}

// TestContextEndsDuringLastAttempt: whatever that attempt comes to.
func TestContextEndsDuringLastAttempt(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"5xx":       `{"Code":"InternalError","Message":"m"}`,
		"throttled": `{"RequestId":"R","Code":"Throttling"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			_, err := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				cancel()
				return answering(503, body)(r)
			})).ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest())
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, name == "5xx", isErr(err, baas.ErrOutcomeUnknown))
			require.Equal(t, name == "throttled", isErr(err, baas.ErrThrottled))
		})
	}
}

// TestRequestIDOfTheUnknown: the first doubtful reply's, since that is the
// request that may have been carried out.
func TestRequestIDOfTheUnknown(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	for want, faults := range map[string][]baastest.Fault{
		"FIRST": {
			reply(429, `{"RequestId":"ZERO","Code":"Throttling"}`), reply(500, `{"RequestId":"FIRST","Code":"InternalError"}`),
			reply(400, `{"RequestId":"LAST","Code":"Forbidden"}`),
		},
		"LATER": {baastest.DropBefore(), reply(400, `{"RequestId":"LATER","Code":"Forbidden"}`)},
	} {
		server.Inject(faults...)
		_, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		var unknown *baas.OutcomeUnknownError
		require.ErrorAs(t, err, &unknown)
		require.Equal(t, want, unknown.RequestID)
		require.Equal(t, 1, strings.Count(err.Error(), want), err.Error())
	}
}

// TestServerTextOfUndecodableReply: its request ID is the server's text too.
func TestServerTextOfUndecodableReply(t *testing.T) {
	t.Parallel()
	id, err := json.Marshal("R\n" + password + strings.Repeat("x", 5000))
	require.NoError(t, err)
	var wrong struct{ Result int }
	err = newClient(t, answering(200, `{"RequestId":`+string(id)+`,"Result":"success"}`)).
		Do(t.Context(), baas.Operation{Action: "A", Params: map[string][]string{"Password": {password}}}, &wrong)
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	requireNoSecret(t, err.Error())
	require.NotContains(t, err.Error(), "\n")
	require.Less(t, len(err.Error()), 1000)
}

// TestManyDetails: what the service says of permissions is bounded.
func TestManyDetails(t *testing.T) {
	t.Parallel()
	var members []string
	for i := range 1000 {
		members = append(members, fmt.Sprintf(`"D%d":"v"`, i))
	}
	err := newClient(t, answering(403, `{"RequestId":"R","Code":"Forbidden","AccessDeniedDetail":{`+strings.Join(members, ",")+`}}`)).
		Do(t.Context(), describe, nil)
	var api *baas.APIError
	require.ErrorAs(t, err, &api)
	require.Len(t, api.AccessDeniedDetail, 32)
}

// TestPasswordIsNotMarshaled in other formats than JSON either.
func TestPasswordIsNotMarshaled(t *testing.T) {
	t.Parallel()
	b, err := xml.Marshal(newRequest())
	require.NoError(t, err)
	require.Contains(t, string(b), "Hangzhou")
	requireNoSecret(t, string(b))
}

// TestCredentialsErrorAsValue: dereferenced, it still does not show Err.
func TestCredentialsErrorAsValue(t *testing.T) {
	t.Parallel()
	requireNoSecret(t, fmt.Sprintf("%v %+v %#v", baas.CredentialsError{Err: valueError{accessKeySecret}},
		baas.CredentialsError{Err: valueError{accessKeySecret}}, baas.CredentialsError{Err: valueError{accessKeySecret}}))
}
