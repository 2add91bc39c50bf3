package baas_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/testkit"
)

// wrappers are transports as people write them around one of net/http: they
// pass on less than they are given.
var wrappers = map[string]func(http.RoundTripper) roundTripper{
	"passes on": func(next http.RoundTripper) roundTripper { return next.RoundTrip },
	"clones": func(next http.RoundTripper) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("X-Trace", "1")
			return next.RoundTrip(r)
		}
	},
	"dumps requests": func(next http.RoundTripper) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			_, _ = httputil.DumpRequest(r, true)
			return next.RoundTrip(r)
		}
	},
	"dumps what goes out": func(next http.RoundTripper) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			_, _ = httputil.DumpRequestOut(r, true)
			return next.RoundTrip(r)
		}
	},
	"dumps replies": func(next http.RoundTripper) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				_, _ = httputil.DumpResponse(resp, true)
			}
			return resp, err
		}
	},
}

// keepingConnections wraps a transport so that it keeps its connections, though it
// is asked not to.
func keepingConnections(next http.RoundTripper) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Close = false
		return next.RoundTrip(r)
	}
}

// A scriptedGateway takes a nonce once, as the real one does, and then does what
// the script says; "" and its end are a success.
type scriptedGateway struct {
	*httptest.Server

	mu     sync.Mutex
	script []string
	nonces []string // of the requests that arrived whole
	issued int
}

const lost = "carried out, and the connection ends without a byte"

func newScriptedGateway(t *testing.T, http2 bool, script ...string) *scriptedGateway {
	g := &scriptedGateway{script: script}
	g.Server = httptest.NewUnstartedServer(g)
	testkit.Start(t, g.Server, http2)
	return g
}

func (g *scriptedGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.ReadAll(r.Body); err != nil || r.URL.Query().Get("Action") == "" {
		return
	}
	status, body := g.answer(r.URL.Query().Get("SignatureNonce"))
	if body == lost {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (g *scriptedGateway) answer(nonce string) (status int, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	step := ""
	if len(g.script) > 0 {
		step, g.script = g.script[0], g.script[1:]
	}
	g.nonces = append(g.nonces, nonce)
	known := len(distinct(g.nonces)) < len(g.nonces)
	switch {
	case step != "" && step != lost: // refused before the nonce is looked at
		return 400, `{"RequestId":"R","Code":"` + step + `"}`
	case known:
		return 400, `{"RequestId":"R","Code":"SignatureNonceUsed"}`
	}
	g.issued++
	key, _ := json.Marshal(fmt.Sprintf("-----BEGIN PRIVATE KEY-----\nMIIE%08d\n-----END PRIVATE KEY-----\n", g.issued))
	if step == lost {
		return 0, lost
	}
	return 200, `{"RequestId":"R","Result":{"PrivateKey":` + string(key) + `}}`
}

// count says how many certificates were issued, how many requests arrived, and
// with how many nonces.
func (g *scriptedGateway) count() (issued, requests, nonces int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issued, len(g.nonces), len(distinct(g.nonces))
}

// leaveIdle makes connections that others have used, for the gateway's host.
func (g *scriptedGateway) leaveIdle(t *testing.T, n int) {
	var all, done sync.WaitGroup
	all.Add(n)
	for range n {
		done.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL, http.NoBody)
			if err != nil {
				t.Error(err)
			}
			resp, err := g.Client().Do(req)
			all.Done()
			all.Wait() // so that none has another's connection
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		})
	}
	done.Wait()
}

func (g *scriptedGateway) client(t *testing.T, inQuery bool, wrap func(http.RoundTripper) roundTripper) *baas.Client {
	transport := g.Client().Transport.(*http.Transport)
	transport.MaxIdleConnsPerHost = 10
	return resendingClient(t, g.URL, inQuery, baas.WithHTTPClient(&http.Client{Transport: wrap(transport)}))
}

func eachWrapper(t *testing.T, check func(t *testing.T, http2, inQuery bool, wrap func(http.RoundTripper) roundTripper)) {
	for name, wrap := range wrappers {
		for where, inQuery := range inBodyAndQuery {
			for protocol, http2 := range map[string]bool{"HTTP/1": false, "HTTP/2": true} {
				t.Run(name+", parameters "+where+", "+protocol, func(t *testing.T) {
					t.Parallel()
					check(t, http2, inQuery, wrap)
				})
			}
		}
	}
}

// TestKeyAfterARefusalOverAnyWrapper: the next attempt, and the next call, get
// their key.
func TestKeyAfterARefusalOverAnyWrapper(t *testing.T) {
	t.Parallel()
	eachWrapper(t, func(t *testing.T, http2, inQuery bool, wrap func(http.RoundTripper) roundTripper) {
		g := newScriptedGateway(t, http2, "Throttling.User", "", "Forbidden.RAM")
		client := g.client(t, inQuery, wrap)
		for call, want := range []error{nil, baas.ErrForbidden, nil, nil} {
			resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.ErrorIs(t, err, want, "call %d", call)
			require.NotErrorIs(t, err, baas.ErrOutcomeUnknown, "call %d", call)
			require.Equal(t, want == nil, resp != nil)
		}
		issued, requests, _ := g.count()
		require.Equal(t, 3, issued)
		require.Equal(t, 5, requests)
	})
}

