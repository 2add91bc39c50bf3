package certbundle

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"errors"

	"golang.org/x/crypto/cryptobyte"
)

// A JKS is read here, since libraries for that allocate what a length in it says.

const (
	trustStorePassword = "mychain" // the same for every chain, and public

	jksMagic       = 0xFEEDFEED
	jksVersion     = 2
	jksTrustedCert = 2 // the tag of an entry
)

// parseTrustStore returns the certificates of a trust store, one at least.
// unsupported is what it is to parseCertificates.
func parseTrustStore(data []byte) (certs []*x509.Certificate, unsupported []error, err error) {
	switch {
	case len(data) == 0:
		return nil, nil, missing(TrustStoreFile)
	case isPKCS12(data):
		return parsePKCS12(data)
	default:
		return parseJKS(data)
	}
}

func parseJKS(data []byte) (certs []*x509.Certificate, skipped []error, err error) {
	const file = TrustStoreFile
	// Fewer than 20 bytes leave an empty body, which has no magic number.
	body, digest := data[:max(0, len(data)-sha1.Size)], data[max(0, len(data)-sha1.Size):]
	s := cryptobyte.String(body)
	var magic, version, count uint32
	if !s.ReadUint32(&magic) || magic != jksMagic {
		return nil, nil, malformed(file, "not a JKS, nor a whole PKCS#12")
	}
	if !s.ReadUint32(&version) || version != jksVersion {
		return nil, nil, malformed(file, "not a JKS of version %d", jksVersion)
	}
	// Before anything else is believed: the digest covers all of it.
	if !bytes.Equal(digest, jksDigest(body)) {
		return nil, nil, malformed(file, "damaged, or another password than %q", trustStorePassword)
	}
	if !s.ReadUint32(&count) || count == 0 {
		return nil, nil, malformed(file, "no entries")
	}
	if count > maxCertificates {
		// Whole or not, which is not worth to be found out.
		return nil, nil, tooMuch(file, "%d entries, more than %d", count, maxCertificates)
	}
	for range count {
		cert, err := parseEntry(&s)
		switch {
		case err == nil:
			certs = append(certs, cert)
		case errors.Is(err, ErrMalformed):
			return nil, nil, err
		default:
			skipped = append(skipped, err)
		}
	}
	switch {
	case !s.Empty():
		return nil, nil, malformed(file, "more than its entries")
	case len(certs) == 0:
		return nil, nil, errors.Join(skipped...)
	}
	return certs, skipped, nil
}

// parseEntry reads one entry. A private key is whole and of no use here.
func parseEntry(s *cryptobyte.String) (*x509.Certificate, error) {
	start := *s
	der, ok := readTrustedCert(s)
	if ok {
		return parseCertificate(TrustStoreFile, der)
	}
	*s = start
	var tag uint32
	if start.ReadUint32(&tag) && tag == jksPrivateKey && skipEntry(s) {
		return nil, unsupported(TrustStoreFile, "an entry is a private key, not a trusted certificate; Java reads it")
	}
	return nil, malformed(TrustStoreFile, "an entry is not a trusted certificate")
}

// readTrustedCert reads one entry. No length in it is believed: each is
// checked against the bytes left by the reading itself.
func readTrustedCert(s *cryptobyte.String) (der []byte, ok bool) {
	var (
		tag, size       uint32
		created         uint64
		alias, certType cryptobyte.String
	)
	ok = s.ReadUint32(&tag) && tag == jksTrustedCert &&
		s.ReadUint16LengthPrefixed(&alias) &&
		s.ReadUint64(&created) &&
		s.ReadUint16LengthPrefixed(&certType) && (string(certType) == "X.509" || string(certType) == "X509") &&
		s.ReadUint32(&size) && s.ReadBytes(&der, int(size))
	return der, ok
}

// jksDigest is the keyed digest at the end of a JKS: SHA-1 over the password
// as UTF-16, big-endian, a phrase that never changes, and the file.
func jksDigest(body []byte) []byte {
	h := sha1.New()
	for _, c := range []byte(trustStorePassword) { // ASCII
		h.Write([]byte{0, c})
	}
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(body)
	return h.Sum(nil)
}
