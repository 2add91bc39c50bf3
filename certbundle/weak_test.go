package certbundle_test

import (
	"bytes"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// The last byte of sha1WithRSAEncryption and its siblings, 1.2.840.113549.1.1.
const (
	md5WithRSA    = 4
	sha1WithRSA   = 5
	sha256WithRSA = 11
)

// An encodedCert is a certificate whose parts can be exchanged.
type encodedCert struct {
	TBS       asn1.RawValue
	Algorithm asn1.RawValue
	Signature asn1.BitString
}

func algorithmRSA(last byte) []byte {
	return []byte{0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, last, 0x05, 0x00}
}

func decodeCert(t testing.TB, cert *x509.Certificate) encodedCert {
	t.Helper()
	var e encodedCert
	rest, err := asn1.Unmarshal(cert.Raw, &e)
	require.NoError(t, err)
	require.Empty(t, rest)
	return e
}

func (e encodedCert) der(t testing.TB) []byte {
	t.Helper()
	der, err := asn1.Marshal(e)
	require.NoError(t, err)
	return der
}

// signedWith signs an RSA-signed certificate anew, with another hash.
func signedWith(t testing.TB, cert *x509.Certificate, key *rsa.PrivateKey, alg byte) *x509.Certificate {
	t.Helper()
	e := decodeCert(t, cert)
	require.Equal(t, 1, bytes.Count(e.TBS.FullBytes[:200], algorithmRSA(sha256WithRSA)))
	e.TBS = asn1.RawValue{FullBytes: bytes.Replace(e.TBS.FullBytes, algorithmRSA(sha256WithRSA), algorithmRSA(alg), 1)}
	e.Algorithm = asn1.RawValue{FullBytes: algorithmRSA(alg)}
	e.Signature = sigRSA(t, e.TBS.FullBytes, key, alg)
	weak, err := x509.ParseCertificate(e.der(t))
	require.NoError(t, err)
	return weak
}

func sigRSA(t testing.TB, tbs []byte, key *rsa.PrivateKey, alg byte) asn1.BitString {
	t.Helper()
	var (
		hash   crypto.Hash
		digest []byte
	)
	switch alg {
	case md5WithRSA:
		sum := md5.Sum(tbs)
		hash, digest = crypto.MD5, sum[:]
	case sha1WithRSA:
		sum := sha1.Sum(tbs)
		hash, digest = crypto.SHA1, sum[:]
	default:
		sum := sha256.Sum256(tbs)
		hash, digest = crypto.SHA256, sum[:]
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, hash, digest)
	require.NoError(t, err)
	return asn1.BitString{Bytes: sig, BitLength: len(sig) * 8}
}

// A weakAuthority signs with SHA-1, itself too, as the CAs of 2021.
type weakAuthority struct {
	*authority
	rsa *rsa.PrivateKey
}

func newWeakAuthority(t testing.TB, changes ...change) *weakAuthority {
	t.Helper()
	key := newRSAKey(t)
	template := *newAuthority(t).cert
	template.SignatureAlgorithm, template.PublicKey, template.SubjectKeyId = x509.SHA256WithRSA, nil, nil
	template.RawSubject = nil // Subject counts
	for _, c := range changes {
		c(&template)
	}
	cert := signedWith(t, sign(t, &template, &template, key.Public(), key), key, sha1WithRSA)
	return &weakAuthority{&authority{cert, key}, key}
}

// weak signs with SHA-1 what the authority has issued.
func (a *weakAuthority) weak(t testing.TB, cert *x509.Certificate) *x509.Certificate {
	t.Helper()
	return signedWith(t, cert, a.rsa, sha1WithRSA)
}

func (a *weakAuthority) sub(t testing.TB, changes ...change) *weakAuthority {
	t.Helper()
	key := newRSAKey(t)
	changes = append([]change{asCA("intermediate CA")}, changes...)
	cert := a.weak(t, a.certify(t, key.Public(), changes...))
	return &weakAuthority{&authority{cert, key}, key}
}

func asCA(name string) change {
	return func(c *x509.Certificate) {
		c.Subject.CommonName, c.IsCA, c.KeyUsage, c.ExtKeyUsage = name, true, x509.KeyUsageCertSign, nil
	}
}

func asNode(c *x509.Certificate) {
	c.Subject.CommonName = "node"
	c.IPAddresses = []net.IP{net.IPv4(8, 136, 158, 115)}
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
}

// node is that of an authority, with a SHA-1 signature.
func (a *weakAuthority) node(t testing.TB, changes ...change) *tls.Config {
	t.Helper()
	node := a.authority.node(t, changes...)
	cert, err := x509.ParseCertificate(node.Certificates[0].Certificate[0])
	require.NoError(t, err)
	node.Certificates[0].Certificate[0] = a.weak(t, cert).Raw
	node.ClientAuth = tls.RequireAnyClientCert
	return node
}

func (a *weakAuthority) bundle(t testing.TB, changes ...change) *certbundle.Bundle {
	t.Helper()
	cert, key := a.issue(t, changes...)
	return &certbundle.Bundle{
		PrivateKey: clearKey(t, key),
		ClientCert: pemCerts(a.weak(t, cert)),
		CACert:     pemCerts(a.cert),
		TrustStore: trustStore(t, "mychain", a.cert),
	}
}
