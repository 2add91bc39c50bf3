package certbundle_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/antchain-go/baas/certbundle"
)

// An authority is a CA that issues what baastest's does not: certificates with
// faults. Its keys are of elliptic curves, which are quick to make.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

type change func(*x509.Certificate)

func newAuthority(t testing.TB, changes ...change) *authority {
	t.Helper()
	key := newECKey(t)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "chain CA"},
		NotBefore:             time.Now().AddDate(-1, 0, 0),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	for _, c := range changes {
		c(template)
	}
	return &authority{sign(t, template, template, key.Public(), key), key}
}

// sub returns an intermediate CA.
func (a *authority) sub(t testing.TB, changes ...change) *authority {
	t.Helper()
	changes = append([]change{func(c *x509.Certificate) {
		c.Subject.CommonName = "intermediate CA"
		c.IsCA = true
		c.KeyUsage = x509.KeyUsageCertSign
		c.ExtKeyUsage = nil
	}}, changes...)
	cert, key := a.issue(t, changes...)
	return &authority{cert, key}
}

// issue makes a client's certificate, unless changed.
func (a *authority) issue(t testing.TB, changes ...change) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key := newECKey(t)
	return a.certify(t, key.Public(), changes...), key
}

func (a *authority) certify(t testing.TB, public crypto.PublicKey, changes ...change) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(0xABCDE),
		Subject:               pkix.Name{CommonName: "app-1", Organization: []string{"Example & Co"}},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	for _, c := range changes {
		c(template)
	}
	return sign(t, template, a.cert, public, a.key)
}

// bundle returns a sound bundle whose key is in the clear.
func (a *authority) bundle(t testing.TB, changes ...change) *certbundle.Bundle {
	t.Helper()
	cert, key := a.issue(t, changes...)
	return &certbundle.Bundle{
		PrivateKey: clearKey(t, key),
		ClientCert: pemCerts(cert),
		CACert:     pemCerts(a.cert),
		TrustStore: trustStore(t, "mychain", a.cert),
	}
}

// node returns a server's configuration with a certificate for another host
// than the tests', unless changed.
func (a *authority) node(t testing.TB, changes ...change) *tls.Config {
	t.Helper()
	changes = append([]change{func(c *x509.Certificate) {
		c.Subject.CommonName = "node"
		c.IPAddresses = []net.IP{net.IPv4(8, 136, 158, 115)}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}}, changes...)
	cert, key := a.issue(t, changes...)
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
		ClientCAs:    clients,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}
}

func validity(from, to time.Time) change {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, to }
}

func usage(u ...x509.ExtKeyUsage) change {
	return func(c *x509.Certificate) { c.ExtKeyUsage = u }
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

func newECKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func clearKey(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return pemKey("PRIVATE KEY", der)
}

// lockedKey encrypts a key with AES-256, quickly.
func lockedKey(t testing.TB, key any, password string) []byte {
	t.Helper()
	der, err := pkcs8.MarshalPrivateKey(key, []byte(password), &pkcs8.Opts{
		Cipher:  pkcs8.AES256CBC,
		KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 8, IterationCount: 1, HMACHash: crypto.SHA256},
	})
	require.NoError(t, err)
	return pemKey("ENCRYPTED PRIVATE KEY", der)
}

func pemKey(blockType string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
}

func pemCerts(certs ...*x509.Certificate) []byte {
	var b []byte
	for _, c := range certs {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}

func trustStore(t testing.TB, password string, certs ...*x509.Certificate) []byte {
	t.Helper()
	store := keystore.New()
	for i, c := range certs {
		require.NoError(t, store.SetTrustedCertificateEntry(string(rune('a'+i)), keystore.TrustedCertificateEntry{
			CreationTime: time.Now(),
			Certificate:  keystore.Certificate{Type: "X.509", Content: c.Raw},
		}))
	}
	var b bytes.Buffer
	require.NoError(t, store.Store(&b, []byte(password)))
	return b.Bytes()
}
