package certbundle

import (
	"crypto"
	"crypto/x509"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const oidRSA = "1.2.840.113549.1.1.1"

// errNotPKCS8 tells a wrong password from a key that is at fault itself:
// random bytes are no PrivateKeyInfo.
var errNotPKCS8 = errors.New("not a PrivateKeyInfo")

// parsePKCS8 parses a private key in the clear. Its errors quote no part of it.
func parsePKCS8(der []byte) (crypto.Signer, error) {
	algorithm, inner, ok := splitPKCS8(der)
	if !ok {
		return nil, errNotPKCS8
	}
	if algorithm == oidRSA && !modestRSA(inner) {
		return nil, malformed(ClientKeyFile, "not an RSA key of two primes and at most %d bits", maxRSABits)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, malformed(ClientKeyFile, "key of algorithm %s is damaged or not supported", algorithm)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, malformed(ClientKeyFile, "key of algorithm %s cannot sign", algorithm)
	}
	return signer, nil
}

// splitPKCS8 takes a PrivateKeyInfo (RFC 5208) apart. Attributes at its end
// are not looked at.
func splitPKCS8(der []byte) (algorithm string, inner cryptobyte.String, ok bool) {
	var (
		whole   = cryptobyte.String(der)
		s       cryptobyte.String
		version uint
	)
	ok = whole.ReadASN1(&s, asn1.SEQUENCE) && whole.Empty() &&
		s.ReadASN1Integer(&version) && version <= 1
	if !ok {
		return "", nil, false
	}
	algorithm, _, ok = readAlgorithm(&s)
	return shortOID(algorithm), inner, ok && s.ReadASN1(&inner, asn1.OCTET_STRING)
}

// modestRSA reports whether an RSAPrivateKey (RFC 8017) has two primes and no
// number that is too long. crypto/x509 calculates with all of them before it
// finds that they do not belong together.
func modestRSA(der cryptobyte.String) bool {
	const numbers = 9 // version, n, e, d, p, q, and three for the Chinese remainder theorem
	var s cryptobyte.String
	if !der.ReadASN1(&s, asn1.SEQUENCE) || !der.Empty() {
		return false
	}
	for range numbers {
		var n []byte
		if !s.ReadASN1Integer(&n) || len(n) > maxRSABits/8 {
			return false
		}
	}
	return s.Empty()
}
