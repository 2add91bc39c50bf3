package certbundle

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Report says what a bundle is, for people and for those who watch for
// certificates that are about to expire.
type Report struct {
	Subject, Issuer     string
	SerialNumber        string // hexadecimal
	NotBefore, NotAfter time.Time
	KeyAlgorithm        string // "RSA 2048"
	KeyEncryption       string // "PBES2 AES-256-CBC PBKDF2-HMAC-SHA256"; "none"; empty if unknown
}

// Verify checks all that can be checked without a node: that the password
// opens the private key, that key and client.crt are a pair, that client.crt
// leads to ca.crt, that today lies within their validity, and that the trust
// store opens and holds the same CA. A key in the clear opens with any password:
// see Report.KeyEncryption.
//
// The faults are ErrPassword, ErrKeyMismatch, ErrUntrusted, ErrExpired and
// ErrMalformed.
// All faults are reported, joined into one error. The Report is there whenever
// client.crt can be parsed, beside an error or not. A file that is not there
// is a fault that matches fs.ErrNotExist.
func (b *Bundle) Verify(password string) (*Report, error) {
	return b.verify(password, time.Now())
}

func (b *Bundle) verify(password string, now time.Time) (*Report, error) {
	if b == nil {
		return nil, errNilBundle
	}
	key, encryption, keyErr := openKey(b.PrivateKey, password)
	chain, _, certErr := parseCertificates(ClientCertFile, b.ClientCert)
	cas, _, caErr := parseCertificates(CACertFile, b.CACert)
	trusted, _, storeErr := parseTrustStore(b.TrustStore)

	faults := []error{keyErr, certErr, caErr, storeErr}
	if keyErr == nil && certErr == nil {
		faults = append(faults, checkPair(key, chain[0]))
	}
	if certErr == nil {
		faults = append(faults, checkValidity(ClientCertFile, chain[0], now))
	}
	if certErr == nil && caErr == nil {
		faults = append(faults, checkChain(chain, cas, now))
	}
	if caErr == nil && storeErr == nil {
		faults = append(faults, checkSameCAs(cas, trusted))
	}
	if certErr != nil {
		return nil, errors.Join(faults...)
	}
	return newReport(chain[0], encryption), errors.Join(faults...)
}

func newReport(cert *x509.Certificate, encryption string) *Report {
	return &Report{
		Subject:       cert.Subject.String(),
		Issuer:        cert.Issuer.String(),
		SerialNumber:  fmt.Sprintf("%X", cert.SerialNumber),
		NotBefore:     cert.NotBefore,
		NotAfter:      cert.NotAfter,
		KeyAlgorithm:  keyAlgorithm(cert),
		KeyEncryption: encryption,
	}
}

func keyAlgorithm(cert *x509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Params().Name
	default:
		return cert.PublicKeyAlgorithm.String()
	}
}

func checkValidity(file string, cert *x509.Certificate, now time.Time) error {
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return fmt.Errorf("%w: %s is valid from %s to %s", ErrExpired, file,
			cert.NotBefore.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// checkChain checks who issued the certificate apart from when: one that has
// expired is not untrusted. The validity of the first certificate is left to
// the caller, that of the others is checked here.
func checkChain(chain, cas []*x509.Certificate, now time.Time) error {
	// To crypto/x509, any certificate among the roots vouches for itself.
	if err := checkHoldsCA(cas); err != nil {
		return fmt.Errorf("%w: %s %w", ErrUntrusted, CACertFile, err)
	}
	if err := leadsTo(timeless(chain), timeless(cas), now); err != nil {
		return fmt.Errorf("%w: %s does not lead to %s: %w", ErrUntrusted, ClientCertFile, CACertFile, err)
	}
	issuers := chain[1:]
	if leadsTo(append(timeless(chain[:1]), issuers...), cas, now) == nil {
		return nil
	}
	// No way to the CA is valid today. Whatever has expired is the reason.
	var faults []error
	for _, cert := range issuers {
		faults = append(faults, checkValidity(ClientCertFile, cert, now))
	}
	for _, cert := range cas {
		faults = append(faults, checkValidity(CACertFile, cert, now))
	}
	return errors.Join(faults...)
}

// leadsTo checks that the first certificate of the chain is a client's and
// that one of cas stands behind it.
func leadsTo(chain, cas []*x509.Certificate, now time.Time) error {
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         newPool(cas),
		Intermediates: newPool(chain[1:]),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, // or none said, or any
	})
	return err
}

// timeless returns copies that are valid at any time. Signatures are checked
// on the encoded certificate, which stays.
func timeless(certs []*x509.Certificate) []*x509.Certificate {
	out := make([]*x509.Certificate, len(certs))
	for i, cert := range certs {
		c := *cert
		c.NotBefore, c.NotAfter = time.Time{}, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		out[i] = &c
	}
	return out
}

// checkSameCAs checks that Java, which reads the trust store, trusts the same
// CAs as everybody else: none that ca.crt does not have, and none less.
func checkSameCAs(cas, trusted []*x509.Certificate) error {
	if !covers(trusted, cas) || !covers(cas, trusted) {
		return fmt.Errorf("%w: %s holds another CA than %s", ErrUntrusted, TrustStoreFile, CACertFile)
	}
	return nil
}

// covers reports whether every one of some is among all.
func covers(all, some []*x509.Certificate) bool {
	for _, cert := range some {
		if !slices.ContainsFunc(all, cert.Equal) {
			return false
		}
	}
	return true
}
