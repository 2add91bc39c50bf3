package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

func TestLiveRunConnectsToTheNodeThatIsNamed(t *testing.T) {
	srv := liveServer(t)
	node := srv.NewNode().Addr()
	for range 2 { // just applied, and found in the folder
		status, stdout, stderr := live(t, srv, "-node", node)
		require.Equal(t, exitOK, status, stderr)
		require.Contains(t, stdout, "Node         "+node+", CN=baastest node, mutual TLS 1.3\n")
		require.Contains(t, stdout, "Answer       \"hello quickstart\"\n")
	}
	require.Equal(t, 1, srv.Issued())
}

func TestNodeOfAnotherChain(t *testing.T) {
	srv := liveServer(t)
	other := baastest.NewServer()
	t.Cleanup(other.Close)
	status, stdout, stderr := live(t, srv, "-node", other.NewNode().Addr())
	require.Equal(t, exitError, status)
	require.Regexp(t, `(?m)^Verified `, stdout)
	require.Contains(t, stderr, certbundle.ErrUntrusted.Error())
	require.Contains(t, stderr, "The key is safe in "+folder)
	require.Contains(t, stderr, "Check -node")
}

func TestNobodyListens(t *testing.T) {
	srv := liveServer(t)
	status, _, stderr := live(t, srv, "-node", testkit.RefusingAddr(t))
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "Check -node")
	require.NotContains(t, stderr, nothingIssued)
}

// tlsNode serves each connection with talk, after a handshake.
func tlsNode(t *testing.T, cfg *tls.Config, talk func(net.Conn)) (addr string, client *tls.Config) {
	t.Helper()
	ts := httptest.NewUnstartedServer(http.NotFoundHandler())
	ts.StartTLS() // for its certificate
	t.Cleanup(ts.Close)
	cfg.Certificates = ts.TLS.Certificates
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if conn.(*tls.Conn).HandshakeContext(t.Context()) == nil {
				talk(conn)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	roots := ts.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return l.Addr().String(), &tls.Config{RootCAs: roots, Certificates: ts.TLS.Certificates}
}

// waitForTheClient says nothing until the client hangs up.
func waitForTheClient(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestSilentNode(t *testing.T) {
	addr, cfg := tlsNode(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert}, waitForTheClient)
	a, err := connect(t.Context(), addr, cfg, 50*time.Millisecond)
	require.NoError(t, err)
	require.Empty(t, a.greeting)
	require.True(t, a.asked)
}

func TestNodeThatAsksForNoCertificate(t *testing.T) {
	addr, cfg := tlsNode(t, &tls.Config{MaxVersion: tls.VersionTLS12}, func(conn net.Conn) { _, _ = io.WriteString(conn, "x") })
	a, err := connect(t.Context(), addr, cfg, nodeTimeout)
	require.NoError(t, err)
	require.Equal(t, "x", a.greeting)
	require.False(t, a.asked)
	require.Equal(t, "TLS 1.2", a.version)
}

func TestWaitForAnAnswerEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	addr, cfg := tlsNode(t, &tls.Config{}, func(conn net.Conn) {
		cancel()
		waitForTheClient(conn)
	})
	_, err := connect(ctx, addr, cfg, time.Hour)
	require.ErrorIs(t, err, context.Canceled)
}

func TestNodeThatHangsUp(t *testing.T) {
	addr, cfg := tlsNode(t, &tls.Config{}, func(net.Conn) {})
	_, err := connect(t.Context(), addr, cfg, nodeTimeout)
	require.ErrorContains(t, err, "hung up")
}

// In TLS 1.3 the client's handshake succeeds all the same.
func TestNodeThatRefusesTheCertificate(t *testing.T) {
	srv := baastest.NewServer()
	t.Cleanup(srv.Close)
	_, cfg := tlsNode(t, &tls.Config{}, waitForTheClient)
	// Whom this client trusts is not the point.
	stranger := &tls.Config{Certificates: cfg.Certificates, InsecureSkipVerify: true}
	_, err := connect(t.Context(), srv.NewNode().Addr(), stranger, nodeTimeout)
	require.ErrorContains(t, err, "after the TLS handshake: remote error: tls:")
}
