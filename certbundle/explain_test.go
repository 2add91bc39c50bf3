package certbundle_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestExplainHandshakeOfNodesCertificates(t *testing.T) {
	t.Parallel()
	ca, other, weak := newAuthority(t), newAuthority(t), newWeakAuthority(t)
	now := time.Now()
	named := func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }
	noName := func(c *x509.Certificate) { c.IPAddresses = nil }
	weakSub := weak.sub(t)
	weakVia := weakSub.authority.node(t, named)
	weakVia.Certificates[0].Certificate = append(weakVia.Certificates[0].Certificate, weakSub.cert.Raw)
	for name, tt := range map[string]struct {
		bundle *certbundle.Bundle
		node   *tls.Config
		kind   error
		words  []string
	}{
		"insecure algorithm":                  {weak.bundle(t), weak.node(t, named), certbundle.ErrWeakSignature, []string{"PinNodes", "AllowSHA1", "TrustChainOnly"}},
		"insecure algorithm of an issuer":     {weak.bundle(t), weakVia, certbundle.ErrWeakSignature, []string{"put that CA into ca.crt", "PinNodes"}},
		"insecure algorithm and another name": {weak.bundle(t), weak.node(t), certbundle.ErrWeakSignature, []string{"name", "PinNodes", "AllowSHA1", "TrustChainOnly"}},
		"unknown authority":                   {ca.bundle(t), other.node(t, named), certbundle.ErrUntrusted, []string{"ca.crt", "PinNodes"}},
		"another IP address":                  {ca.bundle(t), ca.node(t), nil, []string{"TrustChainOnly", "PinNodes"}},
		"no IP SANs":                          {ca.bundle(t), ca.node(t, noName), nil, []string{"TrustChainOnly", "PinNodes"}},
		"expired":                             {ca.bundle(t), ca.node(t, named, validity(now.AddDate(-1, 0, 0), now.Add(-time.Hour))), certbundle.ErrExpired, []string{"not valid today", "clock"}},
		"not yet valid":                       {ca.bundle(t), ca.node(t, named, validity(now.Add(time.Hour), now.AddDate(1, 0, 0))), certbundle.ErrExpired, []string{"not valid today"}},
		"a client's certificate":              {ca.bundle(t), ca.node(t, named, usage(x509.ExtKeyUsageClientAuth)), certbundle.ErrUntrusted, []string{"not one for servers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.node.ClientAuth = tls.RequireAnyClientCert
			clientErr, _, _ := handshake(t, clientConfig(t, tt.bundle), tt.node)
			var plain *tls.CertificateVerificationError
			require.ErrorAs(t, clientErr, &plain)
			requireExplained(t, clientErr, tt.kind, tt.words...)
		})
	}
}

// requireExplained wants err explained by words, and as kind if that is not nil.
func requireExplained(t testing.TB, err, kind error, words ...string) {
	t.Helper()
	require.Error(t, err)
	for _, err := range []error{err, fmt.Errorf("dial: %w", err)} {
		got := certbundle.ExplainHandshake(err)
		require.ErrorIs(t, got, err, "it stays in the chain")
		require.ErrorContains(t, got, "certbundle: ")
		require.ErrorContains(t, got, "the node: ")
		require.ErrorContains(t, got, err.Error())
		for _, word := range words {
			require.ErrorContains(t, got, word)
		}
		for _, k := range []error{certbundle.ErrWeakSignature, certbundle.ErrUntrusted, certbundle.ErrExpired, certbundle.ErrUnsupported} {
			require.Equal(t, k == kind, errors.Is(got, k), "%v: %v", k, got)
		}
		require.Equal(t, got, certbundle.ExplainHandshake(got), "once is enough")
		again := fmt.Errorf("again: %w", got)
		require.Equal(t, again, certbundle.ExplainHandshake(again), "once is enough")
	}
}

