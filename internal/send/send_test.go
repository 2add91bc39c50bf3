package send

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type limit func() bool

func (l limit) TooLate() bool { return l() }

var errBroken = errors.New("broken")

func newMessage(body string) *Message {
	return &Message{
		Template: &http.Request{Method: http.MethodPost, Host: "h", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		URL:      url.URL{Scheme: "https", Host: "h", Path: "/", RawQuery: "A=b"}, Header: http.Header{}, Body: body,
	}
}

// TestSentByAnyTry: a retry that was dropped by an idle connection is sent again
// within the attempt. That the second try was not sent proves nothing for the
// first.
func TestSentByAnyTry(t *testing.T) {
	t.Parallel()
	tries := 0
	s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(r.Context())
		trace.GetConn("h:443")
		if tries++; tries == 1 {
			trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}, Reused: true})
			trace.WroteHeaders() // so its URL was copied
		}
		return nil, errBroken
	})})
	a := s.Send(t.Context(), newMessage(""), Terms{Retry: true})
	defer a.Close(false)
	require.Equal(t, 2, tries)
	require.True(t, a.Sent)
	require.False(t, a.Dropped)
}

// TestHeldBackIsNotSent: by a body that is watched, for as long as the transport
// offers connections that were used before.
func TestHeldBackIsNotSent(t *testing.T) {
	t.Parallel()
	tries := 0
	s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(r.Context())
		tries++
		trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}, Reused: tries < 5})
		body, err := io.ReadAll(r.Body)
		if err == nil {
			require.Equal(t, "body", string(body))
			return nil, errBroken
		}
		require.Empty(t, body)
		return nil, err
	})})
	a := s.Send(t.Context(), newMessage("body"), Terms{Retry: true})
	defer a.Close(false)
	require.Equal(t, 5, tries)
	require.True(t, a.Sent)

	a = s.Send(t.Context(), newMessage("body"), Terms{Resend: true, Limit: limit(func() bool { return true })})
	defer a.Close(false)
	require.False(t, a.Sent)
	require.ErrorIs(t, a.Err, errHeldBack)
}

// TestHTTP2ConnectionIsReplaced: one that has brought something other than a
// regular success is not used again, and the connections of the transport that it
// belonged to end.
func TestHTTP2ConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	addrs := make(chan string, 4)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		addrs <- r.RemoteAddr
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	s := New(nil)
	own := s.own.Load()
	own.TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	m := newMessage("body")
	m.URL.Host = server.Listener.Addr().String()
	send := func(regular bool) (from string) {
		a := s.Send(context.Background(), m, Terms{})
		require.NoError(t, a.Err)
		require.Equal(t, 2, a.Response.ProtoMajor)
		a.Close(regular)
		return <-addrs
	}
	first := send(true)
	require.Equal(t, first, send(true), "a regular success")
	require.Equal(t, first, send(false))
	require.NotSame(t, own, s.own.Load())
	s.own.Load().TLSClientConfig = own.TLSClientConfig
	require.NotEqual(t, first, send(true), "anything else")
	s.CloseIdleConnections()
}

// TestCopyWithinAnAttempt: that the first copy may have arrived is told beside the
// reply to the second, and no copy follows once it is too late.
func TestCopyWithinAnAttempt(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"in time": false, "too late": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				trace := httptrace.ContextClientTrace(r.Context())
				_, err := io.ReadAll(r.Body) // before there is a connection
				require.NoError(t, err)
				if tries++; tries == 1 {
					trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}, Reused: true})
					return nil, errBroken
				}
				return &http.Response{ProtoMajor: 1}, nil
			})})
			a := s.Send(t.Context(), newMessage("body"), Terms{Retry: true, Limit: limit(func() bool { return late })})
			defer a.Close(false)
			require.True(t, a.Sent)
			if late {
				require.Equal(t, 1, tries)
				require.True(t, a.Dropped)
				return
			}
			require.NoError(t, a.Err)
			require.True(t, a.Earlier)
		})
	}
}

