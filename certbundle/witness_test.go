package certbundle_test

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// opensslNode starts openssl s_server with the files of dir and returns its
// address. Whoever connects is sent a line about the handshake.
func opensslNode(t testing.TB, dir string, args ...string) string {
	t.Helper()
	testkit.NeedTool(t, "openssl")
	cmd := exec.CommandContext(t.Context(), "openssl", append([]string{
		"s_server", "-accept", "127.0.0.1:0", "-cert", "node.crt", "-key", "node.key", "-www", "-verify_return_error",
	}, args...)...)
	cmd.Dir = dir
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	lines := make(chan string, 1)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			if address, ok := strings.CutPrefix(s.Text(), "ACCEPT "); ok {
				lines <- address
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for range lines {
		}
		if t.Failed() {
			t.Logf("openssl: %s", stderr.String())
		}
	})
	address, ok := <-lines
	require.True(t, ok, "openssl s_server ended at once")
	return address
}

// nodeFiles writes a node's certificate and key for programs that are not Go.
func nodeFiles(t testing.TB, dir string, node *tls.Config) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "node.crt"), pemCerts(nodeCert(t, node)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "node.key"), clearKey(t, node.Certificates[0].PrivateKey), 0o600))
}

// askOpenSSL returns s_server's page about the connection.
func askOpenSSL(t testing.TB, address string, cfg *tls.Config) (string, error) {
	t.Helper()
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: cfg}
	conn, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	if _, err := conn.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		return "", err
	}
	var page strings.Builder
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		page.WriteString(line)
		if err != nil {
			if page.Len() > 0 {
				return page.String(), nil
			}
			return "", err
		}
	}
}

// rsaNode has a key that RSA key exchange needs.
func rsaNode(t testing.TB, ca *authority) *tls.Config {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048) // OpenSSL takes no shorter one
	require.NoError(t, err)
	cert := ca.certify(t, key.Public(), asNode, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment })
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
}

func TestNodesThatShareNoCurveWithGo(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	b := ca.bundle(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048) // one of an elliptic curve would need the curve
	require.NoError(t, err)
	b.PrivateKey, b.ClientCert = clearKey(t, key), pemCerts(ca.certify(t, key.Public()))
	dir := onDisk(t, b)
	nodeFiles(t, dir, rsaNode(t, ca))
	chainOnly := certbundle.TrustChainOnly()
	for name, args := range map[string][]string{
		"TLS 1.2":            {"-curves", "secp256k1", "-tls1_2"},
		"TLS 1.2 or 1.3":     {"-curves", "secp256k1"},
		"TLS 1.2, demanding": {"-curves", "secp256k1", "-tls1_2", "-Verify", "3", "-CAfile", "ca.crt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := opensslNode(t, dir, args...)
			_, err := askOpenSSL(t, node, clientConfig(t, b, chainOnly))
			require.ErrorContains(t, err, "handshake failure")
			requireExplained(t, err, nil, "AllowRSAKeyExchange")

			page, err := askOpenSSL(t, node, clientConfig(t, b, chainOnly, certbundle.AllowRSAKeyExchange()))
			require.NoError(t, err)
			require.Regexp(t, `Cipher is AES\d+-GCM-SHA\d+`, page)
		})
	}
	for suite := range map[string]bool{"AES128-GCM-SHA256": true, "AES256-GCM-SHA384": true, "AES128-SHA": true, "AES256-SHA": true} {
		node := opensslNode(t, dir, "-curves", "secp256k1", "-tls1_2", "-cipher", suite)
		page, err := askOpenSSL(t, node, clientConfig(t, b, chainOnly, certbundle.AllowRSAKeyExchange()))
		require.NoError(t, err, suite)
		require.Contains(t, page, suite)
	}
	// Where there is a common curve, forward secrecy stays.
	node := opensslNode(t, dir)
	page, err := askOpenSSL(t, node, clientConfig(t, b, chainOnly, certbundle.AllowRSAKeyExchange()))
	require.NoError(t, err)
	require.Regexp(t, `Cipher is ECDHE-`, page)
}

