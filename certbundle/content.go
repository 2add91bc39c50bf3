package certbundle

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

const jksPrivateKey = 1 // the tag of an entry that has no business in a trust store

// The checks below tell a file from an error page, from a part of itself and
// from its neighbors, for what is written once is never replaced. Whether the
// files fit together is left to Verify: a file that only Verify can judge must
// be on the disk to be looked at.

// checkClientCert: a file that holds nothing but the chain's CA is ca.crt.
func checkClientCert(data []byte) error {
	certs, err := certificates(ClientCertFile, data)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(certs, func(c *x509.Certificate) bool { return !isRoot(c) }) {
		return errors.New("holds the certificate of a CA and no client's")
	}
	return nil
}

func checkCACert(data []byte) error {
	certs, err := certificates(CACertFile, data)
	if err != nil {
		return err
	}
	return checkHoldsCA(certs)
}

func checkHoldsCA(certs []*x509.Certificate) error {
	if !slices.ContainsFunc(certs, func(c *x509.Certificate) bool { return c.IsCA || isRoot(c) }) {
		return errors.New("holds no certificate of a CA")
	}
	return nil
}

// isRoot reports whether c can only be the certificate of a root CA. Those of
// version 1 do not say so themselves.
func isRoot(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && (c.IsCA || c.Version < 3)
}

func certificates(file string, data []byte) ([]*x509.Certificate, error) {
	if err := checkNoPage(data); err != nil {
		return nil, err
	}
	certs, _, err := parseCertificates(file, data)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), ErrMalformed.Error()+": "+file+": "))
	}
	return certs, nil
}

// checkTrustStore follows the lengths in a JKS to its end. It neither opens it
// nor parses its certificates.
func checkTrustStore(data []byte) error {
	if err := checkNoPage(data); err != nil {
		return err
	}
	s := cryptobyte.String(data)
	var magic, version, count uint32
	switch {
	case !s.ReadUint32(&magic) || magic != jksMagic || !s.ReadUint32(&version):
		return errors.New("not a Java key store (JKS)")
	case version != jksVersion:
		return errors.New("a Java key store of another version than 2")
	case !s.ReadUint32(&count) || count == 0 || count > maxCertificates:
		return errors.New("a Java key store that has not between 1 and 16 entries")
	}
	for range count {
		if !skipEntry(&s) {
			return errors.New("a Java key store that is cut off or damaged")
		}
	}
	if len(s) != sha1.Size {
		return errors.New("a Java key store that does not end where it should")
	}
	return nil
}

// skipEntry reads one entry of a JKS and reports whether it is whole.
func skipEntry(s *cryptobyte.String) bool {
	var (
		tag     uint32
		alias   cryptobyte.String
		created uint64
	)
	if !s.ReadUint32(&tag) || !s.ReadUint16LengthPrefixed(&alias) || !s.ReadUint64(&created) {
		return false
	}
	certs := uint32(1)
	if tag == jksPrivateKey {
		if !skipSized(s) || !s.ReadUint32(&certs) || certs > maxCertificates {
			return false
		}
	} else if tag != jksTrustedCert {
		return false
	}
	for range certs {
		var kind cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&kind) || !skipSized(s) {
			return false
		}
	}
	return true
}

// skipSized skips bytes that follow their number.
func skipSized(s *cryptobyte.String) bool {
	var size uint32
	return s.ReadUint32(&size) && s.Skip(int(size)) // which refuses more than there is, and less than none
}

// checkNoPage names the usual wrong content: an error or a login page. One that
// shows a certificate is still a page.
func checkNoPage(data []byte) error {
	start := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")))
	switch {
	case len(data) == 0:
		return errors.New("empty")
	case bytes.HasPrefix(start, []byte("<?xml")):
		return errors.New("an XML document")
	case bytes.HasPrefix(start, []byte("<")), htmlMark.Match(data):
		return errors.New("an HTML page")
	}
	return nil
}

var htmlMark = regexp.MustCompile(`(?i)<(!doctype|html)[\s>]`)

// checkKey asks little, since the key is stored byte for byte whatever it is.
func checkKey(data []byte) error {
	block, _ := pem.Decode(data)
	if block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return errors.New("not a private key in PEM, or a part of one")
	}
	return nil
}
