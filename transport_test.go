package baas_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/internal/testkit"
)

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// scripted is a transport that does what its steps say, one an attempt, and
// goes on to next when they are used up.
func scripted(next http.RoundTripper, steps ...roundTripper) roundTripper {
	var n atomic.Int32
	return func(r *http.Request) (*http.Response, error) {
		if i := int(n.Add(1)) - 1; i < len(steps) {
			return steps[i](r)
		}
		return next.RoundTrip(r)
	}
}

// errDial looks like an error of a connection that could not be made.
var errDial = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

// unread fails without having taken the request.
func unread(*http.Request) (*http.Response, error) { return nil, errDial }

// read fails with the same error, having taken the request.
func read(r *http.Request) (*http.Response, error) {
	_, _ = io.ReadAll(r.Body)
	return nil, errDial
}

// TestNotSent: whether a request was sent is told by the body, never by the
// error.
func TestNotSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		steps     []roundTripper
		injected  []baastest.Fault
		opts      []baas.Option
		want      string
		attempts  int
		doubtless bool
	}{
		{name: "not in doubt: waits, sends again", steps: []roundTripper{unread, unread}, want: "key"},
		{name: "already in doubt: waits, same bytes", steps: []roundTripper{read, unread}, want: "key"},
		{name: "until the end", steps: []roundTripper{unread, unread, unread, unread}, want: "unavailable"},
		{name: "until the end, in doubt", steps: []roundTripper{unread, read, unread, unread}, want: "unknown"},
		{name: "a dial error after the body was taken", steps: []roundTripper{read, read, read, read}, want: "unknown"},
		{
			name: "in the query, a connection was asked for and not had", steps: []roundTripper{withoutConnection, withoutConnection, withoutConnection, withoutConnection},
			opts: []baas.Option{baas.WithParamsInQuery()}, want: "unavailable",
		},
		{
			name: "in the query, a connection was had", steps: []roundTripper{withConnection, withoutConnection, withoutConnection, withoutConnection},
			opts: []baas.Option{baas.WithParamsInQuery()}, want: "unknown",
		},
		{
			name: "in the query, no connection was had, but the body was read", steps: []roundTripper{readWithoutConnection, withoutConnection, withoutConnection, withoutConnection},
			opts: []baas.Option{baas.WithParamsInQuery()}, want: "unknown",
		},
		{
			name: "in the query, nothing is known of connections", steps: []roundTripper{unread, unread, unread, unread},
			opts: []baas.Option{baas.WithParamsInQuery()}, want: "unknown",
		},
	} {
		for version, signature := range versions {
			t.Run(c.name+", "+version, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server := baastest.NewServer(baastest.WithInMemory())
					defer server.Close()
					transport := scripted(server.HTTPClient().Transport, c.steps...)
					client := server.Client(slices.Concat(c.opts, []baas.Option{
						baas.WithHTTPClient(&http.Client{Transport: transport}), baas.WithSignatureVersion(signature),
					})...)
					resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
					if c.want != "unavailable" {
						requireEnd(t, c.want, 4, resp, err)
						return
					}
					require.ErrorIs(t, err, baas.ErrUnavailable)
					require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
					require.ErrorIs(t, err, syscall.ECONNREFUSED)
					var op *net.OpError
					require.ErrorAs(t, err, &op)
				})
			})
		}
	}
}

func withoutConnection(r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GetConn("host:443")
	return nil, errDial
}

func withConnection(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GetConn("host:443")
	trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}})
	return nil, errDial
}

// TestOwnTransport: over the client's own transport, a connection refused is
// not sent, a lost one is in doubt.
func TestOwnTransport(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	client, err := baas.NewClient(baas.WithEndpoint(server.URL()), baas.WithAccessKey(*model.AccessKeyId, *model.AccessKeySecret),
		baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Millisecond}))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	server.Inject(baastest.DropBefore())
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	require.Len(t, server.Requests(), 2)
	server.Inject(baastest.DropAfter())
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	requireEnd(t, "unknown", 2, nil, err)
	require.Equal(t, 2, server.Issued())
	server.Close()

	client, err = baas.NewClient(baas.WithEndpoint("http://"+testkit.RefusingAddr(t)), baas.WithAccessKey("id", "secret"),
		baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Millisecond}))
	require.NoError(t, err)
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.ErrorIs(t, err, baas.ErrUnavailable)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// TestNotSentStaysUnsent: a transport that gave up cannot send the request
// afterwards, as net/http's writing goroutine could.
func TestNotSentStaysUnsent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baastest.NewServer(baastest.WithInMemory())
		defer server.Close()
		var late []byte
		var lateErr error
		over := make(chan struct{})
		transport := scripted(server.HTTPClient().Transport, func(r *http.Request) (*http.Response, error) {
			go func() {
				defer close(over)
				time.Sleep(time.Nanosecond) // of the bubble: after RoundTrip has returned
				late, lateErr = io.ReadAll(r.Body)
			}()
			return nil, errDial
		})
		client := server.Client(baas.WithHTTPClient(&http.Client{Transport: transport}))
		_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		require.NoError(t, err)
		<-over
		require.Empty(t, late)
		require.Error(t, lateErr)
	})
}

