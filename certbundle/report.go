package certbundle

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// warnBefore is how long before its end a certificate is worth a warning.
const warnBefore = 30 * 24 * time.Hour

// A Report says what a bundle is, for people and for those who watch for
// certificates that are about to expire.
type Report struct {
	// Subject and Issuer are names as in RFC 4514, with OpenSSL's short names of
	// the attribute types.
	Subject, Issuer     string
	SerialNumber        string // hexadecimal
	NotBefore, NotAfter time.Time
	KeyAlgorithm        string // "RSA 2048"
	KeyEncryption       string // "PBES2 AES-256-CBC PBKDF2-HMAC-SHA256"; "none"; empty if unknown
	SignatureAlgorithm  string // "SHA1-RSA"
	// Warnings are what stops no connection of this program: see Verify.
	Warnings []error
}

func newReport(cert *x509.Certificate, encryption string) *Report {
	return &Report{
		Subject:            nameText(cert.Subject, cert.RawSubject),
		Issuer:             nameText(cert.Issuer, cert.RawIssuer),
		SerialNumber:       fmt.Sprintf("%X", cert.SerialNumber),
		NotBefore:          cert.NotBefore,
		NotAfter:           cert.NotAfter,
		KeyAlgorithm:       keyAlgorithm(cert),
		KeyEncryption:      encryption,
		SignatureAlgorithm: cert.SignatureAlgorithm.String(),
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

// weakSignatures warns of SHA-1 between client.crt and the root.
func weakSignatures(certs []*x509.Certificate) []error {
	n := 0
	for _, cert := range certs {
		if hasSHA1Signature(cert) && !isRoot(cert) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []error{fault(ClientCertFile, fmt.Sprintf("%d of the %d certificates from it to the root in %s bear a SHA-1 signature; "+
		"they were checked, but Go and OpenSSL 3, and so Node.js, refuse such nodes: see PinNodes and AllowSHA1",
		n, len(certs), CACertFile), ErrWeakSignature)}
}

// endsSoon warns of certificates on a way that is valid now and not for much
// longer.
func (f *chainFinder) endsSoon(w way) []error {
	soon := f.now.Add(warnBefore)
	warnings := warnOfEnd(nil, ClientCertFile, f.chain[0], f.now)
	if len(w.certs) < 2 || !slices.ContainsFunc(w.certs[1:], func(c *x509.Certificate) bool { return !validAt(c, soon) }) {
		return warnings
	}
	// The certificate that follows may be there.
	later := *f
	later.now = soon
	if next, err := later.find(f.cas); err == nil && next.valid {
		return warnings
	}
	for _, cert := range w.certs[1:] {
		file := CACertFile
		if slices.ContainsFunc(f.chain, cert.Equal) {
			file = ClientCertFile
		}
		warnings = warnOfEnd(warnings, file, cert, f.now)
	}
	return warnings
}

func warnOfEnd(warnings []error, file string, cert *x509.Certificate, now time.Time) []error {
	left := cert.NotAfter.Sub(now)
	if left < 0 || left >= warnBefore {
		return warnings
	}
	return append(warnings, fault(file, fmt.Sprintf("ends in %d days, at %s: apply for a certificate before",
		int(left/(24*time.Hour)), cert.NotAfter.UTC().Format(time.RFC3339)), ErrExpired))
}
