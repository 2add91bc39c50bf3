package certbundle_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
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
	})
}
