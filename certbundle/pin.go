package certbundle

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	pinPrefix      = "sha256//" // as curl and OpenSSL's users write it
	pinShortPrefix = "sha256/"  // as HPKP and OkHttp do
	pinLength      = 44         // Base64 of a SHA-256
)

// Pin returns what PinNodes takes: "sha256//" and the Base64 of the SHA-256 of
// the certificate's SubjectPublicKeyInfo, which is also what curl's
// --pinnedpubkey takes. A pin is no secret, and it stays the same in every
// certificate of one key. Pin returns "" for a certificate that was not parsed.
//
// A node's certificate is PeerCertificates[0] of the ConnectionState of a
// connection to it. Take it over a network that you trust, or compare the pin
// with one that the node's operator has sent.
func Pin(cert *x509.Certificate) string {
	if cert == nil || len(cert.RawSubjectPublicKeyInfo) == 0 {
		return ""
	}
	return pinPrefix + keyHash(cert)
}

func keyHash(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// parsePin returns the Base64 of a pin.
func parsePin(pin string) (string, error) {
	// A slash is a digit of Base64, so the length says which prefix it is.
	hash, ok := strings.CutPrefix(pin, pinPrefix)
	if !ok || len(hash) != pinLength {
		hash, ok = strings.CutPrefix(pin, pinShortPrefix)
	}
	if ok && len(hash) == pinLength {
		sum, err := base64.StdEncoding.Strict().DecodeString(hash)
		if err == nil && len(sum) == sha256.Size {
			return hash, nil
		}
	}
	if pin == "" {
		return "", errors.New("certbundle: PinNodes: the pin is empty: was it read from a variable that is not set?")
	}
	return "", fmt.Errorf("certbundle: PinNodes: %.64q is not a pin, which is %q and the Base64 of a SHA-256, 44 characters: see Pin",
		pin, pinPrefix)
}

// checkPin checks that the node has one of the keys. That it holds the private
// half the handshake itself proves.
func checkPin(certs []*x509.Certificate, pins map[string]bool) error {
	if len(certs) == 0 {
		return errNoNodeCertificate
	}
	if pins[keyHash(certs[0])] {
		return nil
	}
	return &nodeError{ErrUntrusted, "its key is none of those of PinNodes", &tls.CertificateVerificationError{
		UnverifiedCertificates: certs, Err: errors.New("its pin is " + Pin(certs[0])),
	}}
}
