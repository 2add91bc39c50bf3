package baastest_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// identityOf applies for a certificate and returns it with its key, and the CA.
func identityOf(t *testing.T, srv *baastest.Server, commonName string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	v := application(t, srv, time.Now())
	v.Set("CommonName", commonName)
	result := mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv))).result(t)
	client := parseCertificate(t, download(t, srv, result.DownloadPath.ClientCrtUrl).body)
	roots := x509.NewCertPool()
	roots.AddCert(parseCertificate(t, download(t, srv, result.DownloadPath.CaCrtUrl).body))
	return tls.Certificate{
		Certificate: [][]byte{client.Raw}, PrivateKey: decryptKey(t, result.PrivateKey),
	}, roots
}

// greet connects and returns the node's first line.
func greet(t *testing.T, node *baastest.Node, cfg *tls.Config) (string, *tls.Conn, error) {
	t.Helper()
	conn, err := tls.Dial("tcp", node.Addr(), cfg)
	if err != nil {
		return "", nil, err
	}
	t.Cleanup(func() { conn.Close() })
	// A byte at a time: what follows the line is the caller's to read.
	var line strings.Builder
	for b := make([]byte, 1); b[0] != '\n'; line.Write(b) {
		if _, err := conn.Read(b); err != nil {
			return "", nil, err
		}
	}
	return line.String(), conn, nil
}

func TestNodeGreetsAndEchoes(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		node := srv.NewNode()
		host, _, err := net.SplitHostPort(node.Addr())
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1", host)
		cert, roots := identityOf(t, srv, "浙江 app\r\nhello root")
		for name, cfg := range map[string]*tls.Config{
			"TLS 1.3": {Certificates: []tls.Certificate{cert}, RootCAs: roots},
			"TLS 1.2": {Certificates: []tls.Certificate{cert}, RootCAs: roots, MaxVersion: tls.VersionTLS12},
		} {
			line, conn, err := greet(t, node, cfg)
			require.NoError(t, err, name)
			require.Equal(t, "hello 浙江 app  hello root\n", line, name)
			_, err = io.WriteString(conn, "one\ntwo\n")
			require.NoError(t, err)
			lines := bufio.NewReader(conn)
			for _, want := range []string{"one\n", "two\n"} {
				got, err := lines.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		}
	})
}

func TestNodeRefusesOtherClients(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	node := srv.NewNode()
	cert, roots := identityOf(t, srv, "app")
	foreign, _ := identityOf(t, newServer(t), "app")
	for name, cfg := range map[string]*tls.Config{
		"without certificate":          {RootCAs: roots},
		"with another CA's":            {RootCAs: roots, Certificates: []tls.Certificate{foreign}},
		"over TLS 1.1":                 {RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"that do not know the node's":  {RootCAs: x509.NewCertPool(), Certificates: []tls.Certificate{cert}},
		"that expect a name, not 127…": {RootCAs: roots, Certificates: []tls.Certificate{cert}, ServerName: "node"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := greet(t, node, cfg)
			require.Error(t, err)
		})
	}
	line, _, err := greet(t, node, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}})
	require.NoError(t, err)
	require.Equal(t, "hello app\n", line)
}

func TestNodeReadsTheServersClock(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Now().AddDate(3, 0, 0) }
	srv := newServer(t, baastest.WithClock(now))
	v := sign(http.MethodPost, application(t, srv, now()), secretOf(t, srv))
	result := mustPost(t, srv, v).result(t)
	client := parseCertificate(t, download(t, srv, result.DownloadPath.ClientCrtUrl).body)
	roots := x509.NewCertPool()
	roots.AddCert(parseCertificate(t, download(t, srv, result.DownloadPath.CaCrtUrl).body))
	cert := tls.Certificate{Certificate: [][]byte{client.Raw}, PrivateKey: decryptKey(t, result.PrivateKey)}
	line, _, err := greet(t, srv.NewNode(), &tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{cert}, Time: now,
	})
	require.NoError(t, err)
	require.Equal(t, "hello app-1\n", line)
}

func TestCloseEndsNodesAndTheirConnections(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	node := srv.NewNode()
	cert, roots := identityOf(t, srv, "app")
	_, conn, err := greet(t, node, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}})
	require.NoError(t, err)
	silent, err := net.Dial("tcp", node.Addr()) // never shakes hands
	require.NoError(t, err)
	defer silent.Close()

	srv.Close()
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	for _, addr := range []string{node.Addr(), srv.NewNode().Addr()} {
		_, err = net.Dial("tcp", addr)
		require.Error(t, err)
	}
}

// bundleOf is an identity and its CAs, whatever the issuance.
func bundleOf(t *testing.T, srv *baastest.Server) (tls.Certificate, []*x509.Certificate) {
	t.Helper()
	got := obtain(t, srv, nil)
	cert := tls.Certificate{
		Certificate: [][]byte{parseCertificate(t, got.clientCrt).Raw}, PrivateKey: decryptKey(t, got.key),
	}
	return cert, parseAll(t, got.caCrt)
}

