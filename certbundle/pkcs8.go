package certbundle

import (
	"crypto"
	"crypto/x509"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidRSA     = "1.2.840.113549.1.1.1"
	oidEC      = "1.2.840.10045.2.1"
	oidEd25519 = "1.3.101.112"
)

// errNotPKCS8 tells a wrong password from a key that is at fault itself:
// random bytes are no PrivateKeyInfo.
var errNotPKCS8 = errors.New("not a PrivateKeyInfo")

// parsePKCS8 parses a private key in the clear. Its errors quote no part of it.
func parsePKCS8(der []byte) (crypto.Signer, error) {
	algorithm, curve, inner, ok := splitPKCS8(der)
	if !ok {
		return nil, errNotPKCS8
	}
	if algorithm == oidRSA && !modestRSA(inner) {
		return nil, malformed(ClientKeyFile, "not an RSA key of two primes and at most %d bits", maxRSABits)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, notParsed(algorithm, curve)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, malformed(ClientKeyFile, "key of algorithm %s cannot sign", shortOID(algorithm))
	}
	return signer, nil
}

// notParsed is the error for a key that crypto/x509 refuses.
func notParsed(algorithm, curve string) error {
	if key, ok := foreignKeyOf(algorithm, curve); ok {
		return unsupported(ClientKeyFile, "%s, which Go does not have; %s", key.name, key.readers)
	}
	switch algorithm {
	case oidRSA, oidEC, oidEd25519:
		return malformed(ClientKeyFile, "key of algorithm %s is damaged or not supported", algorithm)
	}
	return unsupported(ClientKeyFile, "a key of the algorithm %s, which Go does not have", shortOID(algorithm))
}

// splitPKCS8 takes a PrivateKeyInfo (RFC 5208) apart. There is a curve if the
// algorithm has one as its parameter. Attributes at its end are not looked at.
func splitPKCS8(der []byte) (algorithm, curve string, inner cryptobyte.String, ok bool) {
	var (
		whole   = cryptobyte.String(der)
		s       cryptobyte.String
		version uint
	)
	ok = whole.ReadASN1(&s, asn1.SEQUENCE) && whole.Empty() &&
		s.ReadASN1Integer(&version) && version <= 1
	if !ok {
		return "", "", nil, false
	}
	algorithm, params, ok := readAlgorithm(&s)
	curve, _ = readOID(&params)
	return algorithm, curve, inner, ok && s.ReadASN1(&inner, asn1.OCTET_STRING)
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