// TestCopyOnAnIdleConnection: a message may be issued on an idle connection of
// others, and its reply be lost. What a copy of it is told then proves nothing: no
// fresh nonce follows, and nothing is denied.
func TestCopyOnAnIdleConnection(t *testing.T) {
	t.Parallel()
	for _, told := range []string{"Throttling.User", "Forbidden.RAM", "InvalidTimeStamp.Expired"} {
		t.Run(told, func(t *testing.T) {
			t.Parallel()
			eachWrapper(t, func(t *testing.T, http2, inQuery bool, wrap func(http.RoundTripper) roundTripper) {
				g := newScriptedGateway(t, http2, "Throttling.User", lost, told)
				client := g.client(t, inQuery, wrap)
				g.leaveIdle(t, 3)
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				issued, _, nonces := g.count()
				require.Equal(t, 1, issued)
				require.Equal(t, 2, nonces)
			})
		})
	}
}

// TestCopyOfAReadOnlyCall is no doubt.
func TestCopyOfAReadOnlyCall(t *testing.T) {
	t.Parallel()
	g := newScriptedGateway(t, false, "Throttling.User", lost, "Forbidden.RAM")
	client := g.client(t, false, wrappers["clones"])
	g.leaveIdle(t, 3)
	err := client.Do(t.Context(), baas.Operation{Action: "DescribeX", ReadOnly: true}, nil)
	require.ErrorIs(t, err, baas.ErrForbidden)
	require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
}

// TestNextCallOnOneHTTP2Connection: a refusal on a connection that a wrapper keeps
// to does not end the client.
func TestNextCallOnOneHTTP2Connection(t *testing.T) {
	t.Parallel()
	for where, inQuery := range inBodyAndQuery {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			g := newScriptedGateway(t, true, "Forbidden.RAM")
			client := g.client(t, inQuery, keepingConnections)
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.ErrorIs(t, err, baas.ErrForbidden)
			_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err)
		})
	}
}

// TestCanceledWhileJournaling: nothing was sent, over any transport.
func TestCanceledWhileJournaling(t *testing.T) {
	t.Parallel()
	eachWrapper(t, func(t *testing.T, http2, inQuery bool, wrap func(http.RoundTripper) roundTripper) {
		g := newScriptedGateway(t, http2, "Throttling.User")
		for name, rt := range map[string]http.RoundTripper{"in a wrapper": wrap(g.Client().Transport), "given": g.Client().Transport} {
			client := resendingClient(t, g.URL, inQuery, baas.WithHTTPClient(&http.Client{Transport: rt}))
			require.NoError(t, client.Do(t.Context(), baas.Operation{Action: "DescribeX", ReadOnly: true}, nil))
			_, before, _ := g.count()
			ctx, cancel := context.WithCancel(t.Context())
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest(),
				baas.WithJournal(func(context.Context, baas.Stamp) error { cancel(); return nil }))
			require.ErrorIs(t, err, context.Canceled, name)
			require.NotErrorIs(t, err, baas.ErrOutcomeUnknown, name)
			_, after, _ := g.count()
			require.Equal(t, before, after, name)
		}
	})
}

// TestPanicOfADecompressor: a connection whose reply was not judged is not
// waited for.
func TestPanicOfADecompressor(t *testing.T) {
	t.Parallel()
	replies := make(chan string, 2)
	replies <- "no JSON"
	replies <- `{"RequestId":"R","Result":"yes"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, <-replies)
	}))
	defer server.Close()
	client := resendingClient(t, server.URL, false, baas.WithDecompressors(func(io.Reader) (io.ReadCloser, error) {
		panic(errors.New("malformed"))
	}))
	op := baas.Operation{Action: "DescribeX", ReadOnly: true}
	require.Panics(t, func() { _ = client.Do(t.Context(), op, nil) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, client.Do(ctx, op, nil))
}

// TestSurplusIsNotPrinted: net/http prints what comes on an idle connection. A
// transport that keeps none, and one in a wrapper, has no such connection.
func TestSurplusIsNotPrinted(t *testing.T) {
	closed := make(chan bool)
	addr := testkit.Serve(t, func(conn net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"+strings.Repeat(" ", 60)+"surplus")
		_, _ = io.Copy(io.Discard, conn) // until the client closes it, after it has printed
		closed <- true
	})
	var printed bytes.Buffer
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for name, rt := range map[string]http.RoundTripper{
		"keeps no connection": &http.Transport{DisableKeepAlives: true}, "in a wrapper": wrappers["passes on"](transport),
	} {
		client := resendingClient(t, "http://"+addr, false, baas.WithHTTPClient(&http.Client{Transport: rt}))
		_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		require.ErrorIs(t, err, baas.ErrOutcomeUnknown, name)
		<-closed
	}
	require.Empty(t, printed.String())
}