func TestAllowRSAKeyExchangeSetsSuitesAndVersion(t *testing.T) {
	t.Parallel()
	b := newAuthority(t).bundle(t)
	cfg := clientConfig(t, b)
	require.Zero(t, cfg.MaxVersion)
	require.Nil(t, cfg.CipherSuites)
	require.Nil(t, cfg.CurvePreferences)

	cfg = clientConfig(t, b, certbundle.AllowRSAKeyExchange())
	require.Equal(t, uint16(tls.VersionTLS12), cfg.MinVersion)
	require.Equal(t, uint16(tls.VersionTLS12), cfg.MaxVersion)
	require.Nil(t, cfg.CurvePreferences)
	require.False(t, cfg.InsecureSkipVerify)
	want := map[uint16]bool{
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256: true, tls.TLS_RSA_WITH_AES_256_GCM_SHA384: true,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA: true, tls.TLS_RSA_WITH_AES_256_CBC_SHA: true,
	}
	for _, suite := range tls.CipherSuites() {
		if suite.SupportedVersions[0] != tls.VersionTLS13 {
			want[suite.ID] = true
		}
	}
	require.Len(t, cfg.CipherSuites, len(want), "each once")
	for _, id := range cfg.CipherSuites {
		require.True(t, want[id], tls.CipherSuiteName(id))
	}
}

// TestNodesThatAnnounceAnotherCA: with nothing but Certificates, crypto/tls
// would show no certificate.
func TestNodesThatAnnounceAnotherCA(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t, asCA("another CA"))
	// The same name, but as a PrintableString where the CA has another.
	encoded := newAuthority(t, func(c *x509.Certificate) {
		c.RawSubject = nameDER(t, asn1.TagUTF8String, "chain CA", 2, 5, 4, 3)
	})
	require.Equal(t, ca.cert.Subject.String(), encoded.cert.Subject.String())
	require.NotEqual(t, ca.cert.RawSubject, encoded.cert.RawSubject)
	b := ca.bundle(t)
	dir := onDisk(t, b)
	nodeFiles(t, dir, ca.node(t))
	for name, announced := range map[string]*authority{"another name": other, "the same, differently encoded": encoded} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				cfg := clientConfig(t, b, certbundle.TrustChainOnly())
				cfg.MaxVersion = version
				node := ca.node(t)
				node.ClientAuth = tls.RequireAnyClientCert
				node.ClientCAs = x509.NewCertPool()
				node.ClientCAs.AddCert(announced.cert)
				clientErr, serverErr, _ := handshake(t, cfg, node)
				require.NoError(t, clientErr)
				require.NoError(t, serverErr)

				cfg.GetClientCertificate = nil
				_, serverErr, _ = handshake(t, cfg, node)
				require.ErrorContains(t, serverErr, "client didn't provide a certificate")
			}
			file := "announced-" + base64.RawURLEncoding.EncodeToString([]byte(name)) + ".crt"
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), pemCerts(announced.cert), 0o600))
			node := opensslNode(t, dir, "-Verify", "3", "-CAfile", file, "-verifyCAfile", "ca.crt")
			page, err := askOpenSSL(t, node, clientConfig(t, b, certbundle.TrustChainOnly()))
			require.NoError(t, err)
			require.Regexp(t, regexp.MustCompile(`Client certificate\n`), page)
		})
	}
}

// TestNodesOfOtherSignatureAlgorithms: crypto/tls itself says that no
// certificate can be shown.
func TestNodesOfOtherSignatureAlgorithms(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	b := ca.bundle(t) // of an elliptic curve
	dir := onDisk(t, b)
	nodeFiles(t, dir, ca.node(t))
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		node := opensslNode(t, dir, version, "-Verify", "3", "-CAfile", "ca.crt", "-client_sigalgs", "rsa_pss_rsae_sha256")
		_, err := askOpenSSL(t, node, clientConfig(t, b, certbundle.TrustChainOnly()))
		require.ErrorContains(t, err, "tls: peer doesn't support any of the certificate's signature algorithms", version)
	}
}

