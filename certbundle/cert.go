package certbundle

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
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
// at least. Text round the blocks is ignored. A block that is cut off or
// damaged is an error: without it a chain would look complete. unsupported has
// an error that matches ErrUnsupported for each whole certificate that
// crypto/x509 cannot parse.
func parseCertificates(file string, data []byte) (certs []*x509.Certificate, unsupported []error, err error) {
	if len(data) == 0 {
		return nil, nil, missing(file)
	}
	blocks, err := pemBlocks(file, data, maxCertificates)
	if err != nil {
		return nil, nil, err
	}
	certs = make([]*x509.Certificate, 0, len(blocks))
	for _, block := range blocks {
		if block.Type != "CERTIFICATE" {
			return nil, nil, malformed(file, "holds a PEM block that is not a certificate")
		}
		cert, err := parseCertificate(file, block.Bytes)
		if err != nil {
			return nil, nil, err
		}
		certs = append(certs, cert)
	}
	return certs, unsupported, nil
}

// parseCertificate refuses what would be expensive to work with later on.
func parseCertificate(file string, der []byte) (*x509.Certificate, error) {
	if len(der) > maxCertificateDER {
		return nil, malformed(file, "certificate of %d bytes, more than %d", len(der), maxCertificateDER)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, malformed(file, "%w", err)
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
		return nil, malformed(file, "RSA key of %d bits, more than %d", key.N.BitLen(), maxRSABits)
	} else if ok && key.E > maxRSAExponent {
		return nil, malformed(file, "RSA key with an exponent of more than %d", maxRSAExponent)
	}
	for _, e := range cert.Extensions {
		if len(e.Value) > maxExtension {
			return nil, malformed(file, "certificate with an extension of %d bytes, more than %d", len(e.Value), maxExtension)
		}
	}
	return cert, nil
}

// pemBlocks returns all PEM blocks of a file, one at least and limit at most.
func pemBlocks(file string, data []byte, limit int) ([]*pem.Block, error) {
	// Counted before they are decoded, so that a file of nothing but beginnings
	// costs nothing, and that blocks which pem.Decode would skip are noticed.
	count := bytes.Count(data, []byte("-----BEGIN "))
	switch {
	case count == 0:
		return nil, malformed(file, "not PEM")
	case count > limit:
		return nil, malformed(file, "%d PEM blocks, more than %d", count, limit)
	}
	blocks := make([]*pem.Block, 0, count)
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		blocks, data = append(blocks, block), rest
	}
	if len(blocks) != count {
		return nil, malformed(file, "a PEM block is cut off or damaged")
	}
	return blocks, nil
}
