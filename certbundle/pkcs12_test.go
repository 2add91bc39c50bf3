package certbundle_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte/asn1"
	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

func pemCert(t testing.TB, data []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(data)
	require.NotNil(t, block)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return cert
}

// TestTrustStoresInPKCS12, as keytool has written them since Java 9.
func TestTrustStoresInPKCS12(t *testing.T) {
	t.Parallel()
	ca := pemCert(t, readTestdata(t, "ca.pem"))
	for _, file := range []string{"keytool.p12", "keytool-legacy.p12"} {
		data := readTestdata(t, file)
		require.NoError(t, certbundle.CheckTrustStore(data))
		certs, skipped, err := certbundle.ParseTrustStoreAll(data)
		require.NoError(t, err, file)
		require.Empty(t, skipped)
		require.Equal(t, []*x509.Certificate{ca}, certs, file)

		damaged := slices.Clone(data)
		damaged[len(damaged)/2] ^= 1
		_, err = certbundle.ParseTrustStore(damaged)
		requireFault(t, err, certbundle.ErrMalformed, certbundle.TrustStoreFile)
		require.ErrorContains(t, err, `another password than "mychain"`)
	}
	for file, says := range map[string]string{
		"plain.p12":   "Java may", // no password, and no digest
		"openssl.p12": "not marked as trusted",
	} {
		data := readTestdata(t, file)
		require.NoError(t, certbundle.CheckTrustStore(data))
		_, err := certbundle.ParseTrustStore(data)
		requireUnsupported(t, err, certbundle.TrustStoreFile, says)
	}
	other, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{ca}, "changeit")
	require.NoError(t, err)
	_, err = certbundle.ParseTrustStore(other)
	requireFault(t, err, certbundle.ErrMalformed, certbundle.TrustStoreFile)
	many, err := pkcs12.Modern.EncodeTrustStore(slices.Repeat([]*x509.Certificate{ca}, 17), "mychain")
	require.NoError(t, err)
	require.NoError(t, certbundle.CheckTrustStore(many))
	_, err = certbundle.ParseTrustStore(many)
	requireFault(t, err, certbundle.ErrUnsupported, certbundle.TrustStoreFile, certbundle.ErrMalformed)
}

func TestKeytoolWritesPKCS12(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "keytool")
	ca, other := newAuthority(t).cert, newAuthority(t).cert
	dir := t.TempDir()
	for alias, cert := range map[string]*x509.Certificate{"mychain": ca, "other": other} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "in"), pemCerts(cert), 0o600))
		// The command of a public guide, which yields JKS before Java 9.
		mustRun(t, dir, "", "", "keytool", "-import", "-noprompt", "-alias", alias, "-file", "in", "-keystore", "trustCa", "-storepass", "mychain")
	}
	data := readFile(t, filepath.Join(dir, "trustCa"))
	require.NoError(t, certbundle.CheckTrustStore(data))
	certs, err := certbundle.ParseTrustStore(data)
	require.NoError(t, err)
	require.ElementsMatch(t, []*x509.Certificate{ca, other}, certs)
}

// TestPKCS12InBER is stored: BouncyCastle writes lengths that are left open.
func TestPKCS12InBER(t *testing.T) {
	t.Parallel()
	data := readTestdata(t, "keytool.p12")
	ber := slices.Concat([]byte{0x30, 0x80}, data[4:], []byte{0, 0})
	require.NoError(t, certbundle.CheckTrustStore(ber))
	_, err := certbundle.ParseTrustStore(ber)
	requireUnsupported(t, err, certbundle.TrustStoreFile, "PKCS#12")
}

// pfx is a PKCS#12 with parameters of encryption and of its digest.
func pfx(scheme part, digest string, iterations int64) []byte {
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	encryptedData := sequence(integer(0), sequence(oid("1.2.840.113549.1.7.1"), scheme, tagged(asn1.Tag(0).ContextSpecific(), raw(make([]byte, 16)))))
	safe := encode(sequence(sequence(oid("1.2.840.113549.1.7.6"), tagged(explicit, encryptedData))))
	mac := sequence(sequence(algorithm(digest), octets(make([]byte, 20))), salt(), integer(iterations))
	return encode(sequence(integer(3), sequence(oid("1.2.840.113549.1.7.1"), tagged(explicit, octets(safe))), mac))
}

// TestCostsOfPKCS12AreBounded, for the library that opens it bounds nothing.
func TestCostsOfPKCS12AreBounded(t *testing.T) {
	t.Parallel()
	const sha1, most = "1.3.14.3.2.26", 200_000
	for name, data := range map[string][]byte{
		"iterations of the digest":        pfx(pbeKey(pkcs12OID, 1), sha1, most+1),
		"2^31 iterations":                 pfx(pbeKey(pkcs12OID, 1), sha1, math.MaxInt32),
		"2^63 iterations":                 pfx(pbeKey(pkcs12OID, 1), sha1, math.MaxInt64),
		"no iterations":                   pfx(pbeKey(pkcs12OID, 1), sha1, 0),
		"iterations of PKCS#12":           pfx(pbeKey(pkcs12OID, most+1), sha1, 1),
		"iterations of PBES2":             pfx(pbkdf2Key(salt(), integer(most+1)), sha1, 1),
		"PBES2 with scrypt":               pfx(scryptKey(1<<20, 8, 1), sha1, 1),
		"PBMAC1":                          pfx(pbeKey(pkcs12OID, 1), "1.2.840.113549.1.5.14", 1),
		"an encryption without a salt":    pfx(algorithm(pkcs12OID, sequence(integer(1))), sha1, 1),
		"nothing that anybody could read": {0x30, 3, 2, 1, 3},
		"more than 128 KiB":               encode(sequence(integer(3), octets(make([]byte, 128<<10)))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, certbundle.CheckTrustStore(data), "it is stored")
			start := time.Now()
			_, err := certbundle.ParseTrustStore(data)
			require.Less(t, time.Since(start), quick)
			require.ErrorIs(t, err, certbundle.ErrUnsupported)
		})
	}
	// At the bound it is opened, and the digest is found to be wrong.
	for _, scheme := range []part{pbeKey(pkcs12OID, most), pbkdf2Key(salt(), integer(most))} {
		_, err := certbundle.ParseTrustStore(pfx(scheme, sha1, most))
		require.ErrorContains(t, err, "another password")
	}
}

// BenchmarkPKCS12AtTheBound is the most that a trust store can cost.
func BenchmarkPKCS12AtTheBound(b *testing.B) {
	ca := pemCert(b, readTestdata(b, "ca.pem"))
	for name, enc := range map[string]*pkcs12.Encoder{"modern": pkcs12.Modern2023, "legacy": pkcs12.LegacyDES} {
		data, err := enc.WithIterations(200_000).WithRand(rand.Reader).EncodeTrustStore([]*x509.Certificate{ca}, "mychain")
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := certbundle.ParseTrustStore(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