// TestCopyByATransport: a second connection under one request means that an
// earlier copy may have arrived, if that could have been written.
func TestCopyByATransport(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe() // a connection with an address
	defer client.Close()
	defer server.Close()
	for name, tt := range map[string]struct {
		body    string
		reads   bool
		first   net.Conn
		earlier bool
	}{
		"without a body":                    {"", false, client, true},
		"with a body that was read":         {"body", true, client, true},
		"with a body that was not read yet": {"body", false, client, false},
		"first to nowhere":                  {"body", true, &net.TCPConn{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				trace := httptrace.ContextClientTrace(r.Context())
				trace.GotConn(httptrace.GotConnInfo{Conn: tt.first})
				if tt.reads {
					_, _ = io.ReadAll(r.Body)
				}
				trace.GotConn(httptrace.GotConnInfo{Conn: server})
				_, _ = io.ReadAll(r.Body)
				return &http.Response{ProtoMajor: 1}, nil
			})})
			a := s.Send(t.Context(), newMessage(tt.body), Terms{})
			defer a.Close(true)
			require.NoError(t, a.Err)
			require.Equal(t, tt.earlier, a.Earlier)
			require.True(t, s.conns.spent(t.Context(), tt.first), "nothing more is known of it")
		})
	}
	t.Run("the second is held back", func(t *testing.T) {
		t.Parallel()
		s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(r.Context())
			trace.GetConn("h:443")
			trace.GotConn(httptrace.GotConnInfo{Conn: client})
			trace.GotConn(httptrace.GotConnInfo{Conn: server, Reused: true})
			return nil, errBroken
		})})
		a := s.Send(t.Context(), newMessage(""), Terms{Retry: true})
		defer a.Close(false)
		require.True(t, a.Sent)
	})
}

// TestManyOnOneConnection: requests that share an HTTP/2 connection do not wait
// for each other.
func TestManyOnOneConnection(t *testing.T) {
	t.Parallel()
	for name, inTheClear := range map[string]bool{"TLS": false, "in the clear": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const many = 3
			var arrived, done sync.WaitGroup
			arrived.Add(many)
			var addrs sync.Map
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				addrs.Store(r.RemoteAddr, true)
				if r.Method == http.MethodPost {
					arrived.Done()
					arrived.Wait()
				}
			}))
			m := newMessage("body")
			if server.EnableHTTP2 = !inTheClear; inTheClear {
				server.Config.Protocols = new(http.Protocols)
				server.Config.Protocols.SetUnencryptedHTTP2(true)
				m.URL.Scheme = "http"
				server.Start()
			} else {
				server.StartTLS()
			}
			defer server.Close()
			m.URL.Host = server.Listener.Addr().String()
			transport := server.Client().Transport.(*http.Transport)
			if inTheClear {
				transport.Protocols = server.Config.Protocols
			}
			resp, err := server.Client().Get(server.URL) // makes the connection
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			s := New(server.Client())
			for range many {
				done.Go(func() {
					a := s.Send(t.Context(), m, Terms{})
					a.Close(a.Err == nil)
					if a.Err != nil {
						t.Error(a.Err)
					}
				})
			}
			done.Wait()
			n := 0
			addrs.Range(func(any, any) bool { n++; return true })
			require.Equal(t, 1, n)
		})
	}
}

// TestBodyComesTooLate: what is too late only when the body is read is held back
// as well.
func TestBodyComesTooLate(t *testing.T) {
	t.Parallel()
	late := false
	s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}})
		late = true
		_, err := io.ReadAll(r.Body)
		return nil, err
	})})
	a := s.Send(t.Context(), newMessage("body"), Terms{Resend: true, Limit: limit(func() bool { return late })})
	defer a.Close(false)
	require.False(t, a.Sent)
	require.ErrorIs(t, a.Err, errHeldBack)
}

// TestEndedIsNotDropped: a connection on which the attempt has run out of time
// has not ended as idle ones do.
func TestEndedIsNotDropped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}, Reused: true})
		_, _ = io.ReadAll(r.Body)
		cancel()
		return nil, ctx.Err()
	})})
	a := s.Send(ctx, newMessage("body"), Terms{})
	defer a.Close(false)
	require.True(t, a.Sent)
	require.False(t, a.Dropped)

	a = s.Send(ctx, newMessage("body"), Terms{})
	defer a.Close(false)
	require.False(t, a.Sent, "nothing is sent after the end")
	require.ErrorIs(t, a.Err, context.Canceled)
}

// TestVerdict: who gets a connection waits for the verdict on the message that it
// carries, which the transport may hand it on before, and for no longer than its
// context lasts.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ regular, ends bool }{
		"a regular success": {regular: true}, "anything else": {}, "none, and the context ends": {ends: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := &net.TCPConn{}
				s := New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{Conn: conn})
					if _, err := io.ReadAll(r.Body); err != nil {
						return nil, err
					}
					return &http.Response{ProtoMajor: 1}, nil
				})})
				first := s.Send(t.Context(), newMessage("body"), Terms{})
				require.NoError(t, first.Err)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var second *Attempt
				done := make(chan struct{})
				go func() {
					defer close(done)
					second = s.Send(ctx, newMessage("body"), Terms{})
				}()
				synctest.Wait()
				select {
				case <-done:
					require.Fail(t, "it has not waited")
				default:
				}
				if tt.ends {
					<-ctx.Done()
				} else {
					first.Close(tt.regular)
				}
				<-done
				defer second.Close(false)
				require.Equal(t, tt.regular, second.Sent)
				if tt.ends {
					first.Close(false)
				}
			})
		})
	}
}
