package certbundle

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
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
	certs, all, err := certificates(ClientCertFile, data)
	if err != nil {
		return err
	}
	if all && !slices.ContainsFunc(certs, func(c *x509.Certificate) bool { return !isRoot(c) }) {
		return errors.New("holds the certificate of a CA and no client's")
	}
	return nil
}

// checkCACert: a file without anything that could be a CA's is client.crt.
func checkCACert(data []byte) error {
	certs, all, err := certificates(CACertFile, data)
	if err != nil {
		return err
	}
	if all && !slices.ContainsFunc(certs, isSelfIssued) {
		return checkHoldsCA(certs)
	}
	return nil
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
	return isSelfIssued(c) && (c.IsCA || c.Version < 3)
}

func isSelfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// certificates returns those certificates of a file that Go can parse, and
// whether these are all. What it cannot parse is for others, so one whole
// certificate of any kind makes a file. Limits do not count here: nothing is
// calculated with what is stored.
func certificates(file string, data []byte) (certs []*x509.Certificate, all bool, err error) {
	if err := checkNoPage(data); err != nil {
		return nil, false, err
	}
	ders, err := certificateBlocks(file, data)
	if err != nil {
		return nil, false, plainText(file, err)
	}
	whole := false
	for i, der := range ders {
		if i >= maxCertificates || len(der) > maxCertificateDER {
			whole = whole || isCertificateFrame(der)
			continue
		}
		cert, errParse := parseCertificate(file, der)
		switch {
		case errParse == nil:
			certs = append(certs, cert)
		case !errors.Is(errParse, ErrUnsupported):
			err = plainText(file, errParse)
			continue
		}
		whole = true
	}
	if !whole {
		return nil, false, err
	}
	return certs, len(certs) == len(ders), nil
}

// plainText leaves out of an error what the caller says anyhow.
func plainText(file string, err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), ErrMalformed.Error()+": "+file+": "))
}

// checkTrustStore follows the lengths in a JKS to its end, and those of a
// PKCS#12 round it. It neither opens them nor parses their certificates.
func checkTrustStore(data []byte) error {
	if isPKCS12(data) {
		return nil
	}
	s := cryptobyte.String(data)
	var magic, version, count uint32
	if !s.ReadUint32(&magic) || magic != jksMagic || !s.ReadUint32(&version) {
		if err := checkNoPage(data); err != nil {
			return err
		}
		return errors.New("not a Java key store (JKS, or a whole PKCS#12)")
	}
	switch {
	case version != jksVersion:
		return errors.New("a Java key store of another version than 2")
	case !s.ReadUint32(&count) || count == 0:
		return errors.New("a Java key store that has no entries")
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
		if !skipSized(s) || !s.ReadUint32(&certs) {
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
	if _, err := keyBlock(data); err != nil {
		return errors.New("not a private key in PEM, or a part of one")
	}
	return nil
}
