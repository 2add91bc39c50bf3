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

// ParseCertificatesAll also returns what is unsupported.
func ParseCertificatesAll(file string, data []byte) ([]*x509.Certificate, []error, error) {
	return parseCertificates(file, data)
}

// ParseTrustStoreAll also returns what is unsupported.
func ParseTrustStoreAll(data []byte) ([]*x509.Certificate, []error, error) {
	return parseTrustStore(data)
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
	return s.kdf.cost(s.cipher.keySize), nil
}

// Scrub is what errors of transports go through.
func Scrub(text, query string) string { return scrub(text, &url.URL{RawQuery: query}) }

// PasswordForms returns how many forms of the password a key is tried with.
func PasswordForms(file []byte, password string) int {
	block, err := keyBlock(file)
	if err != nil {
		panic(err)
	}
	der, _ := block.decode()
	s, _, err := parseEncrypted(der)
	if err != nil {
		panic(err)
	}
	if s.otherForm(password) == "" {
		return 1
	}
	return 2
}

var ParsePin = parsePin
