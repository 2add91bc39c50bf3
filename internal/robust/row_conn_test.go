package robust

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// TestAConnectionThatHasBroughtAnythingButARegularSuccess is never used again:
// each attempt after it, and the next call, has a new one. A wrapped transport uses
// none twice.
func TestAConnectionThatHasBroughtAnythingButARegularSuccess(t *testing.T) {
	for _, s := range setups() {
		for _, c := range answeredTwice {
			t.Run(c.name+", "+s.name, func(t *testing.T) { requireNewConnection(t, s, c.status, c.body) })
		}
		t.Run("a regular success, "+s.name, func(t *testing.T) {
			r := newRig(t, sharedServer, false)
			r.quick = new(quickGateway).answer
			c := r.caller(t, s, baas.WithAttemptTimeout(usualTimeout))
			for i := range 5 {
				require.NoError(t, c.apply(t.Context(), fmt.Sprint("regular-", i), "regular").err)
			}
			want := 1
			if s.wrapped {
				want = 5
			}
			_, connections := c.gate.proxy.hits()
			require.Equal(t, want, connections, "of calls to which nothing happens")
		})
	}
}

func requireNewConnection(t *testing.T, s setup, status int, body string) {
	watch(t)
	r := newRig(t, sharedServer, false)
	gateway := new(quickGateway)
	var requests atomic.Int32
	r.quick = func(name, nonce string) (int, string) {
		if requests.Add(1)%2 == 1 {
			return status, body
		}
		return gateway.answer(name, nonce)
	}
	c := r.caller(t, s, baas.WithAttemptTimeout(usualTimeout))
	var connections int
	for i := range 3 {
		c.apply(t.Context(), fmt.Sprint("after-", i), "after "+body)
		_, connections = c.gate.proxy.hits()
	}
	// Every odd request got the reply, so every even one needs a connection of
	// its own, and an odd one may have that of the success before it.
	require.Greater(t, connections, int(requests.Load())/2, "connections of %d requests", requests.Load())
}

// A watchedConn counts how often this module closes it itself.
type watchedConn struct {
	net.Conn
	closed *atomic.Int32
}

func (c *watchedConn) Close() error {
	if calledByModule() {
		c.closed.Add(1)
	}
	return c.Conn.Close()
}

// calledByModule reports whether the caller of the caller is code of this
// module, and not net/http on its behalf.
func calledByModule() bool {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:])
	frame, _ := runtime.CallersFrames(pcs[:]).Next()
	return strings.HasPrefix(frame.Function, "github.com/antchain-go/baas") && !strings.Contains(frame.Function, "/internal/robust.")
}

// TestHttptracesConnectionIsClosedByTheClient: against its contract, so it is
// not, whatever has to be held back.
func TestHttptracesConnectionIsClosedByTheClient(t *testing.T) {
	for _, s := range setups() {
		if s.own() || s.protocol == http2 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			watch(t)
			r := newRig(t, sharedServer, false)
			gateway := new(quickGateway)
			var requests, closed atomic.Int32
			r.quick = func(name, nonce string) (int, string) {
				if requests.Add(1)%3 != 0 {
					return 503, "busy" // the connection stays open and idle
				}
				return gateway.answer(name, nonce)
			}
			transport := r.gates[http1].transport()
			transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				var dialer net.Dialer
				conn, err := dialer.DialContext(ctx, network, addr)
				return &watchedConn{conn, &closed}, err
			}
			var rt http.RoundTripper = transport
			if s.wrapped {
				rt = &wrapper{transport, true}
			}
			c := r.caller(t, s, baas.WithHTTPClient(&http.Client{Transport: rt}), baas.WithAttemptTimeout(usualTimeout))
			defer transport.CloseIdleConnections()
			for i := range 10 {
				c.apply(t.Context(), fmt.Sprint("hook-", i), "held back")
			}
			require.Zero(t, closed.Load(), "connections that the client has closed behind the transport's back")
		})
	}
}

// forbidding is a transport with one connection, which it offers for every
// attempt, and which panics when a hook closes it.
type forbidding struct {
	gateway *quickGateway
	book    *ledger
	sent    int
}

type forbiddenConn struct{ net.Conn }

func (*forbiddenConn) Close() error { panic("a hook closes the connection") }

var errGone = errors.New("the reply is gone")

func (f *forbidding) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: forbidden, Reused: f.sent > 0})
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	f.sent++
	name := f.book.noteRequest(r, body)
	_, reply := f.gateway.answer(name, nonceOf(r))
	f.book.noteReply(name, []byte(reply))
	return nil, errGone
}

var forbidden = &forbiddenConn{}

// TestATransportThatPanicsWhenAHookClosesItsConnection ends in doubt and not
// in a panic, and sends nothing a second time over the one connection.
func TestATransportThatPanicsWhenAHookClosesItsConnection(t *testing.T) {
	for _, params := range slices.Concat(dimensions[1], dimensions[3]) {
		t.Run(params.name, func(t *testing.T) {
			var s setup
			params.set(&s)
			var book ledger
			transport := &forbidding{gateway: new(quickGateway), book: &book}
			client, err := baas.NewClient(append(s.options, baas.WithAccessKey("id", "secret"),
				baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Microsecond}),
				baas.WithHTTPClient(&http.Client{Transport: transport}))...)
			require.NoError(t, err)
			require.NotPanics(t, func() {
				_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest("panic.example.com"))
			})
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.Equal(t, 1, transport.sent)
			require.Len(t, book.keys("panic.example.com"), 1)
		})
	}
}