// TestRequestsCannotBeReplayed: net/http resends by itself what has a GetBody
// or no body.
func TestRequestsCannotBeReplayed(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]baas.Option{"in the body": nil, "in the query": {baas.WithParamsInQuery()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := baastest.NewServer()
			defer server.Close()
			transport := roundTripper(func(r *http.Request) (*http.Response, error) {
				require.Nil(t, r.GetBody)
				require.NotNil(t, r.Body)
				require.NotEqual(t, http.NoBody, r.Body)
				require.Empty(t, r.Header.Get("Idempotency-Key"))
				return server.HTTPClient().Transport.RoundTrip(r)
			})
			client := server.Client(append(opts, baas.WithHTTPClient(&http.Client{Transport: transport}))...)
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err)
		})
	}
}

// TestCancellation: a canceled context returns at once, wherever the call
// stands. The bubble's clock shows that no time passes.
func TestCancellation(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]func(*baastest.Server, chan struct{}) http.RoundTripper{
		"connecting": func(_ *baastest.Server, over chan struct{}) http.RoundTripper {
			return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				<-over // net/http dials on, for the next request, when the one that asked is over
				return nil, errDial
			}}
		},
		"waiting for the reply": func(s *baastest.Server, _ chan struct{}) http.RoundTripper {
			s.Inject(baastest.HangAfter(time.Hour))
			return s.HTTPClient().Transport
		},
		"reading the reply": func(s *baastest.Server, _ chan struct{}) http.RoundTripper {
			s.Inject(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, `{"requestId":`)
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			})))
			return s.HTTPClient().Transport
		},
		"waiting to retry": func(s *baastest.Server, _ chan struct{}) http.RoundTripper {
			s.Inject(baastest.Throttle())
			return s.HTTPClient().Transport
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := baastest.NewServer(baastest.WithInMemory())
				defer server.Close()
				over := make(chan struct{})
				defer close(over)
				client := server.Client(baas.WithHTTPClient(&http.Client{Transport: transport(server, over)}),
					baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Minute}))
				ctx, cancel := context.WithCancel(t.Context())
				var canceled time.Time
				time.AfterFunc(time.Second, func() { canceled = time.Now(); cancel() })
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest())
				require.ErrorIs(t, err, context.Canceled)
				require.Less(t, time.Since(canceled), 10*time.Millisecond)
			})
		})
	}
}

// TestLargeReply: no more than 1 MiB of a reply is read.
func TestLargeReply(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	var sent atomic.Int64
	server.Inject(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := strings.Repeat(" ", 64<<10)
		for sent.Load() < 256<<20 {
			n, err := io.WriteString(w, chunk)
			if err != nil {
				return
			}
			sent.Add(int64(n))
		}
	})))
	_, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	requireEnd(t, "unknown", 1, nil, err)
	require.ErrorIs(t, err, baas.ErrInvalidResponse)
	require.Less(t, sent.Load(), int64(32<<20), "what the sockets hold, not the whole")
}

// TestLargeHeaders: the client's own transport takes 64 KiB of them.
func TestLargeHeaders(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 70<<10))
	}))
	defer server.Close()
	client, err := baas.NewClient(baas.WithEndpoint(server.URL), baas.WithAccessKey("id", "secret"),
		baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	requireEnd(t, "unknown", 1, nil, err)
}

// TestTransportReturnsNothing: a broken transport is an error, not a panic.
func TestTransportReturnsNothing(t *testing.T) {
	t.Parallel()
	for name, rt := range map[string]roundTripper{
		"no response, no error": func(*http.Request) (*http.Response, error) { return nil, nil },
		"no body":               func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil },
		"an error of no text":   func(*http.Request) (*http.Response, error) { return nil, errors.New("") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := baas.NewClient(baas.WithAccessKey("id", "secret"), baas.WithHTTPClient(&http.Client{Transport: rt}),
				baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
			require.NoError(t, err)
			_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.Error(t, err)
		})
	}
}
