package certbundle

import (
	"bytes"
	"crypto/x509"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

const (
	maxPKCS12           = maxCertificates * maxCertificateDER
	maxPKCS12Iterations = 200_000 // twice what Java has ever written

	oidPBMAC1 = "1.2.840.113549.1.5.14"
)

// isPKCS12 reports whether data is a PFX of version 3, all of it: a SEQUENCE
// that begins with INTEGER 3.
func isPKCS12(data []byte) bool {
	inner, ok := frameContent(data)
	return ok && bytes.HasPrefix(inner, []byte{byte(asn1.INTEGER), 1, 3})
}

// parsePKCS12 returns the trusted certificates of a PKCS#12, which is what
// keytool writes since Java 9. The library that opens it does whatever work the
// file asks for, so what that is, is read beforehand.
func parsePKCS12(data []byte) ([]*x509.Certificate, []error, error) {
	const file = TrustStoreFile
	if len(data) > maxPKCS12 {
		return nil, nil, tooMuch(file, "PKCS#12 of %d bytes, more than %d", len(data), maxPKCS12)
	}
	if !isAffordablePKCS12(data) {
		return nil, nil, unsupported(file, "a PKCS#12 that Go cannot read, or not with at most %d iterations; Java may", maxPKCS12Iterations)
	}
	parsed, err := pkcs12.DecodeTrustStore(data, trustStorePassword)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, nil, malformed(file, "damaged, or another password than %q", trustStorePassword)
	}
	if err != nil {
		return nil, nil, unsupported(file, "a PKCS#12 that Go cannot read (%w); Java may", err)
	}
	if len(parsed) == 0 || len(parsed) > maxCertificates {
		return nil, nil, tooMuch(file, "%d certificates, not between 1 and %d", len(parsed), maxCertificates)
	}
	var (
		certs   []*x509.Certificate
		skipped []error
	)
	for _, c := range parsed {
		cert, err := parseCertificate(file, c.Raw)
		switch {
		case err == nil:
			certs = append(certs, cert)
		case errors.Is(err, ErrMalformed):
			return nil, nil, err
		default:
			skipped = append(skipped, err)
		}
	}
	if len(certs) == 0 {
		return nil, nil, errors.Join(skipped...)
	}
	return certs, skipped, nil
}

// isAffordablePKCS12 follows a PFX (RFC 7292, section 4) to each place where the
// library that opens it would find how often to repeat something, and to no
// other. What does not look as expected there is not opened.
func isAffordablePKCS12(data []byte) bool {
	var (
		whole               = cryptobyte.String(data)
		pfx, mac, algorithm cryptobyte.String
		salt                cryptobyte.String
		iterations          = 1
	)
	if !whole.ReadASN1(&pfx, asn1.SEQUENCE) || !pfx.SkipASN1(asn1.INTEGER) {
		return false
	}
	contents, ok := readContents(&pfx)
	if !ok || !pfx.ReadASN1(&mac, asn1.SEQUENCE) || !pfx.Empty() || !mac.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!mac.ReadASN1(&salt, asn1.OCTET_STRING) || !mac.Empty() && !mac.ReadASN1Integer(&iterations) {
		return false
	}
	if digest, _, ok := readAlgorithm(&algorithm); !ok || digest == oidPBMAC1 || !isModest(iterations) {
		return false
	}
	for !contents.Empty() {
		if !isAffordableContent(&contents) {
			return false
		}
	}
	return true
}

// readContents reads the authSafe of a PFX: the ContentInfos in an OCTET STRING.
func readContents(pfx *cryptobyte.String) (contents cryptobyte.String, ok bool) {
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	var info, content, octets cryptobyte.String
	ok = pfx.ReadASN1(&info, asn1.SEQUENCE) && info.SkipASN1(asn1.OBJECT_IDENTIFIER) && info.ReadASN1(&content, explicit) &&
		content.ReadASN1(&octets, asn1.OCTET_STRING) && octets.ReadASN1(&contents, asn1.SEQUENCE) && octets.Empty()
	return contents, ok
}

// isAffordableContent reads one ContentInfo, in the clear or with a password.
func isAffordableContent(contents *cryptobyte.String) bool {
	const (
		oidData      = "1.2.840.113549.1.7.1"
		oidEncrypted = "1.2.840.113549.1.7.6"
	)
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	var info, content, encrypted, inner cryptobyte.String
	if !contents.ReadASN1(&info, asn1.SEQUENCE) {
		return false
	}
	kind, ok := readOID(&info)
	if !ok || kind == oidData {
		return ok
	}
	if kind != oidEncrypted || !info.ReadASN1(&content, explicit) || !content.ReadASN1(&encrypted, asn1.SEQUENCE) ||
		!encrypted.SkipASN1(asn1.INTEGER) || !encrypted.ReadASN1(&inner, asn1.SEQUENCE) || !inner.SkipASN1(asn1.OBJECT_IDENTIFIER) {
		return false
	}
	scheme, params, ok := readAlgorithm(&inner)
	return ok && isAffordableScheme(scheme, params)
}

// isAffordableScheme reads the parameters of PBES2 with PBKDF2, or those of the
// older schemes, which begin with salt and iterations as PBKDF2's do.
func isAffordableScheme(oid string, params cryptobyte.String) bool {
	if oid == oidPBES2 {
		var pbes2 cryptobyte.String
		if !params.ReadASN1(&pbes2, asn1.SEQUENCE) {
			return false
		}
		kdf, kdfParams, ok := readAlgorithm(&pbes2)
		if !ok || kdf != oidPBKDF2 {
			return false
		}
		params = kdfParams
	}
	var (
		s          cryptobyte.String
		iterations int
	)
	return params.ReadASN1(&s, asn1.SEQUENCE) && s.SkipASN1(asn1.OCTET_STRING) && s.ReadASN1Integer(&iterations) && isModest(iterations)
}

func isModest(iterations int) bool { return iterations >= 1 && iterations <= maxPKCS12Iterations }
