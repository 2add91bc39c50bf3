package certbundle_test

import (
	"crypto/x509"
	"io/fs"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestVerifyAcceptsWhatTheServiceIssues(t *testing.T) {
	t.Parallel()
	b := issued(t, newIssuer(t), keyPassword)
	report, err := b.Verify(keyPassword)
	require.NoError(t, err)
	cert, err := certbundle.ParseCertificates(b.ClientCert)
	require.NoError(t, err)
	require.Equal(t, &certbundle.Report{
		Subject:       "CN=app-1,OU=Q\\+A,O=Example & Co,L=Hangzhou,ST=浙江,C=CN",
		Issuer:        "CN=baastest chain CA,O=baastest",
		SerialNumber:  report.SerialNumber,
		NotBefore:     cert[0].NotBefore,
		NotAfter:      cert[0].NotAfter,
		KeyAlgorithm:  "RSA 2048",
		KeyEncryption: "PBES2 AES-256-CBC PBKDF2-HMAC-SHA256",

		SignatureAlgorithm: "SHA256-RSA",
	}, report)
	serial, ok := new(big.Int).SetString(report.SerialNumber, 16)
	require.True(t, ok)
	require.Zero(t, serial.Cmp(cert[0].SerialNumber))
}

func TestVerifyFindsEachFault(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	now := time.Now()
	past := validity(now.AddDate(-1, 0, 0), now.Add(-time.Hour))
	sub := ca.sub(t)
	expiredSub := ca.sub(t, past)
	expiredCA := newAuthority(t, past)
	leafOf := func(b *certbundle.Bundle, chain ...*x509.Certificate) *certbundle.Bundle {
		b.ClientCert = append(b.ClientCert, pemCerts(chain...)...)
		return b
	}
	in := func(ca *authority, b *certbundle.Bundle) *certbundle.Bundle {
		b.CACert, b.TrustStore = pemCerts(ca.cert), trustStore(t, "mychain", ca.cert)
		return b
	}
	with := func(set func(*certbundle.Bundle)) *certbundle.Bundle {
		b := ca.bundle(t)
		set(b)
		return b
	}
	tests := map[string]struct {
		bundle *certbundle.Bundle
		want   error
		file   string
	}{
		"none":                     {ca.bundle(t), nil, ""},
		"none: any usage":          {ca.bundle(t, usage(x509.ExtKeyUsageAny)), nil, ""},
		"none: no usage said":      {ca.bundle(t, usage()), nil, ""},
		"none: an intermediate CA": {in(ca, leafOf(sub.bundle(t), sub.cert)), nil, ""},
		"none: trusts two CAs": {with(func(b *certbundle.Bundle) {
			b.CACert = pemCerts(other.cert, ca.cert)
			b.TrustStore = trustStore(t, "mychain", ca.cert, other.cert)
		}), nil, ""},
		"key and certificate differ":  {with(func(b *certbundle.Bundle) { b.PrivateKey = clearKey(t, newECKey(t)) }), certbundle.ErrKeyMismatch, "client.key"},
		"key of another algorithm":    {with(func(b *certbundle.Bundle) { b.PrivateKey = clearKey(t, newRSAKey(t)) }), certbundle.ErrKeyMismatch, "client.key"},
		"wrong password":              {with(func(b *certbundle.Bundle) { b.PrivateKey = lockedKey(t, newECKey(t), "other") }), certbundle.ErrPassword, "client.key"},
		"another CA":                  {in(other, ca.bundle(t)), certbundle.ErrUntrusted, "client.crt"},
		"intermediate CA left out":    {in(ca, sub.bundle(t)), certbundle.ErrUntrusted, "client.crt"},
		"a server's certificate":      {ca.bundle(t, usage(x509.ExtKeyUsageServerAuth)), certbundle.ErrUntrusted, "client.crt"},
		"expired":                     {ca.bundle(t, past), certbundle.ErrExpired, "client.crt"},
		"not yet valid":               {ca.bundle(t, validity(now.Add(time.Hour), now.AddDate(1, 0, 0))), certbundle.ErrExpired, "client.crt"},
		"CA expired":                  {expiredCA.bundle(t), certbundle.ErrExpired, "ca.crt"},
		"intermediate CA expired":     {in(ca, leafOf(expiredSub.bundle(t), expiredSub.cert)), certbundle.ErrExpired, "client.crt"},
		"trust store with another CA": {with(func(b *certbundle.Bundle) { b.TrustStore = trustStore(t, "mychain", other.cert) }), certbundle.ErrUntrusted, "trustCa"},
		"trust store with one more":   {with(func(b *certbundle.Bundle) { b.TrustStore = trustStore(t, "mychain", ca.cert, other.cert) }), certbundle.ErrUntrusted, "trustCa"},
		"trust store with one less":   {with(func(b *certbundle.Bundle) { b.CACert = pemCerts(ca.cert, other.cert) }), nil, ""},
		"trust store with the wrong CA of two": {with(func(b *certbundle.Bundle) {
			b.CACert, b.TrustStore = pemCerts(ca.cert, other.cert), trustStore(t, "mychain", other.cert)
		}), certbundle.ErrUntrusted, "trustCa"},
		"trust store's password": {with(func(b *certbundle.Bundle) { b.TrustStore = trustStore(t, "changeit", ca.cert) }), certbundle.ErrMalformed, "trustCa"},
		"ca.crt is an HTML page": {with(func(b *certbundle.Bundle) { b.CACert = []byte("<html>") }), certbundle.ErrMalformed, "ca.crt"},
		"no key":                 {with(func(b *certbundle.Bundle) { b.PrivateKey = nil }), fs.ErrNotExist, "client.key"},
		"no CA":                  {with(func(b *certbundle.Bundle) { b.CACert = nil }), fs.ErrNotExist, "ca.crt"},
		"none: no trust store":   {with(func(b *certbundle.Bundle) { b.TrustStore = nil }), nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := tt.bundle.Verify(keyPassword)
			require.NotNil(t, report, "client.crt can be parsed")
			require.Equal(t, "ECDSA P-256", report.KeyAlgorithm)
			require.Equal(t, "ABCDE", report.SerialNumber)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			requireFault(t, err, tt.want, tt.file)
		})
	}
}

