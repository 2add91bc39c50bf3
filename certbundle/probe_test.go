package certbundle_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	srv := newIssuer(t)
	own, foreign := issued(t, srv, keyPassword), newIssuer(t)
	config := func(t *testing.T, opts ...certbundle.TLSOption) *tls.Config {
		cfg, err := own.TLSConfig(keyPassword, opts...)
		require.NoError(t, err)
		return cfg
	}
	t.Run("a node of the chain", func(t *testing.T) {
		t.Parallel()
		node := srv.NewNode()
		state, said, err := certbundle.Probe(t.Context(), node.Addr(), config(t, certbundle.TrustChainOnly()))
		require.NoError(t, err)
		require.Equal(t, "hello app-1", said)
		require.Equal(t, node.Certificate().Raw, state.PeerCertificates[0].Raw)
	})
	t.Run("a node that nobody trusts", func(t *testing.T) {
		t.Parallel()
		_, said, err := certbundle.Probe(t.Context(), foreign.NewNode().Addr(), config(t, certbundle.TrustChainOnly()))
		require.ErrorIs(t, err, certbundle.ErrUntrusted)
		require.Empty(t, said)
	})
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3, after the handshake": tls.VersionTLS13} {
		t.Run("a node that refuses the certificate, in "+name, func(t *testing.T) {
			t.Parallel()
			node := foreign.NewNode()
			cfg := config(t, certbundle.PinNodes(certbundle.Pin(node.Certificate())))
			cfg.MaxVersion = version
			_, _, err := certbundle.Probe(t.Context(), node.Addr(), cfg)
			require.ErrorContains(t, err, "does not accept this certificate")
		})
	}
	t.Run("a node without a common curve: the option is named", func(t *testing.T) {
		t.Parallel()
		node := srv.NewNode(baastest.NoCurves())
		_, _, err := certbundle.Probe(t.Context(), node.Addr(), config(t, certbundle.TrustChainOnly()))
		require.ErrorContains(t, err, "AllowRSAKeyExchange")
		_, said, err := certbundle.Probe(t.Context(), node.Addr(), config(t, certbundle.TrustChainOnly(), certbundle.AllowRSAKeyExchange()))
		require.NoError(t, err)
		require.Equal(t, "hello app-1", said)
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		_, _, err := certbundle.Probe(t.Context(), "127.0.0.1:1", config(t))
		require.ErrorAs(t, err, new(*net.OpError))
		require.ErrorContains(t, err, "certbundle: dial tcp 127.0.0.1:1: ")
	})
	t.Run("a check of the caller's own", func(t *testing.T) {
		t.Parallel()
		veto := errors.New("veto")
		_, _, err := certbundle.Probe(t.Context(), srv.NewNode().Addr(), config(t, certbundle.TrustChainOnly(),
			certbundle.VerifyNode(func(tls.ConnectionState) error { return veto })))
		require.ErrorIs(t, err, veto)
		require.EqualError(t, err, "certbundle: veto")
	})
	t.Run("no context", func(t *testing.T) {
		t.Parallel()
		var none context.Context
		_, _, err := certbundle.Probe(none, "127.0.0.1:1", config(t))
		require.EqualError(t, err, "certbundle: ctx is nil")
		_, err = certbundle.ShownPin(none, "127.0.0.1:1")
		require.EqualError(t, err, "certbundle: ctx is nil")
	})
}

// endingNode ends its side of each connection as end says, and reads on.
func endingNode(t *testing.T, end func(*net.TCPConn) error) (addr string) {
	t.Helper()
	return testkit.Serve(t, func(conn net.Conn) {
		_ = end(conn.(*net.TCPConn))
		_, _ = io.Copy(io.Discard, conn)
	})
}

func TestProbeOfANodeThatEndsTheConnection(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	after := func(end func(*net.TCPConn, *tls.Conn) error) func(*net.TCPConn) error {
		node := ca.node(t)
		return func(raw *net.TCPConn) error {
			conn := tls.Server(raw, node)
			if err := conn.Handshake(); err != nil {
				return err
			}
			return end(raw, conn)
		}
	}
	const (
		inHandshake = "certbundle: the node: it ended the connection during the handshake, without a reason. It may not speak TLS at this address"
		afterwards  = "certbundle: the node: it ended the connection right after the handshake, without a reason. It may not accept this certificate: EOF"
	)
	for name, tt := range map[string]struct {
		end  func(*net.TCPConn) error
		text string
	}{
		"before the handshake": {(*net.TCPConn).CloseWrite, inHandshake + ", or not accept this certificate: EOF"},
		"amid a record": {func(raw *net.TCPConn) error {
			_, _ = raw.Write([]byte{22, 3, 3, 0, 9, 2})
			return raw.CloseWrite()
		}, inHandshake + ", or not accept this certificate: unexpected EOF"},
		"after the handshake":                   {after(func(_ *net.TCPConn, conn *tls.Conn) error { return conn.CloseWrite() }), afterwards},
		"after the handshake, without an alert": {after(func(raw *net.TCPConn, _ *tls.Conn) error { return raw.CloseWrite() }), afterwards},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+", "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				addr := endingNode(t, tt.end)
				cfg := clientConfig(t, ca.bundle(t), certbundle.TrustChainOnly())
				cfg.MaxVersion = version
				_, said, err := certbundle.Probe(t.Context(), addr, cfg)
				require.EqualError(t, err, tt.text)
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "it stays in the chain")
				require.Empty(t, said)
			})
		}
	}
	t.Run("and shows no pin", func(t *testing.T) {
		t.Parallel()
		pin, err := certbundle.ShownPin(t.Context(), endingNode(t, (*net.TCPConn).CloseWrite))
		require.Empty(t, pin)
		require.ErrorIs(t, err, io.EOF)
		require.EqualError(t, err, inHandshake+": EOF")
	})
}

// silentNode accepts connections and says nothing; connected gets a token for each
// handshake.
func silentNode(t *testing.T, ca *authority) (addr string, connected <-chan struct{}) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", ca.node(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	done := make(chan struct{}, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
		if conn.(*tls.Conn).Handshake() == nil {
			done <- struct{}{}
		}
	}()
	return listener.Addr().String(), done
}

func TestProbeOfASilentNode(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	cfg := clientConfig(t, ca.bundle(t), certbundle.TrustChainOnly())
	t.Run("is fine", func(t *testing.T) {
		t.Parallel()
		addr, _ := silentNode(t, ca)
		start := time.Now()
		state, said, err := certbundle.Probe(t.Context(), addr, cfg)
		require.NoError(t, err)
		require.Empty(t, said)
		require.True(t, state.HandshakeComplete)
		require.Less(t, time.Since(start), 30*time.Second)
	})
	t.Run("ends with the context", func(t *testing.T) {
		t.Parallel()
		addr, connected := silentNode(t, ca)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-connected; cancel() }()
		_, _, err := certbundle.Probe(ctx, addr, cfg)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "certbundle: context canceled")
	})
}
