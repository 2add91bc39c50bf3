package certbundle_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"io/fs"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

func TestTLSCertificateIsTheWholeChain(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	sub := ca.sub(t)
	b := sub.bundle(t)
	b.ClientCert = append(b.ClientCert, pemCerts(sub.cert)...)
	certs, err := certbundle.ParseCertificates(b.ClientCert)
	require.NoError(t, err)

	cert, err := b.TLSCertificate("")
	require.NoError(t, err)
	require.Equal(t, [][]byte{certs[0].Raw, sub.cert.Raw}, cert.Certificate)
	require.Equal(t, certs[0], cert.Leaf)
	require.NotNil(t, cert.PrivateKey)
}

func TestTLSCertificateAndConfigAreWholeOrNot(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	tests := map[string]struct {
		set  func(*certbundle.Bundle)
		want error
		file string
	}{
		"wrong password":  {func(b *certbundle.Bundle) { b.PrivateKey = lockedKey(t, newECKey(t), "other") }, certbundle.ErrPassword, "client.key"},
		"no pair":         {func(b *certbundle.Bundle) { b.PrivateKey = clearKey(t, newECKey(t)) }, certbundle.ErrKeyMismatch, "client.crt"},
		"no key":          {func(b *certbundle.Bundle) { b.PrivateKey = nil }, fs.ErrNotExist, "client.key"},
		"no certificate":  {func(b *certbundle.Bundle) { b.ClientCert = nil }, fs.ErrNotExist, "client.crt"},
		"no PEM":          {func(b *certbundle.Bundle) { b.ClientCert = []byte("<html>") }, certbundle.ErrMalformed, "client.crt"},
		"a whole bundle":  {func(*certbundle.Bundle) {}, nil, ""},
		"no trust store":  {func(b *certbundle.Bundle) { b.TrustStore = nil }, nil, ""}, // Java's business
		"CA is not there": {func(b *certbundle.Bundle) { b.CACert = nil }, fs.ErrNotExist, "ca.crt"},
		"CA is no PEM":    {func(b *certbundle.Bundle) { b.CACert = []byte("<html>") }, certbundle.ErrMalformed, "ca.crt"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := ca.bundle(t)
			tt.set(b)
			cfg, err := b.TLSConfig(keyPassword)
			cert, certErr := b.TLSCertificate(keyPassword)
			if tt.want == nil {
				require.NoError(t, err)
				require.NoError(t, certErr)
				require.Equal(t, uint16(tls.VersionTLS12), cfg.MinVersion)
				require.False(t, cfg.InsecureSkipVerify)
				require.Equal(t, []tls.Certificate{cert}, cfg.Certificates)
				only := x509.NewCertPool()
				only.AddCert(ca.cert)
				require.True(t, only.Equal(cfg.RootCAs))
				return
			}
			requireFault(t, err, tt.want, tt.file)
			require.Nil(t, cfg)
			if tt.file != certbundle.CACertFile {
				requireFault(t, certErr, tt.want, tt.file)
				require.Equal(t, tls.Certificate{}, cert)
			}
		})
	}
}

// dialNode returns the node's greeting.
func dialNode(t testing.TB, node *baastest.Node, cfg *tls.Config) (string, error) {
	t.Helper()
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: cfg}
	conn, err := d.DialContext(t.Context(), "tcp", node.Addr())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return bufio.NewReader(conn).ReadString('\n')
}

func TestANodeAcceptsTheBundleOfItsChainAlone(t *testing.T) {
	t.Parallel()
	srv, foreign := newIssuer(t), newIssuer(t)
	node := srv.NewNode()
	ownBundle, otherBundle := issued(t, srv, keyPassword), issued(t, foreign, keyPassword)
	mixed := *otherBundle
	mixed.CACert = ownBundle.CACert
	configs := func(b *certbundle.Bundle) map[string]*tls.Config {
		asIs, err := b.TLSConfig(keyPassword)
		require.NoError(t, err)
		byChain, err := b.TLSConfig(keyPassword, certbundle.TrustChainOnly())
		require.NoError(t, err)
		return map[string]*tls.Config{"as is": asIs, "by chain": byChain}
	}

	for name, cfg := range configs(ownBundle) {
		hello, err := dialNode(t, node, cfg)
		require.NoError(t, err, name)
		require.Equal(t, "hello app-1\n", hello, name)
	}

	var untrusted *tls.CertificateVerificationError
	for name, cfg := range configs(otherBundle) {
		_, err := dialNode(t, node, cfg)
		require.ErrorAs(t, err, &untrusted, name)
	}
	// The node refuses, too, whoever is made to trust it.
	for name, cfg := range configs(&mixed) {
		_, err := dialNode(t, node, cfg)
		var alert *net.OpError
		require.ErrorAs(t, err, &alert, name)
		require.Equal(t, "remote error", alert.Op, name)
	}
}

// handshake connects client and server, lets the server say one byte, and
// returns what became of it on both sides.
func handshake(t testing.TB, client, server *tls.Config) (clientErr, serverErr error, resumed bool) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		var conn net.Conn
		if conn, serverErr = listener.Accept(); serverErr != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		s := tls.Server(conn, server)
		_, serverErr = s.Write([]byte{1})
		resumed = s.ConnectionState().DidResume
		_, _ = io.Copy(io.Discard, conn) // until the client has read all
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	c := tls.Client(conn, client)
	_, clientErr = c.Read(make([]byte, 1))
	conn.Close()
	<-done
	return clientErr, serverErr, resumed
}