func TestVerifyReportsAllFaultsTogether(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	past := validity(time.Now().AddDate(-1, 0, 0), time.Now().Add(-time.Hour))

	b := ca.bundle(t, past)
	b.PrivateKey, b.CACert = lockedKey(t, newECKey(t), "other"), pemCerts(other.cert)
	report, err := b.Verify(keyPassword)
	require.Equal(t, "CN=app-1,O=Example & Co", report.Subject)
	require.ErrorIs(t, err, certbundle.ErrPassword)
	require.ErrorIs(t, err, certbundle.ErrUntrusted)
	require.ErrorIs(t, err, certbundle.ErrExpired)
	require.NotErrorIs(t, err, certbundle.ErrKeyMismatch, "nobody knows")
	require.ErrorContains(t, err, certbundle.TrustStoreFile)

	b.PrivateKey = clearKey(t, newECKey(t))
	_, err = b.Verify(keyPassword)
	require.ErrorIs(t, err, certbundle.ErrKeyMismatch)

	report, err = new(certbundle.Bundle).Verify(keyPassword)
	require.Nil(t, report, "there is no client.crt to report on")
	requireFault(t, err, fs.ErrNotExist, "")
	for _, file := range []string{"client.key", "client.crt", "ca.crt"} {
		require.ErrorContains(t, err, "certbundle: "+file)
	}

	b = ca.bundle(t)
	b.ClientCert, b.PrivateKey, b.TrustStore = []byte("<html>"), []byte("<html>"), []byte("<html>")
	report, err = b.Verify(keyPassword)
	require.Nil(t, report)
	for _, file := range []string{"client.key", "client.crt", "trustCa"} {
		requireFault(t, err, certbundle.ErrMalformed, file)
	}
}

