package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// identities are the cluster's CA and what it has issued.
type identities struct {
	ca    []byte // PEM
	admin pair
}

// A pair is a certificate and its key, in PEM.
type pair struct{ cert, key []byte }

// newIdentities makes them, and writes what the API server reads. The key of
// service accounts stays from run to run, so that tokens do.
func newIdentities(dir string) (*identities, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := template(pkix.Name{CommonName: "test cluster"})
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	ids := &identities{ca: encode("CERTIFICATE", caDER)}
	admin := template(pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}})
	admin.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if ids.admin, err = issue(admin, ca, caKey); err != nil {
		return nil, err
	}
	server := template(pkix.Name{CommonName: "kube-apiserver"})
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 0, 0, 1)}
	serving, err := issue(server, ca, caKey)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"ca.crt": ids.ca, "server.crt": serving.cert, "server.key": serving.key}
	if _, err := os.Stat(filepath.Join(dir, "accounts.key")); errors.Is(err, os.ErrNotExist) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		files["accounts.key"] = encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func template(name pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: name, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func issue(cert, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, ca, key.Public(), caKey)
	if err != nil {
		return pair{}, err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	return pair{cert: encode("CERTIFICATE", der), key: encode("EC PRIVATE KEY", keyDER)}, err
}

func encode(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// writeKubeconfig writes the administrator's. JSON is YAML.
func (ids *identities) writeKubeconfig(path, server string) error {
	b64 := base64.StdEncoding.EncodeToString
	return os.WriteFile(path, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"test",
"clusters":[{"name":"test","cluster":{"server":%q,"certificate-authority-data":%q}}],
"users":[{"name":"admin","user":{"client-certificate-data":%q,"client-key-data":%q}}],
"contexts":[{"name":"test","context":{"cluster":"test","user":"admin"}}]}
`, server, b64(ids.ca), b64(ids.admin.cert), b64(ids.admin.key)), 0o600)
}

// waitReady returns when the API server says that it is ready.
func (ids *identities) waitReady(ctx context.Context, server string) error {
	cert, err := tls.X509KeyPair(ids.admin.cert, ids.admin.key)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ids.ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := client.Get(server + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
