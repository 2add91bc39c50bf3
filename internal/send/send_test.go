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
	"testing"

	"github.com/stretchr/testify/require"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

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

	a = s.Send(t.Context(), newMessage("body"), Terms{Resend: true, TooLate: func() bool { return true }})
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
