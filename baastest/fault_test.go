package baastest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// onBothTransports runs the test over TCP and in memory.
func onBothTransports(t *testing.T, test func(t *testing.T, srv *baastest.Server)) {
	t.Helper()
	t.Run("TCP", func(t *testing.T) {
		t.Parallel()
		test(t, newServer(t))
	})
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		test(t, newServer(t, baastest.WithInMemory()))
	})
}

func requireReset(t *testing.T, srv *baastest.Server, err error) {
	t.Helper()
	if srv.URL() == "http://127.0.0.1" {
		require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
		return
	}
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func last(srv *baastest.Server) baastest.Request {
	all := srv.Requests()
	return all[len(all)-1]
}

func TestDropBefore(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		srv.Inject(baastest.DropBefore())
		v := signed(t, srv)
		_, err := post(srv, v)
		requireReset(t, srv, err)
		require.Zero(t, srv.Issued())
		require.Len(t, srv.Requests(), 1)
		require.Zero(t, last(srv).Status)
		require.Equal(t, v, last(srv).Params)

		mustPost(t, srv, v).result(t) // the nonce is still good
		require.Equal(t, 1, srv.Issued())
	})
}

func TestDropAfter(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		srv.Inject(baastest.DropAfter())
		v := signed(t, srv)
		_, err := post(srv, v)
		requireReset(t, srv, err)
		require.Equal(t, 1, srv.Issued())
		require.Zero(t, last(srv).Status)
		require.Empty(t, last(srv).Code)

		require.Equal(t, "SignatureNonceUsed", mustPost(t, srv, v).refusal(t).Code)
		require.Equal(t, 1, srv.Issued())
	})
}

func TestServerErrorAfter(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		srv.Inject(baastest.ServerErrorAfter(502), baastest.ServerErrorAfter(0))
		v := signed(t, srv)
		a := mustPost(t, srv, v)
		require.Equal(t, 502, a.status)
		require.Equal(t, "InternalError", a.refusal(t).Code)
		require.Equal(t, 1, srv.Issued())
		require.Equal(t, 502, last(srv).Status)
		require.Equal(t, "InternalError", last(srv).Code)

		require.Equal(t, 500, mustPost(t, srv, signed(t, srv)).status)
		require.Equal(t, "SignatureNonceUsed", mustPost(t, srv, v).refusal(t).Code)
	})
}

func TestTruncateAfter(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		srv.Inject(baastest.TruncateAfter(10), baastest.TruncateAfter(0), baastest.TruncateAfter(-1))
		for i, n := range []int{10, 0, 0} {
			a, err := post(srv, signed(t, srv))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Equal(t, 200, a.status)
			require.Equal(t, `{"successResponse"`[:n], string(a.body))
			require.Greater(t, contentLength(t, a), 2000, "the length of the whole")
			require.Equal(t, i+1, srv.Issued())
			require.Equal(t, 200, last(srv).Status)
		}
		srv.Inject(baastest.TruncateAfter(1 << 20))
		require.NotEmpty(t, mustPost(t, srv, signed(t, srv)).result(t).PrivateKey)
	})
}

func contentLength(t *testing.T, a answer) int {
	t.Helper()
	var n int
	require.NoError(t, json.Unmarshal([]byte(a.header.Get("Content-Length")), &n))
	return n
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.Inject(baastest.Throttle(), baastest.Fault{}, baastest.DropAfter(), baastest.Throttle())
	v := signed(t, srv)
	a := mustPost(t, srv, v)
	require.Equal(t, 400, a.status)
	require.Equal(t, "Throttling.User", a.refusal(t).Code)
	require.Zero(t, srv.Issued())
	require.Equal(t, "SignatureNonceUsed", mustPost(t, srv, v).refusal(t).Code)

	v = signed(t, srv)
	_, err := post(srv, v)
	require.Error(t, err)
	require.Equal(t, "Throttling.User", mustPost(t, srv, v).refusal(t).Code, "also for a copy")
	require.Equal(t, 1, srv.Issued())
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.Inject(baastest.Refuse(403, "Forbidden.RAM", `no <"permission">`), baastest.Refuse(42, "Odd", "odd"))
	v := signed(t, srv)
	a := mustPost(t, srv, v)
	require.Equal(t, 403, a.status)
	got := a.refusal(t)
	require.Equal(t, "Forbidden.RAM", got.Code)
	require.Equal(t, `no <"permission">`, got.Message)
	require.Equal(t, "Forbidden.RAM", last(srv).Code)
	require.Equal(t, 400, mustPost(t, srv, signed(t, srv)).status)
	require.Equal(t, "SignatureNonceUsed", mustPost(t, srv, v).refusal(t).Code)
	require.Zero(t, srv.Issued())
}

