package certbundle_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

var zeroPin = "sha256//" + base64.StdEncoding.EncodeToString(make([]byte, 32))

// nodeCert is the certificate that a node's configuration shows.
func nodeCert(t testing.TB, node *tls.Config) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(node.Certificates[0].Certificate[0])
	require.NoError(t, err)
	return cert
}

func TestPinsAreWhatCurlTakes(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	cert := newAuthority(t).cert
	key := mustRun(t, t.TempDir(), string(pemCerts(cert)), "", "openssl", "x509", "-pubkey", "-noout")
	der := mustRun(t, t.TempDir(), key, "", "openssl", "pkey", "-pubin", "-outform", "DER")
	sum := mustRun(t, t.TempDir(), der, "", "openssl", "dgst", "-sha256", "-binary")
	require.Equal(t, "sha256//"+base64.StdEncoding.EncodeToString([]byte(sum)), certbundle.Pin(cert))

	require.Empty(t, certbundle.Pin(nil))
	require.Empty(t, certbundle.Pin(&x509.Certificate{}))
}

func TestPinNodes(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	now := time.Now()
	anyClient := func(node *tls.Config) *tls.Config { node.ClientAuth = tls.RequireAnyClientCert; return node }
	selfSigned := newAuthority(t)
	nodes := map[string]*tls.Config{
		"of the chain":           ca.node(t),
		"of a foreign chain":     anyClient(other.node(t)),
		"expired":                ca.node(t, validity(now.AddDate(-1, 0, 0), now.Add(-time.Hour))),
		"a client's":             ca.node(t, usage(x509.ExtKeyUsageClientAuth)),
		"self-signed":            anyClient(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{selfSigned.cert.Raw}, PrivateKey: selfSigned.key}}}),
		"with a SHA-1 signature": anyClient(newWeakAuthority(t).node(t)),
	}
	for name, node := range nodes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right := certbundle.Pin(nodeCert(t, node))
			short := "sha256/" + strings.TrimPrefix(right, "sha256//")
			for pins, options := range map[string][]certbundle.TLSOption{
				"right":            {certbundle.PinNodes(right)},
				"right, short":     {certbundle.PinNodes(short)},
				"several":          {certbundle.PinNodes(zeroPin, right)},
				"calls add up":     {certbundle.PinNodes(right), nil, certbundle.PinNodes(zeroPin)},
				"and back":         {certbundle.PinNodes(zeroPin), certbundle.PinNodes(right)},
				"no chain check":   {certbundle.TrustChainOnly(), certbundle.PinNodes(right), certbundle.AllowSHA1()},
				"with SHA-1 alone": {certbundle.AllowSHA1(), certbundle.PinNodes(right)},
			} {
				for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
					cfg := clientConfig(t, ca.bundle(t), options...)
					cfg.MaxVersion = version
					clientErr, serverErr, _ := handshake(t, cfg, node)
					require.NoError(t, clientErr, pins)
					require.NoError(t, serverErr, pins)
				}
			}
			for pins, options := range map[string][]certbundle.TLSOption{
				"wrong":                {certbundle.PinNodes(zeroPin)},
				"wrong, chain or not":  {certbundle.PinNodes(zeroPin), certbundle.TrustChainOnly(), certbundle.AllowSHA1()},
				"that of the CA":       {certbundle.PinNodes(certbundle.Pin(newAuthority(t).cert), certbundle.Pin(ca.cert))},
				"several, none of her": {certbundle.PinNodes(zeroPin, certbundle.Pin(ca.cert))},
			} {
				clientErr, _, _ := handshake(t, clientConfig(t, ca.bundle(t), options...), node)
				requireFault(t, clientErr, certbundle.ErrUntrusted, "node")
				require.ErrorContains(t, clientErr, right, pins)
				var untrusted *tls.CertificateVerificationError
				require.ErrorAs(t, clientErr, &untrusted)
				require.Equal(t, clientErr, certbundle.ExplainHandshake(clientErr), "it is plain already")
			}
		})
	}
}

func TestMalformedPins(t *testing.T) {
	t.Parallel()
	b := newAuthority(t).bundle(t)
	hash := strings.TrimPrefix(zeroPin, "sha256//")
	for name, pins := range map[string][]string{
		"none":                       {},
		"empty":                      {""},
		"no prefix":                  {hash},
		"another hash":               {"sha1//" + hash},
		"a prefix in capitals":       {"SHA256//" + hash},
		"three slashes":              {"sha256///" + hash},
		"the prefix alone":           {"sha256//"},
		"a byte less":                {"sha256//" + base64.StdEncoding.EncodeToString(make([]byte, 31))},
		"a byte more":                {"sha256//" + base64.StdEncoding.EncodeToString(make([]byte, 33))},
		"no padding":                 {"sha256//" + strings.TrimRight(hash, "=")},
		"the alphabet of URLs":       {"sha256//" + "-_" + hash[2:]},
		"bits after the end":         {"sha256//" + hash[:42] + "B="},
		"hexadecimal":                {"sha256//" + strings.Repeat("00", 32)},
		"white space":                {" " + zeroPin, zeroPin + "\n"},
		"curl's list of two":         {zeroPin + ";" + zeroPin},
		"a good one beside it":       {zeroPin, "sha256//"},
		"very long":                  {strings.Repeat("x", 1<<20)},
		"a line break in the middle": {"sha256//" + hash[:20] + "\n" + hash[20:43]},
	} {
		cfg, err := b.TLSConfig("", certbundle.PinNodes(pins...), certbundle.PinNodes(zeroPin))
		require.Nil(t, cfg, name)
		require.ErrorContains(t, err, "certbundle: PinNodes: ", name)
		require.Less(t, len(err.Error()), 1000, name)
	}
}

// A slash is a digit of Base64, also the first.
func TestPinsThatBeginWithASlash(t *testing.T) {
	t.Parallel()
	hash := append([]byte{0xFF, 0xFF}, make([]byte, 30)...)
	text := base64.StdEncoding.EncodeToString(hash)
	require.Equal(t, "//", text[:2])
	b := newAuthority(t).bundle(t)
	for _, prefix := range []string{"sha256//", "sha256/"} {
		_, err := b.TLSConfig("", certbundle.PinNodes(prefix+text))
		require.NoError(t, err, prefix)
		got, err := certbundle.ParsePin(prefix + text)
		require.NoError(t, err)
		require.Equal(t, text, got)
	}
}
