package certbundle

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

const (
	maxCertificates = 16 // a file
	maxRSABits      = 8192
	maxRSAExponent  = 1<<16 + 1 // the usual one; a larger one makes signatures slow to check

	// What follows bounds what crypto/x509 does with names and extensions, such
	// as policies and name constraints, on each way from one certificate to
	// another. A usual certificate has 1 to 2 KiB, an extension 100 bytes.
	maxCertificateDER = 8 << 10
	maxExtension      = 2 << 10
)

// parseCertificates returns the certificates of a PEM file in their order, one
// at least. unsupported has an error that matches ErrUnsupported for each whole
// certificate that crypto/x509 cannot parse or work with: it spoils no file, the
// others count. If there are no others, that is the error.
//
// In client.crt the first one is the client's, for everybody who reads it. If
// that is unsupported, no other takes its place: it is the error.
func parseCertificates(file string, data []byte) (certs []*x509.Certificate, unsupported []error, err error) {
	if len(data) == 0 {
		return nil, nil, missing(file)
	}
	ders, err := certificateBlocks(file, data)
	if err != nil {
		return nil, nil, err
	}
	if len(ders) > maxCertificates {
		return nil, nil, tooMuch(file, "%d certificates, more than %d", len(ders), maxCertificates)
	}
	for i, der := range ders {
		cert, err := parseCertificate(file, der)
		switch {
		case err == nil:
			certs = append(certs, cert)
		case errors.Is(err, ErrMalformed):
			return nil, nil, err
		case i == 0 && file == ClientCertFile:
			return nil, nil, fmt.Errorf("%w; ask the operator of the chain for a certificate with an RSA key, or connect with the chain's own SDK", err)
		default:
			unsupported = append(unsupported, err)
		}
	}
	if len(certs) == 0 {
		return nil, nil, fmt.Errorf("%w; ask the operator of the chain for one that Go can read, or connect with the chain's own SDK",
			errors.Join(unsupported...))
	}
	return certs, unsupported, nil
}

// parseCertificate refuses what would be expensive to work with later on. Its
// error matches ErrUnsupported if the certificate is whole.
func parseCertificate(file string, der []byte) (*x509.Certificate, error) {
	if !isCertificateFrame(der) {
		_, err := x509.ParseCertificate(der)
		return nil, malformed(file, "%w", err)
	}
	if len(der) > maxCertificateDER {
		return nil, tooMuch(file, "certificate of %d bytes, more than %d", len(der), maxCertificateDER)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, unsupportedCertificate(file, der, err)
	}
	if cert.PublicKey == nil || cert.PublicKeyAlgorithm == x509.DSA {
		return nil, unsupportedCertificate(file, der, nil) // parsed, but its key can check no signature
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
		return nil, tooMuch(file, "RSA key of %d bits, more than %d", key.N.BitLen(), maxRSABits)
	} else if ok && key.E > maxRSAExponent {
		return nil, tooMuch(file, "RSA key with an exponent of more than %d", maxRSAExponent)
	}
	for _, e := range cert.Extensions {
		if len(e.Value) > maxExtension {
			return nil, tooMuch(file, "certificate with an extension of %d bytes, more than %d", len(e.Value), maxExtension)
		}
	}
	return cert, nil
}
