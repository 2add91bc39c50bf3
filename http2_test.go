package baas_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// TestHTTP2Reset: on REFUSED_STREAM and on GOAWAY net/http resends requests
// by itself where it can. Ours it cannot; what is sent again is sent by us,
// on a new connection and with the same bytes.
func TestHTTP2Reset(t *testing.T) {
	t.Parallel()
	const rstStream, goAway = 3, 7
	for name, frame := range map[string][]byte{
		"REFUSED_STREAM": h2Frame(rstStream, 1, []byte{0, 0, 0, 7}),
		"GOAWAY":         h2Frame(goAway, 0, make([]byte, 8)),
	} {
		for mode, opts := range map[string][]baas.Option{"body": nil, "query": {baas.WithParamsInQuery()}} {
			t.Run(name+", parameters in the "+mode, func(t *testing.T) {
				t.Parallel()
				server := newH2Server(t, frame)
				transport := &http.Transport{TLSClientConfig: server.config(), ForceAttemptHTTP2: true}
				defer transport.CloseIdleConnections()
				client, err := baas.NewClient(append(opts,
					baas.WithEndpoint("https://"+server.addr()), baas.WithAccessKey("id", "secret"),
					baas.WithHTTPClient(&http.Client{Transport: transport}),
					baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 3, MinDelay: time.Millisecond}))...)
				require.NoError(t, err)
				_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				requireEnd(t, "unknown", 3, nil, err)
				require.Equal(t, int32(3), server.requests.Load(), "one request an attempt")
				require.Equal(t, int32(3), server.connections.Load(), "each on a connection of its own")
			})
		}
	}
}

// An h2Server answers every HTTP/2 request with one frame.
type h2Server struct {
	listener              net.Listener
	tls                   *httptest.Server // for its certificate only
	answer                []byte
	requests, connections atomic.Int32
	serving               sync.WaitGroup
}

func newH2Server(t *testing.T, answer []byte) *h2Server {
	s := &h2Server{tls: httptest.NewTLSServer(http.NotFoundHandler()), answer: answer}
	config := &tls.Config{Certificates: s.tls.TLS.Certificates, NextProtos: []string{"h2"}}
	var err error
	s.listener, err = tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	s.serving.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = s.listener.Close()
		s.tls.Close()
		s.serving.Wait()
	})
	return s
}

func (s *h2Server) addr() string { return s.listener.Addr().String() }

func (s *h2Server) config() *tls.Config {
	return s.tls.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
}

// serve reads frames and answers the end of each request.
func (s *h2Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	s.connections.Add(1)
	const data, settings, endStream = 0, 4, 1
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return
	}
	_, _ = conn.Write(h2Frame(settings, 0, nil))
	for {
		var head [9]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		length := int64(binary.BigEndian.Uint32(head[:4]) >> 8)
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			return
		}
		if kind, flags := head[3], head[4]; kind == data && flags&endStream != 0 {
			s.requests.Add(1)
			_, _ = conn.Write(s.answer)
		}
	}
}

// h2Frame is one frame without flags.
func h2Frame(kind byte, stream uint32, payload []byte) []byte {
	frame := []byte{0, 0, byte(len(payload)), kind, 0}
	frame = binary.BigEndian.AppendUint32(frame, stream)
	return append(frame, payload...)
}
