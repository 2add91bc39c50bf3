package certbundle_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io/fs"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestCertificatesComeInTheirOrder(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	leaf, _ := ca.issue(t)
	file := slices.Concat([]byte("Bag Attributes: none\nsubject=app-1\n"), pemCerts(leaf), []byte("\nissuer\n"),
		pemCerts(ca.cert), []byte("the end"))
	for name, data := range map[string][]byte{
		"as is":         file,
		"Windows lines": bytes.ReplaceAll(file, []byte("\n"), []byte("\r\n")),
	} {
		got, err := certbundle.ParseCertificates(data)
		require.NoError(t, err, name)
		require.Equal(t, []*x509.Certificate{leaf, ca.cert}, got, name)
	}
}

func TestFilesThatAreNotCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	good := pemCerts(ca.cert)
	tests := map[string]struct {
		data []byte
		says string
	}{
		"an HTML page":          {[]byte("<html>not found</html>"), "not PEM"},
		"DER":                   {ca.cert.Raw, "not PEM"},
		"a key":                 {clearKey(t, ca.key), "not a certificate"},
		"cut off":               {good[:len(good)-10], "cut off"},
		"a second one cut off":  {append(good, good[:len(good)-10]...), "cut off"},
		"a first one damaged":   {append([]byte("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"), good...), "damaged"},
		"no certificate inside": {pemKey("CERTIFICATE", []byte("certificate")), "x509"},
		"nothing inside":        {pemKey("CERTIFICATE", nil), "x509"},
		"more than its end":     {pemKey("CERTIFICATE", append(ca.cert.Raw[:len(ca.cert.Raw):len(ca.cert.Raw)], 0)), "x509"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certs, err := certbundle.ParseCertificates(tt.data)
			requireFault(t, err, certbundle.ErrMalformed, certbundle.CACertFile)
			require.ErrorContains(t, err, tt.says)
			require.Nil(t, certs)
		})
	}
	_, err := certbundle.ParseCertificates(nil)
	requireFault(t, err, fs.ErrNotExist, certbundle.CACertFile)
}

func TestCertificatesAreBounded(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	withSubject := func(n int) *x509.Certificate {
		cert, _ := ca.issue(t, func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: strings.Repeat("a", n)} })
		return cert
	}
	padding := 8<<10 - len(withSubject(7_000).Raw)
	withRSA := func(bits, exponent int) *x509.Certificate {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return ca.certify(t, &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: exponent})
	}
	withExtension := func(n int) *x509.Certificate {
		cert, _ := ca.issue(t, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 9999}, Value: make([]byte, n)}}
		})
		return cert
	}
	tests := map[string]struct{ at, over []byte }{
		"2 KiB an extension": {pemCerts(withExtension(2 << 10)), pemCerts(withExtension(2<<10 + 1))},
		"16 certificates":    {bytes.Repeat(pemCerts(ca.cert), 16), bytes.Repeat(pemCerts(ca.cert), 17)},
		"8192 bits":          {pemCerts(withRSA(8192, 65537)), pemCerts(withRSA(8193, 65537))},
		"usual exponents":    {pemCerts(withRSA(2048, 65537)), pemCerts(withRSA(2048, 65539))},
		// ECDSA signatures differ in length by a byte or two.
		"8 KiB": {pemCerts(withSubject(7_000 + padding - 10)), pemCerts(withSubject(7_000 + padding + 10))},
		// Files that are all beginnings must not be searched again and again.
		"a MiB of beginnings": {pemCerts(ca.cert), bytes.Repeat([]byte("-----BEGIN CERTIFICATE-----\n"), 1<<20/28)},
		"a MiB of ends":       {pemCerts(ca.cert), append([]byte("-----BEGIN "), bytes.Repeat([]byte("\n-----END "), 1<<20/10)...)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := certbundle.ParseCertificates(tt.at)
			require.NoError(t, err)
			start := time.Now()
			_, err = certbundle.ParseCertificates(tt.over)
			require.Less(t, time.Since(start), quick)
			requireFault(t, err, certbundle.ErrMalformed, certbundle.CACertFile)
		})
	}
}

// requireUnsupported checks an error about what is whole and not for Go.
func requireUnsupported(t testing.TB, err error, file, says string) {
	t.Helper()
	requireFault(t, err, certbundle.ErrUnsupported, file)
	require.ErrorContains(t, err, says)
}

func pemOf(label, der string) string { return string(pemKey(label, []byte(der))) }