// An issuer that stands in ca.crt alone is shown, for a node that knows the
// root alone.
func TestIssuersAreShown(t *testing.T) {
	t.Parallel()
	root := newAuthority(t)
	enterprise := root.sub(t, asCA("enterprise CA"))
	issuing := enterprise.sub(t, asCA("issuing CA"))
	renewed := sign(t, root.cert, root.cert, root.key.Public(), root.key)
	leaf := issuing.bundle(t)
	first, err := certbundle.ParseCertificates(leaf.ClientCert)
	require.NoError(t, err)
	whole := certs(first[0], issuing.cert, enterprise.cert)
	for name, tt := range map[string]struct {
		sent, cas, want []*x509.Certificate
	}{
		"in ca.crt alone":       {first, certs(issuing.cert, enterprise.cert, root.cert), whole},
		"in ca.crt, backwards":  {first, certs(root.cert, enterprise.cert, issuing.cert), whole},
		"in client.crt alone":   {whole, certs(root.cert), whole},
		"one in each":           {certs(first[0], issuing.cert), certs(enterprise.cert, root.cert), whole},
		"in both":               {whole, certs(issuing.cert, enterprise.cert, root.cert), whole},
		"client.crt disordered": {certs(first[0], enterprise.cert, issuing.cert), certs(root.cert), whole},
		"the root sent too":     {append(certs(whole...), root.cert), certs(root.cert), whole},
		"a stranger sent too":   {certs(first[0], newAuthority(t).cert, issuing.cert, enterprise.cert), certs(root.cert), whole},
		"two roots of one key":  {whole, certs(renewed, root.cert), whole},
		"ca.crt has no root":    {first, certs(issuing.cert, enterprise.cert), whole},
		"no way":                {first, certs(root.cert), first},
		"no ca.crt":             {whole, nil, whole},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := *leaf
			b.ClientCert, b.CACert, b.TrustStore = pemCerts(tt.sent...), pemCerts(tt.cas...), trustStore(t, "mychain", root.cert)
			cert, err := b.TLSCertificate("")
			require.NoError(t, err)
			var want [][]byte
			for _, c := range tt.want {
				want = append(want, c.Raw)
			}
			require.Equal(t, want, cert.Certificate)
			if len(want) < 3 || tt.cas == nil {
				return
			}
			b.TrustStore = nil
			_, err = b.Verify("")
			require.NoError(t, err)
			node := root.node(t) // whose ClientCAs are the root
			cfg := clientConfig(t, &b, certbundle.PinNodes(certbundle.Pin(nodeCert(t, node))))
			shown, err := cfg.GetClientCertificate(&tls.CertificateRequestInfo{})
			require.NoError(t, err)
			require.Equal(t, want, shown.Certificate)
			clientErr, serverErr, _ := handshake(t, cfg, node)
			require.NoError(t, clientErr)
			require.NoError(t, serverErr)
		})
	}
}

// Two CAs that have signed each other have no root above them.
func TestIssuersInACircle(t *testing.T) {
	t.Parallel()
	a, b := newAuthority(t, asCA("a")), newAuthority(t, asCA("b"))
	aByB, bByA := sign(t, a.cert, b.cert, a.key.Public(), b.key), sign(t, b.cert, a.cert, b.key.Public(), a.key)
	bundle := a.bundle(t)
	bundle.CACert = pemCerts(aByB, bByA)
	cert, err := bundle.TLSCertificate("")
	require.NoError(t, err)
	require.Equal(t, [][]byte{cert.Leaf.Raw, aByB.Raw, bByA.Raw}, cert.Certificate)
}
