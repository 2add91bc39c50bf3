package certbundle_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// dear makes certificates that are dear to check: SHA-1 signatures of RSA keys
// of the most bits, and as many policies as fit. None is genuine, all bear the
// names given.
func dear(t testing.TB, n int, subject, issuer string, changes ...change) []*x509.Certificate {
	t.Helper()
	a := newWeakAuthority(t, asCA(issuer))
	var out []*x509.Certificate
	for range n {
		modulus := make([]byte, 1024)
		_, _ = rand.Read(modulus)
		modulus[0] |= 0x80
		modulus[1023] |= 1
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}
		all := append([]change{asCA(subject), onlyCN, manyPolicies(t)}, changes...)
		e := decodeCert(t, a.weak(t, a.certify(t, key, all...)))
		signature := make([]byte, 1024)
		_, _ = rand.Read(signature[1:])
		e.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
		cert, err := x509.ParseCertificate(e.der(t))
		require.NoError(t, err)
		out = append(out, cert)
	}
	return out
}

// onlyCN makes a subject that may be an issuer's name.
func onlyCN(c *x509.Certificate) { c.Subject.Organization = nil }

func manyPolicies(t testing.TB) change {
	return func(c *x509.Certificate) {
		for i := range uint64(32) {
			policy, err := x509.OIDFromInts([]uint64{1, 3, 1000 + i})
			require.NoError(t, err)
			c.Policies = append(c.Policies, policy)
		}
	}
}

// genuineMesh has sixteen certificates in client.crt and ca.crt each, of which
// every one is signed by all of the other file's, for they share keys.
func genuineMesh(t testing.TB) *certbundle.Bundle {
	t.Helper()
	full := manyPolicies(t)
	ca := newWeakAuthority(t, full)
	sub := ca.sub(t, full)
	cert, key := sub.issue(t, full)
	chain, cas := certs(sub.weak(t, cert)), []*x509.Certificate{}
	for i := range int64(15) {
		chain = append(chain, ca.weak(t, ca.certify(t, sub.rsa.Public(), asCA("intermediate CA"), full, func(c *x509.Certificate) {
			c.SerialNumber = big.NewInt(i + 1)
		})))
	}
	for i := range int64(16) {
		cas = append(cas, sameKey(t, ca, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(i + 1) }))
	}
	return &certbundle.Bundle{
		PrivateKey: clearKey(t, key), ClientCert: pemCerts(chain...), CACert: pemCerts(cas...),
		TrustStore: trustStore(t, "mychain", cas...),
	}
}

func forgedMesh(t testing.TB) *certbundle.Bundle {
	t.Helper()
	cas := dear(t, 16, "x", "x")
	require.Equal(t, cas[0].RawIssuer, cas[1].RawSubject, "each may have issued each")
	b := newAuthority(t).bundle(t)
	b.ClientCert = pemCerts(append(dear(t, 1, "leaf", "x", func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, 0 }),
		dear(t, 15, "x", "x")...)...)
	b.CACert, b.TrustStore = pemCerts(cas...), trustStore(t, "mychain", cas...)
	return b
}

// forgedAbove leads to ca.crt by a genuine signature, and then to nothing.
func forgedAbove(t testing.TB) *certbundle.Bundle {
	t.Helper()
	b := newAuthority(t).bundle(t)
	issuing := newWeakAuthority(t, asCA("a"))
	e := decodeCert(t, signedWith(t, newWeakAuthority(t, asCA("x")).certify(t, issuing.rsa.Public(), asCA("a")), issuing.rsa, sha1WithRSA))
	cert, err := x509.ParseCertificate(e.der(t))
	require.NoError(t, err)
	leaf, key := (&weakAuthority{&authority{cert, issuing.rsa}, issuing.rsa}).issue(t)
	cas := append(certs(cert), dear(t, 15, "x", "x")...)
	b.PrivateKey, b.CACert = clearKey(t, key), pemCerts(cas...)
	b.ClientCert = pemCerts(append(certs(signedWith(t, leaf, issuing.rsa, sha1WithRSA)), dear(t, 15, "x", "x")...)...)
	b.TrustStore = trustStore(t, "mychain", cas[1:]...)
	return b
}

// atBest fails when f takes too much memory, or too long each time of three: a
// machine that does much else is slow at times.
func atBest(t *testing.T, f func()) {
	t.Helper()
	best := time.Hour
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		f()
		best = min(best, time.Since(start))
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(fuzzBytes))
		if best < fuzzTime {
			return
		}
	}
	require.Less(t, best, fuzzTime)
}

// TestSHA1ChainsAreBounded: not parallel, for what is allocated is everybody's.
func TestSHA1ChainsAreBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		bundle *certbundle.Bundle
		fits   bool
	}{
		"a genuine mesh": {genuineMesh(t), true}, "a forged mesh": {forgedMesh(t), false}, "forged above": {forgedAbove(t), false},
	} {
		t.Run(name, func(t *testing.T) {
			atBest(t, func() {
				report, err := tt.bundle.Verify("")
				require.NotNil(t, report)
				require.Equal(t, tt.fits, err == nil, "%v", err)
			})
			atBest(t, func() { _, _ = tt.bundle.TLSCertificate("") })
		})
	}
	// What a node shows is bounded by crypto/tls: 256 KiB of certificates.
	forged := forgedMesh(t)
	own := newAuthority(t).bundle(t)
	own.CACert = forged.CACert
	cfg, err := own.TLSConfig("", certbundle.TrustChainOnly(), certbundle.AllowSHA1())
	require.NoError(t, err)
	shown, err := certbundle.ParseCertificates(forged.ClientCert)
	require.NoError(t, err)
	for range 5 {
		shown = append(shown, shown[1:16]...)
	}
	atBest(t, func() {
		require.ErrorIs(t, cfg.VerifyConnection(tls.ConnectionState{PeerCertificates: shown}), certbundle.ErrUntrusted)
	})
}

func TestCertificatesHaveNoMoreThan32Policies(t *testing.T) {
	t.Parallel()
	more := func(c *x509.Certificate) {
		policy, err := x509.OIDFromInts([]uint64{1, 3, 1})
		require.NoError(t, err)
		c.Policies = append(c.Policies, policy)
	}
	full := manyPolicies(t)
	_, err := newAuthority(t, full).bundle(t, full).Verify("")
	require.NoError(t, err)
	_, err = newAuthority(t).bundle(t, full, more).Verify("")
	requireFault(t, err, certbundle.ErrMalformed, "client.crt")
	b := newAuthority(t, full, more).bundle(t)
	_, err = b.Verify("")
	requireFault(t, err, certbundle.ErrMalformed, "ca.crt")
	cert, err := b.TLSCertificate("")
	require.NoError(t, err)
	require.Len(t, cert.Certificate, 1)
}

// BenchmarkSHA1AtTheBound is the most that SHA-1 chains can cost.
func BenchmarkSHA1AtTheBound(b *testing.B) {
	for name, bundle := range map[string]*certbundle.Bundle{
		"genuine-mesh": genuineMesh(b), "forged-mesh": forgedMesh(b), "forged-above": forgedAbove(b),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = bundle.Verify("")
			}
		})
	}
}