func TestFaultOfARefusedRequestIsUsedUp(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]baastest.Fault{
		"DropAfter":        baastest.DropAfter(),
		"HangAfter":        baastest.HangAfter(time.Hour),
		"TruncateAfter":    baastest.TruncateAfter(1),
		"ServerErrorAfter": baastest.ServerErrorAfter(500),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t)
			srv.Inject(fault)
			v := application(t, srv, time.Now())
			a := mustPost(t, srv, sign(http.MethodPost, v, "wrong"))
			require.Equal(t, "SignatureDoesNotMatch", a.refusal(t).Code)
			require.Zero(t, srv.Issued())
			require.NotEmpty(t, apply(t, srv).PrivateKey)
		})
	}
}

func TestRespond(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		v := signed(t, srv)
		srv.Inject(
			baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusEarlyHints) // is no reply yet
				if r.Form == nil && r.FormValue("Password") == password {
					w.WriteHeader(http.StatusTeapot)
				}
			})),
			baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.Write(body)
			})),
			baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.(http.Flusher).Flush()
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					conn.Close()
				}
			})),
			baastest.Respond(nil),
			baastest.Respond(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
		)
		require.Equal(t, http.StatusTeapot, mustPost(t, srv, v).status)
		require.Equal(t, http.StatusTeapot, last(srv).Status)

		a := mustPost(t, srv, v)
		echoed, err := url.ParseQuery(string(a.body))
		require.NoError(t, err)
		require.Equal(t, v, echoed)
		require.NotEmpty(t, a.header.Get("Date"))
		require.Equal(t, 200, last(srv).Status)

		_, err = post(srv, v)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, 404, mustPost(t, srv, v).status)
		require.Equal(t, 200, mustPost(t, srv, v).status)
		require.Equal(t, 200, last(srv).Status)

		require.Zero(t, srv.Issued())
		mustPost(t, srv, v).result(t) // and the nonce is unused
	})
}

func TestHangEndsWhenTheClientGoes(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		srv.Inject(baastest.HangAfter(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		body := strings.NewReader(signed(t, srv).Encode())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL(), body)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		result := make(chan error)
		go func() {
			resp, err := srv.HTTPClient().Do(req)
			if err == nil {
				resp.Body.Close()
			}
			result <- err
		}()
		require.Eventually(t, func() bool { return srv.Issued() == 1 }, 10*time.Second, time.Millisecond)
		cancel()
		require.ErrorIs(t, <-result, context.Canceled)
		srv.Close() // would last an hour if the hang went on
		require.Zero(t, last(srv).Status)
	})
}

func TestCloseEndsHangsAtOnce(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		srv.Inject(baastest.HangAfter(time.Hour))
		v := signed(t, srv)
		result := make(chan error)
		go func() {
			_, err := post(srv, v)
			result <- err
		}()
		require.Eventually(t, func() bool { return srv.Issued() == 1 }, 10*time.Second, time.Millisecond)
		srv.Close()
		require.Error(t, <-result)
		require.Zero(t, last(srv).Status)

		_, err := post(srv, v)
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "a closed server takes no more")
		srv.Close()
	})
}

func TestCloseEndsAHandlerThatHeedsItsContext(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]baastest.Option{"TCP": nil, "in memory": {baastest.WithInMemory()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 { // its reply would win the race now and then
				srv := newServer(t, opts...)
				entered := make(chan struct{})
				srv.Inject(baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					close(entered)
					<-r.Context().Done()
				})))
				result := make(chan error)
				go func() {
					_, err := post(srv, url.Values{"a": {"b"}})
					result <- err
				}()
				<-entered
				srv.Close()
				require.Error(t, <-result)
			}
		})
	}
}
