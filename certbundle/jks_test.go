package certbundle_test

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"io/fs"
	"math"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// jks writes a trust store with the right digest: version, entries said and
// entries.
func jks(version, count uint32, entries ...[]byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, 0xFEEDFEED)
	b = binary.BigEndian.AppendUint32(b, version)
	b = binary.BigEndian.AppendUint32(b, count)
	b = append(b, bytes.Join(entries, nil)...)
	return certbundle.SealTrustStore(append(b, make([]byte, 20)...))
}

// jksEntry says what it is told to say about the certificate's length.
func jksEntry(tag uint32, certType string, size uint32, cert []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, tag)
	b = append(b, 0, 2, 'c', 'a')
	b = binary.BigEndian.AppendUint64(b, 1700000000000)
	b = binary.BigEndian.AppendUint16(b, uint16(len(certType)))
	b = append(b, certType...)
	b = binary.BigEndian.AppendUint32(b, size)
	return append(b, cert...)
}

func trusted(cert *x509.Certificate) []byte {
	return jksEntry(2, "X.509", uint32(len(cert.Raw)), cert.Raw)
}

func TestTrustStoresOpen(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t).cert, newAuthority(t).cert
	got, err := certbundle.ParseTrustStore(jks(2, 2, trusted(other), trusted(ca)))
	require.NoError(t, err)
	require.Equal(t, []*x509.Certificate{other, ca}, got)

	got, err = certbundle.ParseTrustStore(trustStore(t, "mychain", ca))
	require.NoError(t, err)
	require.Equal(t, []*x509.Certificate{ca}, got)
}

func TestTrustStoresThatKeytoolWritesOpen(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "keytool")
	ca := newAuthority(t).cert
	dir := onDisk(t, &certbundle.Bundle{CACert: pemCerts(ca)})
	mustRun(t, dir, "", "", "keytool", "-importcert", "-noprompt", "-alias", "Das Chain-Zertifikat 链", "-file", "ca.crt",
		"-keystore", "written", "-storetype", "JKS", "-storepass", "mychain")
	got, err := certbundle.ParseTrustStore(readFile(t, filepath.Join(dir, "written")))
	require.NoError(t, err)
	require.Equal(t, []*x509.Certificate{ca}, got)
}

func TestTrustStoresThatAreNotAreRefused(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	cert := ca.cert
	size := uint32(len(cert.Raw))
	good := jks(2, 1, trusted(cert))
	flipped := bytes.Clone(good)
	flipped[20] ^= 1
	tests := map[string]struct {
		data []byte
		says string
	}{
		"an HTML page":                    {[]byte("<html><body>not found</body></html>"), "not a JKS"},
		"less than a digest":              {[]byte{0xFE, 0xED, 0xFE, 0xED}, "not a JKS"},
		"PEM":                             {pemCerts(cert), "not a JKS"},
		"version 1":                       {jks(1, 1, trusted(cert)), "version"},
		"another password":                {trustStore(t, "changeit", cert), "mychain"},
		"a flipped bit":                   {flipped, "damaged"},
		"cut off":                         {good[:len(good)-1], "damaged"},
		"no entry":                        {jks(2, 0), "entries"},
		"4 billion entries said":          {jks(2, math.MaxUint32, trusted(cert)), "entries"},
		"one entry fewer than said":       {jks(2, 2, trusted(cert)), "an entry"},
		"one entry more than said":        {jks(2, 1, trusted(cert), trusted(cert)), "more than its entries"},
		"an unknown kind of entry":        {jks(2, 1, jksEntry(3, "X.509", size, cert.Raw)), "not a trusted certificate"},
		"an unknown kind of certificate":  {jks(2, 1, jksEntry(2, "PGP", size, cert.Raw)), "not a trusted certificate"},
		"a certificate of 4 GiB, it says": {jks(2, 1, jksEntry(2, "X.509", math.MaxUint32, cert.Raw)), "not a trusted certificate"},
		"a certificate a byte too long":   {jks(2, 1, jksEntry(2, "X.509", size+1, cert.Raw)), "not a trusted certificate"},
		"a certificate a byte too short":  {jks(2, 1, jksEntry(2, "X.509", size-1, cert.Raw)), "x509"},
		"an empty certificate":            {jks(2, 1, jksEntry(2, "X.509", 0, nil)), "x509"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certs, err := certbundle.ParseTrustStore(tt.data)
			requireFault(t, err, certbundle.ErrMalformed, certbundle.TrustStoreFile)
			require.ErrorContains(t, err, tt.says)
			require.Nil(t, certs)
		})
	}
	_, err := certbundle.ParseTrustStore(nil)
	requireFault(t, err, fs.ErrNotExist, certbundle.TrustStoreFile)
}

func TestTrustStoresAreBounded(t *testing.T) {
	t.Parallel()
	entry := trusted(newAuthority(t).cert)
	_, err := certbundle.ParseTrustStore(jks(2, 16, bytes.Repeat(entry, 16)))
	require.NoError(t, err)
	_, err = certbundle.ParseTrustStore(jks(2, 17, bytes.Repeat(entry, 17)))
	requireFault(t, err, certbundle.ErrMalformed, certbundle.TrustStoreFile)
}

// TestTrustStoreWithAPrivateKey: it is no trusted certificate, and no damage.
func TestTrustStoreWithAPrivateKey(t *testing.T) {
	t.Parallel()
	cert := newAuthority(t).cert
	store := keystore.New()
	require.NoError(t, store.SetPrivateKeyEntry("key", keystore.PrivateKeyEntry{
		CreationTime: time.Now(), PrivateKey: []byte("secret"),
		CertificateChain: []keystore.Certificate{{Type: "X.509", Content: cert.Raw}},
	}, []byte("mychain")))
	write := func() []byte {
		var b bytes.Buffer
		require.NoError(t, store.Store(&b, []byte("mychain")))
		return b.Bytes()
	}
	_, _, err := certbundle.ParseTrustStoreAll(write())
	requireUnsupported(t, err, certbundle.TrustStoreFile, "a private key")

	require.NoError(t, store.SetTrustedCertificateEntry("ca", keystore.TrustedCertificateEntry{
		CreationTime: time.Now(), Certificate: keystore.Certificate{Type: "X.509", Content: cert.Raw},
	}))
	certs, skipped, err := certbundle.ParseTrustStoreAll(write())
	require.NoError(t, err)
	require.Equal(t, []*x509.Certificate{cert}, certs)
	require.Len(t, skipped, 1)
	requireUnsupported(t, skipped[0], certbundle.TrustStoreFile, "a private key")
}

// Not parallel: what others allocate would count.
func TestALengthIsNothingToAllocateBy(t *testing.T) {
	said := jks(2, 1, jksEntry(2, "X.509", math.MaxUint32, nil))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := certbundle.ParseTrustStore(said)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, certbundle.ErrMalformed)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestTrustStoreOfTheOtherNameOfX509(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	certs, err := certbundle.ParseTrustStore(jks(2, 1, jksEntry(2, "X509", uint32(len(ca.cert.Raw)), ca.cert.Raw)))
	require.NoError(t, err)
	require.Len(t, certs, 1)
}
