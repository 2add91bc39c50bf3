package baastest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
)

const (
	trustStorePassword = "mychain"

	// certBackdate keeps a certificate valid for those whose clocks are a little slow.
	certBackdate = time.Hour
)

// authority is the chain's CA. It comes into being at the first certificate: a server that only refuses needs none.
type authority struct {
	now      func() time.Time
	issuance Issuance

	mu     sync.Mutex
	keys   primePool
	ca     *chainCA
	serial int64 // the last of those that are times
}

// chainCA is what signs certificates, and the files that tell of it. It does not change.
type chainCA struct {
	cert           *x509.Certificate
	key            *rsa.PrivateKey
	caCrt, trustCA []byte
}

// order is what a certificate is asked for.
type order struct {
	chain      string
	subject    pkix.Name
	rawSubject []byte // of a CSR
	key        *rsa.PublicKey
	node       bool
}

// issuer returns the CA, which the first caller makes.
func (a *authority) issuer() (*chainCA, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ca != nil {
		return a.ca, nil
	}
	build := a.makeModernCA
	switch a.issuance {
	case Console2019:
		build = a.make2019CA
	case Console2021:
		build = a.make2021CA
	}
	ca, err := build(a.now().UTC())
	if err != nil {
		return nil, fmt.Errorf("CA: %w", err)
	}
	a.ca = ca
	return ca, nil
}

// newKey returns a key that was never given out before.
func (a *authority) newKey() (*rsa.PrivateKey, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys.next()
}

// files returns ca.crt (PEM) and trustCa (JKS).
func (a *authority) files() (caCrt, trustCA []byte, err error) {
	ca, err := a.issuer()
	if err != nil {
		return nil, nil, err
	}
	return ca.caCrt, ca.trustCA, nil
}

// issue returns a certificate in DER.
func (a *authority) issue(o order) ([]byte, error) {
	ca, err := a.issuer()
	if err != nil {
		return nil, err
	}
	switch a.issuance {
	case Console2019:
		return a.issue2019(ca, o)
	case Console2021:
		return a.issue2021(ca, o)
	default:
		return a.issueModern(ca, o)
	}
}

// makeModernCA is called with the lock held, as are the other two.
func (a *authority) makeModernCA(now time.Time) (*chainCA, error) {
	key, err := a.keys.next()
	if err != nil {
		return nil, err
	}
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
		return nil, err
	}
	return newChainCA(key, "ca", now, der)
}

// newChainCA puts a CA together. ders are the certificates of ca.crt, that of key first; it alone is in trustCa.
func newChainCA(key *rsa.PrivateKey, alias string, now time.Time, ders ...[]byte) (*chainCA, error) {
	cert, err := x509.ParseCertificate(ders[0])
	if err != nil {
		return nil, err
	}
	trustCA, err := newTrustStore(alias, ders[0], now)
	if err != nil {
		return nil, err
	}
	return &chainCA{cert: cert, key: key, caCrt: encodeCertificates(ders...), trustCA: trustCA}, nil
}

// newTrustStore returns a JKS that holds the certificate as a trusted one.
func newTrustStore(alias string, der []byte, now time.Time) ([]byte, error) {
	store := keystore.New()
	err := store.SetTrustedCertificateEntry(alias, keystore.TrustedCertificateEntry{
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

func (a *authority) issueModern(ca *chainCA, o order) ([]byte, error) {
	now := a.now().UTC()
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               o.subject,
		RawSubject:            o.rawSubject,
		NotBefore:             now.Add(-certBackdate),
		NotAfter:              now.AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	if o.node {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, o.key, ca.key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return der, nil
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