// TestExplainHandshakeOfAlerts: nodes that refuse, for real where Go can be
// made to.
func TestExplainHandshakeOfAlerts(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	now := time.Now()
	chainOnly := certbundle.TrustChainOnly()
	const unknown = "DescribeAntChainCertificateApplications"
	none := clientConfig(t, ca.bundle(t), chainOnly)
	none.Certificates = nil
	none.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil }
	foreign := *ca.bundle(t)
	foreignPair := other.bundle(t)
	foreign.PrivateKey, foreign.ClientCert = foreignPair.PrivateKey, foreignPair.ClientCert
	old := ca.bundle(t, validity(now.AddDate(-1, 0, 0), now.Add(-time.Hour)))
	only12 := ca.node(t)
	only12.MaxVersion = tls.VersionTLS12
	only13 := ca.node(t)
	only13.MinVersion = tls.VersionTLS13
	otherSuite := only12.Clone()
	otherSuite.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA256}
	for name, tt := range map[string]struct {
		client, node *tls.Config
		alert        string
		kind         error
		words        []string
	}{
		"certificate required":    {none, ca.node(t), "certificate required", nil, []string{unknown}},
		"no certificate, TLS 1.2": {none, only12, "handshake failure", nil, []string{"AllowRSAKeyExchange"}},
		"unknown ca":              {clientConfig(t, &foreign, chainOnly), ca.node(t), "unknown certificate authority", nil, []string{unknown}},
		"unknown ca, TLS 1.2":     {clientConfig(t, &foreign, chainOnly), only12, "unknown certificate authority", nil, []string{unknown}},
		"expired certificate":     {clientConfig(t, old, chainOnly), ca.node(t), "expired certificate", certbundle.ErrExpired, []string{"clocks"}},
		"handshake failure":       {clientConfig(t, ca.bundle(t), chainOnly), otherSuite, "handshake failure", nil, []string{"AllowRSAKeyExchange"}},
		"protocol version":        {clientConfig(t, ca.bundle(t), chainOnly, certbundle.AllowRSAKeyExchange()), only13, "protocol version", nil, []string{"TLS", "1.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clientErr, _, _ := handshake(t, tt.client, tt.node)
			require.ErrorContains(t, clientErr, tt.alert)
			require.ErrorContains(t, clientErr, "remote error")
			requireExplained(t, clientErr, tt.kind, tt.words...)
		})
	}
	for alert, word := range map[tls.AlertError]string{
		40: "AllowRSAKeyExchange", 42: unknown, 43: unknown, 44: "revoked", 45: "expired", 46: unknown, 48: unknown,
		49: unknown, 70: "version", 71: "ciphers", 116: unknown,
	} {
		err := &net.OpError{Op: "remote error", Err: errors.New(alert.Error())} // as crypto/tls has it
		require.ErrorContains(t, certbundle.ExplainHandshake(err), word)
		local := &net.OpError{Op: "local error", Err: errors.New(alert.Error())}
		require.Same(t, local, certbundle.ExplainHandshake(local))
	}
}

func TestExplainHandshakeLeavesTheRest(t *testing.T) {
	t.Parallel()
	require.NoError(t, certbundle.ExplainHandshake(nil))
	for _, err := range []error{
		io.EOF, errors.New("x509: something"), &net.OpError{Op: "dial", Err: errors.New("connection refused")},
		&net.OpError{Op: "remote error", Err: errors.New("tls: internal error")},
		certbundle.ErrUntrusted, certbundle.ErrPassword,
	} {
		require.Equal(t, err, certbundle.ExplainHandshake(err))
	}
}

// A node whose certificate Go cannot parse: no option changes that.
func TestExplainHandshakeOfCertificatesThatGoCannotParse(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	node := ca.node(t)
	cert := nodeCert(t, node)
	node.Certificates[0].Certificate[0] = bytes.Replace(cert.Raw,
		[]byte{2, 3, 0x0A, 0xBC, 0xDE}, []byte{2, 3, 0x8A, 0xBC, 0xDE}, 1) // a negative serial number
	node.Certificates[0].Leaf = cert
	for _, option := range []certbundle.TLSOption{nil, certbundle.TrustChainOnly(), certbundle.PinNodes(certbundle.Pin(cert))} {
		clientErr, _, _ := handshake(t, clientConfig(t, ca.bundle(t), option), node)
		requireExplained(t, clientErr, certbundle.ErrUnsupported, "cannot parse", "negative serial number")
	}
}
