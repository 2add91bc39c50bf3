package baastest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"sync"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
)

const (
	trustStorePassword = "mychain"
	trustStoreAlias    = "ca"

	// certBackdate keeps a certificate valid for those whose clocks are a little slow.
	certBackdate = time.Hour
)

// authority is the chain's CA. It comes into being at the first certificate: a server that only refuses needs none.
type authority struct {
	now func() time.Time

	mu             sync.Mutex
	keys           primePool
	cert           *x509.Certificate
	key            *rsa.PrivateKey
	caCrt, trustCA []byte
}

// files returns ca.crt (PEM) and trustCa (JKS), which are there once a certificate has been issued.
func (a *authority) files() (caCrt, trustCA []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.caCrt, a.trustCA
}

// issueClient makes a key and a client certificate for it, both PEM, the key encrypted with password.
func (a *authority) issueClient(subject pkix.Name, enc KeyEncryption, password string) (string, []byte, error) {
	der, key, err := a.issue(x509.Certificate{
		Subject:     subject,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", nil, err
	}
	encrypted, err := encryptKey(key, enc, password)
	if err != nil {
		return "", nil, err
	}
	return string(encrypted), encodeCertificate(der), nil
}

// issueNode makes the certificate of a chain node on 127.0.0.1, and the pool with which the node checks clients.
func (a *authority) issueNode() (tls.Certificate, *x509.CertPool, error) {
	der, key, err := a.issue(x509.Certificate{
		Subject:     pkix.Name{CommonName: "baastest node"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	clients := x509.NewCertPool()
	clients.AddCert(a.cert) // set by issue, never changed
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, clients, nil
}

// issue completes the template and signs it with the CA, for a key of its own.
func (a *authority) issue(template x509.Certificate) ([]byte, *rsa.PrivateKey, error) {
	key, err := a.prepare()
	if err != nil {
		return nil, nil, err
	}
	now := a.now().UTC()
	template.SerialNumber = newSerial()
	template.NotBefore = now.Add(-certBackdate)
	template.NotAfter = now.AddDate(1, 0, 0)
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	template.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(rand.Reader, &template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	return der, key, nil
}

// prepare makes sure that there is a CA, and returns a fresh key.
func (a *authority) prepare() (*rsa.PrivateKey, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cert == nil {
		if err := a.makeCA(); err != nil {
			return nil, fmt.Errorf("CA: %w", err)
		}
	}
	return a.keys.next()
}

// makeCA is called with the lock held.
func (a *authority) makeCA() error {
	key, err := a.keys.next()
	if err != nil {
		return err
	}
	now := a.now().UTC()
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{Organization: []string{"baastest"}, CommonName: "baastest chain CA"},
		NotBefore:             now.AddDate(-1, 0, 0),
		NotAfter:              now.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	trustCA, err := newTrustStore(der, now)
	if err != nil {
		return err
	}
	a.cert, a.key, a.caCrt, a.trustCA = cert, key, encodeCertificate(der), trustCA
	return nil
}

// newTrustStore returns a JKS that holds the certificate as a trusted one.
func newTrustStore(der []byte, now time.Time) ([]byte, error) {
	store := keystore.New()
	err := store.SetTrustedCertificateEntry(trustStoreAlias, keystore.TrustedCertificateEntry{
		CreationTime: now,
		Certificate:  keystore.Certificate{Type: "X.509", Content: der},
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := store.Store(&b, []byte(trustStorePassword)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// subjectOf is the subject that an application asks for.
func subjectOf(params url.Values) pkix.Name {
	one := func(name string) []string { return []string{params.Get(name)} }
	return pkix.Name{
		CommonName:         params.Get("CommonName"),
		Country:            one("CountryName"),
		Province:           one("StateOrProvinceName"),
		Locality:           one("LocalityName"),
		Organization:       one("OrganizationName"),
		OrganizationalUnit: one("OrganizationUnitName"),
	}
}

// newSerial returns a positive serial number of 127 bits.
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[0] = b[0]&0x7F | 0x40
	return new(big.Int).SetBytes(b[:])
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
