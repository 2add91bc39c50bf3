package baastest_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
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
