package baas_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/testkit"
)

// A refusingServer answers every request that arrives whole with 502, which
// leaves the call in doubt and the connection in good order.
type refusingServer struct {
	*httptest.Server
	inQuery bool // then the headers are the whole of a request

	open sync.WaitGroup // connections

	mu            sync.Mutex
	addrs, nonces []string // of the requests
	cut           int      // requests without their body
}

func newRefusingServer(t *testing.T, inQuery, http2 bool) *refusingServer {
	s := &refusingServer{inQuery: inQuery}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.open.Add(1)
		case http.StateClosed:
			s.open.Done()
		}
	}
	testkit.Start(t, s.Server, http2)
	return s
}

func (s *refusingServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		return // settle asks
	}
	if _, err := io.ReadAll(r.Body); err == nil || s.inQuery {
		s.mu.Lock()
		s.addrs = append(s.addrs, r.RemoteAddr)
		s.nonces = append(s.nonces, r.URL.Query().Get("SignatureNonce"))
		s.mu.Unlock()
	} else {
		s.mu.Lock()
		s.cut++
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusBadGateway)
}

// settle waits until all that has been sent has arrived. Connections are
// accepted in their order, and end after their last request.
func (s *refusingServer) settle(t *testing.T) {
	t.Helper()
	resp, err := s.Client().Get(s.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	s.Client().CloseIdleConnections()
	s.open.Wait()
}

func queryOption(inQuery bool) baas.Option {
	if inQuery {
		return baas.WithParamsInQuery()
	}
	return nil
}

// resendingClient sends again without much delay.
func resendingClient(t *testing.T, url string, inQuery bool, opts ...baas.Option) *baas.Client {
	t.Helper()
	client, err := baas.NewClient(append([]baas.Option{
		baas.WithEndpoint(url), baas.WithAccessKey("id", "secret"), queryOption(inQuery),
		baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Millisecond}),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// late makes a clock that jumps once a message is made and the wait before its
// resend is over: the resend has to notice at its last moment.
func late(c *baas.Client) {
	var readings atomic.Int32
	baas.WithClock(func() (time.Time, time.Duration) {
		if readings.Add(1) > 4 { // made; with the reply; before and after the wait
			return time.Now(), 6 * time.Minute
		}
		return time.Now(), 0
	})(c)
}

var inBodyAndQuery = map[string]bool{"in the body": false, "in the query": true}

// TestResendUsesNewConnection: in doubt, no attempt uses a connection that an
// earlier one used, even if that one was left in good order.
func TestResendUsesNewConnection(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(*http.Transport) http.RoundTripper{
		"the client's own transport": nil,
		"a transport of net/http":    func(rt *http.Transport) http.RoundTripper { return rt },
		"a transport in a wrapper": func(rt *http.Transport) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) { return rt.RoundTrip(r) })
		},
		"a transport in a wrapper that can close idle connections": func(rt *http.Transport) http.RoundTripper {
			return struct{ *http.Transport }{rt}
		},
	} {
		for where, inQuery := range inBodyAndQuery {
			t.Run(name+", parameters "+where, func(t *testing.T) {
				t.Parallel()
				server := newRefusingServer(t, inQuery, false)
				opts := []baas.Option{baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 5, MinDelay: time.Millisecond})}
				transport := &http.Transport{}
				if wrap != nil {
					opts = append(opts, baas.WithHTTPClient(&http.Client{Transport: wrap(transport)}))
				}
				client := resendingClient(t, server.URL, inQuery, opts...)
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				requireEnd(t, "unknown", 5, nil, err)
				client.CloseIdleConnections()
				transport.CloseIdleConnections()
				server.settle(t)
				require.GreaterOrEqual(t, len(server.addrs), 3)
				require.Len(t, distinct(server.addrs), len(server.addrs), "%v", server.addrs)
				require.Len(t, distinct(server.nonces), 1)
			})
		}
	}
}

// TestResendOverWrappedHTTP2: each request asks for a connection of its own.
// Where a wrapper drops that, the transport keeps to its one connection, and a body
// cannot be sent again.
func TestResendOverWrappedHTTP2(t *testing.T) {
	t.Parallel()
	for where, inQuery := range inBodyAndQuery {
		for name, keeps := range map[string]bool{"a wrapper": false, "a wrapper that keeps connections": true} {
			t.Run(name+", parameters "+where, func(t *testing.T) {
				t.Parallel()
				server := newRefusingServer(t, inQuery, true)
				wrap := wrappers["passes on"]
				if keeps {
					wrap = keepingConnections
				}
				client := resendingClient(t, server.URL, inQuery, baas.WithHTTPClient(&http.Client{Transport: wrap(server.Client().Transport)}))
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				server.settle(t)
				if keeps {
					require.Len(t, distinct(server.addrs), 1)
					require.LessOrEqual(t, server.cut, 2*3, "each resend is tried twice")
				} else {
					require.Len(t, distinct(server.addrs), 4)
				}
			})
		}
	}
}

// TestLateResendIsHeldBack: what has become too late meanwhile is not sent,
// whatever the transport.
func TestLateResendIsHeldBack(t *testing.T) {
	t.Parallel()
	for where, inQuery := range inBodyAndQuery {
		t.Run("the client's own transport, parameters "+where, func(t *testing.T) {
			t.Parallel()
			server := newRefusingServer(t, inQuery, false)
			client := resendingClient(t, server.URL, inQuery)
			late(client)
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			requireEnd(t, "unknown", 2, nil, err)
			client.CloseIdleConnections()
			server.settle(t)
			require.Len(t, server.addrs, 1)
		})
		for protocol, http2 := range map[string]bool{"HTTP/1": false, "HTTP/2": true} {
			t.Run("a transport in a wrapper, parameters "+where+", "+protocol, func(t *testing.T) {
				t.Parallel()
				server := newRefusingServer(t, inQuery, http2)
				transport := server.Client().Transport.(*http.Transport)
				client := resendingClient(t, server.URL, inQuery,
					baas.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						transport.CloseIdleConnections() // so that no connection is an old one
						return transport.RoundTrip(r)
					})}))
				late(client)
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				requireEnd(t, "unknown", 2, nil, err)
				server.settle(t)
				require.Len(t, server.addrs, 1)
			})
		}
	}
}

// TestRefusedBeforeAConnection: what the client's own transport refuses before
// it asks for a connection was not sent.
func TestRefusedBeforeAConnection(t *testing.T) {
	t.Parallel()
	for where, inQuery := range inBodyAndQuery {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			client := resendingClient(t, "http://127.0.0.1:1", inQuery, baas.WithAttemptTimeout(1))
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.ErrorIs(t, err, baas.ErrUnavailable)
		})
	}
}

// TestDoubtOverOwnTransport: whatever had a connection is in doubt, and is sent
// again with the same bytes only.
func TestDoubtOverOwnTransport(t *testing.T) {
	t.Parallel()
	for where, inQuery := range inBodyAndQuery {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var nonces []string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if nonce := r.URL.Query().Get("SignatureNonce"); !slices.Contains(nonces, nonce) {
					nonces = append(nonces, nonce)
				}
				panic(http.ErrAbortHandler)
			}))
			defer server.Close()
			client := resendingClient(t, server.URL, inQuery)
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			requireEnd(t, "unknown", 4, nil, err)
			server.Close()
			require.Len(t, nonces, 1)
		})
	}
}
