package certbundle

import (
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// unsupported is the error for a file that is whole and that Go cannot work
// with.
func unsupported(file, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %w", ErrUnsupported, file, fmt.Errorf(format, args...))
}

// tooMuch is the error for a file that is whole and exceeds a limit of this
// package. It matches ErrUnsupported, too: another download brings the same.
func tooMuch(file, format string, args ...any) error {
	return fault(file, fmt.Sprintf(format, args...)+": a limit of this package, see its documentation", ErrMalformed, ErrUnsupported)
}

// A foreignKey is a kind of public key that Go does not have.
type foreignKey struct{ name, readers string }

const (
	opensslReads = "OpenSSL, Node.js and BouncyCastle can"
	sm2Reads     = "OpenSSL can, and BouncyCastle; a connection with it takes Tongsuo or GmSSL"
)

// foreignKeys are known by the OID of their algorithm or curve.
var foreignKeys = map[string]foreignKey{
	"1.2.156.10197.1.301":   {"an SM2 key", sm2Reads},
	"1.2.156.10197.1.301.1": {"an SM2 key", sm2Reads},
	"1.3.132.0.10":          {"a key on the curve secp256k1", opensslReads},
	"1.3.132.0.8":           {"a key on the curve secp160r1", opensslReads},
	"1.2.840.10045.3.1.1":   {"a key on the curve P-192", opensslReads},
	"1.3.101.113":           {"an Ed448 key", "OpenSSL, Node.js and Java 15 or later can"},
	"1.3.101.111":           {"an X448 key", "OpenSSL, Node.js and Java 11 or later can"},
	"1.2.840.10040.4.1":     {"a DSA key", "OpenSSL, Node.js and Java can"},
}

const brainpool = "1.3.36.3.3.2.8.1.1."

// foreignKeyOf looks a key up by its algorithm or curve.
func foreignKeyOf(algorithm, curve string) (foreignKey, bool) {
	if key, ok := foreignKeys[algorithm]; ok {
		return key, true
	}
	if strings.HasPrefix(curve, brainpool) {
		return foreignKey{"a key on a Brainpool curve", opensslReads}, true
	}
	key, ok := foreignKeys[curve]
	return key, ok
}

// unsupportedCertificate says what a whole certificate has that Go refuses, and
// who reads it. err is what crypto/x509 says, nil if it has parsed it.
func unsupportedCertificate(file string, der []byte, err error) error {
	algorithm, curve := keyOIDs(der)
	key, known := foreignKeyOf(algorithm, curve)
	switch {
	case known:
	case err == nil:
		key = foreignKey{"a key of the algorithm " + shortOID(algorithm), "ask who issued it what can"}
	default:
		return unsupported(file, "a certificate that Go cannot parse (%w); OpenSSL, Node.js or Java may", err)
	}
	return unsupported(file, "a certificate with %s, which Go does not have; %s", key.name, key.readers)
}

// keyOIDs finds the algorithm and, of an elliptic curve, the curve of the key
// in a certificate. It looks at nothing else, and returns "" if it gets lost.
func keyOIDs(der []byte) (algorithm, curve string) {
	var (
		whole    = cryptobyte.String(der)
		cert     cryptobyte.String
		tbs, key cryptobyte.String
	)
	version := asn1.Tag(0).ContextSpecific().Constructed()
	ok := whole.ReadASN1(&cert, asn1.SEQUENCE) && cert.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(version) && tbs.SkipASN1(asn1.INTEGER)
	for range 4 { // signature algorithm, issuer, validity, subject
		ok = ok && tbs.SkipASN1(asn1.SEQUENCE)
	}
	if !ok || !tbs.ReadASN1(&key, asn1.SEQUENCE) {
		return "", ""
	}
	algorithm, params, ok := readAlgorithm(&key)
	if !ok {
		return "", ""
	}
	curve, _ = readOID(&params)
	return algorithm, curve
}
