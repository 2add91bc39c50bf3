package certbundle

import (
	"crypto"
	"crypto/x509"
	"net/url"
	"time"
)

// What tests of package certbundle_test need from inside.

// VerifyAt is Verify on another day.
func (b *Bundle) VerifyAt(password string, now time.Time) (*Report, error) {
	return b.verify(password, now)
}

func OpenKey(data []byte, password string) (crypto.Signer, string, error) {
	return openKey(data, password)
}

func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	certs, _, err := parseCertificates(CACertFile, data)
	return certs, err
}

func ParseTrustStore(data []byte) ([]*x509.Certificate, error) {
	certs, _, err := parseTrustStore(data)
	return certs, err
}

// What a download has to pass.
var (
	CheckClientCert = checkClientCert
	CheckCACert     = checkCACert
	CheckTrustStore = checkTrustStore
)

// SealTrustStore replaces the last 20 bytes by the right digest, so that what
// is behind its check can be reached.
func SealTrustStore(data []byte) []byte {
	body := data[:max(0, len(data)-20)]
	return append(body[:len(body):len(body)], jksDigest(body)...)
}

// KeyCost returns which part of its limit an encrypted key asks for, without
// any of the work; 0 if it is not accepted.
func KeyCost(der []byte) (float64, error) {
	s, _, err := parseEncrypted(der)
	if err != nil {
		return 0, err
	}
	switch k := s.kdf.(type) {
	case pbkdf2KDF:
		return float64(k.iterations) / float64(iterationLimit(k.newHash(), s.cipher.keySize)), nil
	case scryptKDF:
		return float64(k.n*k.r*k.p) / maxScryptWork, nil
	case pbkdf1:
		return float64(k.iterations) / maxIterations, nil
	case pkcs12KDF:
		return float64(k.iterations) / maxIterations, nil
	default:
		panic("a key derivation that the tests do not know")
	}
}

// Scrub is what errors of transports go through.
func Scrub(text, query string) string { return scrub(text, &url.URL{RawQuery: query}) }

var ParsePin = parsePin