func TestVerifyLooksAtTheDay(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	from := time.Now().UTC().Truncate(time.Second)
	to := from.AddDate(0, 1, 0)
	b := ca.bundle(t, validity(from, to))
	for name, tt := range map[string]struct {
		now time.Time
		ok  bool
	}{
		"a second before": {from.Add(-time.Second), false},
		"the first":       {from, true},
		"the last":        {to, true},
		"a second after":  {to.Add(time.Second), false},
	} {
		_, err := b.VerifyAt("", tt.now)
		if tt.ok {
			require.NoError(t, err, name)
			continue
		}
		requireFault(t, err, certbundle.ErrExpired, certbundle.ClientCertFile)
		require.ErrorContains(t, err, to.Format(time.RFC3339), name)
	}

	// Both at once, each for itself.
	_, err := b.VerifyAt("", time.Now().AddDate(50, 0, 0))
	require.ErrorContains(t, err, "client.crt is valid from")
	require.ErrorContains(t, err, "ca.crt is valid from")
	require.NotErrorIs(t, err, certbundle.ErrUntrusted)
}

// Of two certificates of one CA, the expired one and its successor, the
// successor is enough.
func TestVerifyFindsTheWayThatIsValidToday(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	old := *ca.cert
	old.NotAfter = time.Now().Add(-time.Hour)
	before := sign(t, &old, &old, ca.key.Public(), ca.key)
	b := ca.bundle(t)
	b.CACert = pemCerts(before, ca.cert)
	b.TrustStore = trustStore(t, "mychain", before, ca.cert)
	_, err := b.Verify("")
	require.NoError(t, err)
}

// TestVerifyWithoutACA: to crypto/x509, any certificate among the roots vouches
// for itself.
func TestVerifyWithoutACA(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	b := ca.bundle(t)
	cert, key := ca.issue(t)
	b.ClientCert, b.CACert, b.PrivateKey = pemCerts(cert), pemCerts(cert), clearKey(t, key)
	b.TrustStore = trustStore(t, "mychain", cert)
	_, err := b.Verify("")
	require.ErrorIs(t, err, certbundle.ErrUntrusted)
	require.ErrorContains(t, err, "ca.crt holds no certificate of a CA")
}

func TestVerifyTellsOfAMismatchWithoutACA(t *testing.T) {
	t.Parallel()
	b := newAuthority(t).bundle(t)
	b.PrivateKey, b.CACert = clearKey(t, newECKey(t)), nil
	_, err := b.Verify("")
	require.ErrorIs(t, err, certbundle.ErrKeyMismatch)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNilBundle(t *testing.T) {
	t.Parallel()
	var b *certbundle.Bundle
	_, err := b.Verify("")
	require.ErrorContains(t, err, "certbundle: the bundle is nil")
	_, err = b.TLSConfig("")
	require.ErrorContains(t, err, "certbundle: the bundle is nil")
	_, err = b.TLSCertificate("")
	require.ErrorContains(t, err, "certbundle: the bundle is nil")
}

// BenchmarkVerifyAtTheBound is the most that certificates can cost: each of
// client.crt is tried with each of ca.crt, and all their policies with it.
func BenchmarkVerifyAtTheBound(b *testing.B) {
	full := manyPolicies(b)
	ca := newAuthority(b, full)
	sub := ca.sub(b, full)
	leaf, key := sub.issue(b)
	chain, cas := []*x509.Certificate{leaf}, []*x509.Certificate{}
	for range 15 {
		chain = append(chain, ca.certify(b, sub.key.Public(), func(c *x509.Certificate) {
			full(c)
			c.Subject, c.IsCA, c.KeyUsage, c.ExtKeyUsage = sub.cert.Subject, true, x509.KeyUsageCertSign, nil
			c.BasicConstraintsValid = true
		}))
	}
	for range 16 {
		cas = append(cas, sign(b, ca.cert, ca.cert, ca.key.Public(), ca.key))
	}
	bundle := &certbundle.Bundle{PrivateKey: clearKey(b, key), ClientCert: pemCerts(chain...), CACert: pemCerts(cas...)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bundle.Verify(""); err != nil {
			b.Fatal(err)
		}
	}
}
