package certbundle_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// FuzzSHA1Node: of all certificates that a node may show, and that bear a SHA-1
// signature, none but the genuine ones is accepted.
func FuzzSHA1Node(f *testing.F) {
	ca, other := newWeakAuthority(f), newWeakAuthority(f)
	sub := ca.sub(f)
	leaf := func(a *weakAuthority, changes ...change) *x509.Certificate {
		return a.weak(f, a.certify(f, newRSAKey(f).Public(), append([]change{asNode}, changes...)...))
	}
	genuine := leaf(ca)
	for _, cert := range certs(genuine, leaf(other), leaf(sub), leaf(ca, usage()), sub.cert, ca.cert) {
		f.Add(cert.Raw)
	}
	cas := pemCerts(ca.cert)
	b := newAuthority(f).bundle(f)
	b.CACert = cas
	cfg, err := b.TLSConfig("", certbundle.TrustChainOnly(), certbundle.AllowSHA1())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, der []byte) {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Skip("no certificate: crypto/tls refuses it before it is judged here")
		}
		err = cfg.VerifyConnection(tls.ConnectionState{PeerCertificates: certs(cert, sub.cert)})
		// Neither ca's key nor sub's is known to the fuzzing.
		seen := ca.cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil ||
			sub.cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
		if err == nil && !seen && !bytes.Equal(cert.Raw, ca.cert.Raw) {
			t.Fatalf("accepted: %x", der)
		}
		_ = certbundle.ExplainHandshake(err)

		// Verify takes the same as somebody's client.crt, and as ca.crt.
		for _, file := range [][2][]byte{{pemCerts(cert), cas}, {pemCerts(genuine), pemCerts(cert)}, {pemCerts(cert), pemCerts(cert)}} {
			bounded(t, func() error {
				_, err := (&certbundle.Bundle{ClientCert: file[0], CACert: file[1]}).Verify("")
				return err
			})
		}
	})
}