func clientConfig(t testing.TB, b *certbundle.Bundle, opts ...certbundle.TLSOption) *tls.Config {
	t.Helper()
	cfg, err := b.TLSConfig("", opts...)
	require.NoError(t, err)
	cfg.ServerName = "127.0.0.1" // as tls.Dial would set it
	return cfg
}

func TestTrustChainOnlyChecksAllButTheName(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	sub := ca.sub(t)
	now := time.Now()
	viaSub := sub.node(t)
	viaSub.ClientCAs = ca.node(t).ClientCAs
	viaSub.Certificates[0].Certificate = append(viaSub.Certificates[0].Certificate, sub.cert.Raw)
	tests := map[string]struct {
		node *tls.Config
		want error
	}{
		"another name":             {ca.node(t), nil},
		"an intermediate CA":       {viaSub, nil},
		"a foreign chain":          {func() *tls.Config { c := other.node(t); c.ClientCAs = ca.node(t).ClientCAs; return c }(), certbundle.ErrUntrusted},
		"expired":                  {ca.node(t, validity(now.AddDate(-1, 0, 0), now.Add(-time.Hour))), certbundle.ErrExpired},
		"not yet valid":            {ca.node(t, validity(now.Add(time.Hour), now.AddDate(1, 0, 0))), certbundle.ErrExpired},
		"a client's certificate":   {ca.node(t, usage(x509.ExtKeyUsageClientAuth)), certbundle.ErrUntrusted},
		"intermediate CA left out": {func() *tls.Config { c := viaSub.Clone(); c.Certificates = sub.node(t).Certificates; return c }(), certbundle.ErrUntrusted},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				asIs, cfg := clientConfig(t, ca.bundle(t)), clientConfig(t, ca.bundle(t), certbundle.TrustChainOnly())
				asIs.MaxVersion, cfg.MaxVersion = version, version
				var nameErr x509.HostnameError
				clientErr, _, _ := handshake(t, asIs, tt.node)
				if tt.want == nil {
					require.ErrorAs(t, clientErr, &nameErr, "crypto/tls itself wants the name")
				}

				clientErr, serverErr, _ := handshake(t, cfg, tt.node)
				if tt.want == nil {
					require.NoError(t, clientErr)
					require.NoError(t, serverErr)
					continue
				}
				requireFault(t, clientErr, tt.want, "node")
				var untrusted *tls.CertificateVerificationError
				require.ErrorAs(t, clientErr, &untrusted)
				require.NotEmpty(t, untrusted.UnverifiedCertificates)
			}
		})
	}
}

func TestANodeThatShowsNothingIsTrustedByNobody(t *testing.T) {
	t.Parallel()
	b := newAuthority(t).bundle(t)
	for name, option := range map[string]certbundle.TLSOption{
		"TrustChainOnly": certbundle.TrustChainOnly(),
		"PinNodes":       certbundle.PinNodes(zeroPin),
	} {
		cfg := clientConfig(t, b, option)
		require.ErrorIs(t, cfg.VerifyConnection(tls.ConnectionState{}), certbundle.ErrUntrusted, name)
	}
}

// Setting RootCAs afterwards does not undo the check: the system's roots, which
// take the place of none, vouch for the whole Internet.
func TestTrustChainOnlyTrustsTheBundleAlone(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	foreign := x509.NewCertPool()
	foreign.AddCert(other.cert)
	for name, roots := range map[string]*x509.CertPool{"no roots": nil, "no root": x509.NewCertPool(), "others": foreign} {
		cfg := clientConfig(t, ca.bundle(t), certbundle.TrustChainOnly())
		cfg.RootCAs = roots
		clientErr, _, _ := handshake(t, cfg, ca.node(t))
		require.NoError(t, clientErr, name)
		clientErr, _, _ = handshake(t, cfg, other.node(t))
		require.ErrorIs(t, clientErr, certbundle.ErrUntrusted, name)
	}
}

func TestConfigTimeIsWhatSaysWhenNowIs(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	cfg := clientConfig(t, ca.bundle(t), certbundle.TrustChainOnly())
	cfg.Time = func() time.Time { return time.Now().AddDate(2, 0, 0) }
	clientErr, _, _ := handshake(t, cfg, ca.node(t))
	require.ErrorIs(t, clientErr, certbundle.ErrExpired)
}

// crypto/tls skips its own check where a session is resumed, and a session may
// have begun under a configuration that checks nothing.
func TestTrustChainOnlyChecksResumedSessions(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range []struct {
				node *authority
				want error
			}{{ca, nil}, {other, certbundle.ErrUntrusted}} {
				node := tt.node.node(t)
				node.ClientAuth = tls.NoClientCert
				cfg := clientConfig(t, ca.bundle(t), certbundle.TrustChainOnly())
				cfg.MaxVersion = version
				cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
				lax := cfg.Clone()
				lax.VerifyConnection = nil

				clientErr, _, resumed := handshake(t, lax, node)
				require.NoError(t, clientErr)
				require.False(t, resumed)
				clientErr, _, resumed = handshake(t, cfg, node)
				require.True(t, resumed)
				require.ErrorIs(t, clientErr, tt.want)
			}
		})
	}
}