// show sends the certificate whatever names the node announces. Of the node nothing is checked.
func show(cert *tls.Certificate) *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return cert, nil
		},
	}
}

func issuances() map[string]baastest.Issuance {
	return map[string]baastest.Issuance{
		"Modern": baastest.Modern, "Console2019": baastest.Console2019, "Console2021": baastest.Console2021,
	}
}

func TestNodeOfEveryIssuanceWithEveryOption(t *testing.T) {
	t.Parallel()
	for name, issuance := range issuances() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, baastest.WithIssuance(issuance))
			cert, cas := bundleOf(t, srv)
			foreign, _ := bundleOf(t, newServer(t, baastest.WithIssuance(issuance)))
			other, _ := encodedName("Another CA")
			for names, want := range map[baastest.CANames][][]byte{
				baastest.OwnCAName: {cas[0].RawSubject}, baastest.ReencodedCAName: nil, baastest.OtherCAName: {other},
				baastest.NoCAName: {}, 99: {cas[0].RawSubject},
			} {
				node := srv.NewNode(nil, baastest.AnnounceCAs(names))
				for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
					var announced [][]byte
					cfg := show(&cert)
					cfg.MinVersion, cfg.MaxVersion = version, version
					cfg.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
						announced = info.AcceptableCAs
						return &cert, nil
					}
					line, conn, err := greet(t, node, cfg)
					require.NoError(t, err, "%d", names)
					require.Contains(t, line, "app-1\n")
					require.Equal(t, node.Certificate().Raw, conn.ConnectionState().PeerCertificates[0].Raw)
					if want == nil {
						requireSameNameOtherwise(t, cas[0].RawSubject, announced)
					} else {
						require.ElementsMatch(t, want, announced)
					}
				}
				_, _, err := greet(t, node, show(&foreign))
				require.Error(t, err, "of another CA")
				_, _, err = greet(t, node, show(new(tls.Certificate)))
				require.Error(t, err, "without certificate")
			}
		})
	}
}

func encodedName(common string) ([]byte, error) {
	return asn1.Marshal(pkix.Name{CommonName: common}.ToRDNSequence())
}

func requireSameNameOtherwise(t *testing.T, name []byte, announced [][]byte) {
	t.Helper()
	require.Len(t, announced, 1)
	require.NotEqual(t, name, announced[0])
	var a, b pkix.RDNSequence
	_, err := asn1.Unmarshal(name, &a)
	require.NoError(t, err)
	_, err = asn1.Unmarshal(announced[0], &b)
	require.NoError(t, err)
	require.Equal(t, a.String(), b.String())
}

func TestNodeWithoutCurves(t *testing.T) {
	t.Parallel()
	for name, issuance := range issuances() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, baastest.WithIssuance(issuance))
			cert, _ := bundleOf(t, srv)
			node := srv.NewNode(baastest.NoCurves())
			_, _, err := greet(t, node, show(&cert))
			require.ErrorContains(t, err, "handshake failure")
			cfg := show(&cert)
			cfg.MaxVersion, cfg.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
			_, conn, err := greet(t, node, cfg)
			require.NoError(t, err)
			require.Equal(t, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, conn.ConnectionState().CipherSuite)
		})
	}
}

// A node of Console2021 checks signatures by itself: what crypto/tls would have refused it has to refuse, too.
func TestNodeOf2021RefusesForgeries(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	srv := newServer(t, baastest.WithIssuance(baastest.Console2021), baastest.WithClock(clock))
	node := srv.NewNode()
	cert, cas := bundleOf(t, srv)
	key := cert.PrivateKey.(*rsa.PrivateKey)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)

	flipped := bytes.Clone(cert.Certificate[0])
	flipped[len(flipped)-1] ^= 1
	selfSigned, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	require.NoError(t, err)
	sameName := &x509.Certificate{RawSubject: cas[0].RawSubject, SerialNumber: big.NewInt(1)}
	ofSameName, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: leaf.NotAfter, Subject: leaf.Subject, ExtKeyUsage: leaf.ExtKeyUsage,
	}, sameName, key.Public(), key)
	require.NoError(t, err)
	twin := parseAll(t, readTwin(t, "gen2").clientCrt)[0].Raw
	for name, der := range map[string][]byte{
		"a changed signature": flipped, "signed by itself": selfSigned, "of a CA of the same name": ofSameName,
		"the CA's own": cas[0].Raw, "the twin's": twin,
	} {
		_, _, err := greet(t, node, show(&tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}))
		require.Error(t, err, name)
	}
	_, _, err = greet(t, node, show(&cert))
	require.NoError(t, err)
	mu.Lock()
	now = leaf.NotAfter.Add(time.Second)
	mu.Unlock()
	_, _, err = greet(t, node, show(&cert))
	require.Error(t, err, "expired")
	mu.Lock()
	now = leaf.NotBefore.Add(-time.Second)
	mu.Unlock()
	_, _, err = greet(t, node, show(&cert))
	require.Error(t, err, "not yet valid")
}
