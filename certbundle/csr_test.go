package certbundle_test

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

var csrSubject = pkix.Name{
	CommonName: "wallet.example.com", Country: []string{"CN"}, Province: []string{"浙江"}, Locality: []string{"杭州"},
	Organization: []string{"Example & Co"}, OrganizationalUnit: []string{"区块链"},
}

func newCSR(t testing.TB, password string) (key, csr []byte, request *x509.CertificateRequest) {
	t.Helper()
	key, csr, err := certbundle.NewCSR(csrSubject, password)
	require.NoError(t, err)
	block, rest := pem.Decode(csr)
	require.Empty(t, rest)
	require.Equal(t, "CERTIFICATE REQUEST", block.Type)
	request, err = x509.ParseCertificateRequest(block.Bytes)
	require.NoError(t, err)
	return key, csr, request
}

func TestNewCSR(t *testing.T) {
	t.Parallel()
	_, _, request := newCSR(t, keyPassword)
	require.NoError(t, request.CheckSignature())
	require.Equal(t, x509.SHA256WithRSA, request.SignatureAlgorithm)
	require.Equal(t, 2048, request.PublicKey.(*rsa.PublicKey).N.BitLen())
	require.Equal(t, csrSubject.ToRDNSequence().String(), request.Subject.ToRDNSequence().String())
	require.Empty(t, request.Extensions)
	for _, name := range []struct {
		oid asn1.ObjectIdentifier
		tag int
	}{
		{asn1.ObjectIdentifier{2, 5, 4, 8}, asn1.TagUTF8String},
		{asn1.ObjectIdentifier{2, 5, 4, 7}, asn1.TagUTF8String},
		{asn1.ObjectIdentifier{2, 5, 4, 11}, asn1.TagUTF8String},
		{asn1.ObjectIdentifier{2, 5, 4, 6}, asn1.TagPrintableString},
	} {
		require.Equal(t, name.tag, tagOf(t, request.RawSubject, name.oid), name.oid)
	}
}

// tagOf is the string type of a part of a name.
func tagOf(t testing.TB, raw []byte, oid asn1.ObjectIdentifier) int {
	t.Helper()
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	var parts []asn1.RawValue
	_, err := asn1.Unmarshal(raw, &parts)
	require.NoError(t, err)
	for _, part := range parts {
		var attributes []attribute
		_, err := asn1.UnmarshalWithParams(part.FullBytes, &attributes, "set")
		require.NoError(t, err)
		if attributes[0].Type.Equal(oid) {
			return attributes[0].Value.Tag
		}
	}
	return 0
}

// TestNewCSRBecomesABundle: with fresh links it becomes the same kind of bundle
// as a key that the service makes.
func TestNewCSRBecomesABundle(t *testing.T) {
	t.Parallel()
	key, _, request := newCSR(t, keyPassword)
	dir := t.TempDir()
	require.NoError(t, (&certbundle.Bundle{PrivateKey: key}).WriteDir(dir))

	ca := newAuthority(t)
	cert := ca.certify(t, request.PublicKey, func(c *x509.Certificate) { c.Subject = request.Subject })
	s := &storage{files: map[string]string{
		certbundle.ClientCertFile: string(pemCerts(cert)), certbundle.CACertFile: string(pemCerts(ca.cert)),
		certbundle.TrustStoreFile: string(trustStore(t, "mychain", ca.cert)),
	}}
	bundle, err := certbundle.Save(t.Context(), dir, baas.CertificateResult{DownloadPath: baas.DownloadPath{
		CACrtURL: "https://h/ca.crt", ClientCrtURL: "https://h/client.crt", TrustCAURL: "https://h/trustCa",
	}}, s.client())
	require.NoError(t, err)
	require.Equal(t, key, bundle.PrivateKey)
	report, err := bundle.Verify(keyPassword)
	require.NoError(t, err)
	require.Equal(t, "RSA 2048", report.KeyAlgorithm)
	require.Equal(t, "PBES2 AES-256-CBC PBKDF2-HMAC-SHA256", report.KeyEncryption)
	_, err = bundle.TLSConfig(keyPassword)
	require.NoError(t, err)
	_, err = bundle.Verify("wrong")
	require.ErrorIs(t, err, certbundle.ErrPassword)

	t.Run("another certificate behind the links", func(t *testing.T) {
		bundle := *bundle
		other, _ := ca.issue(t)
		bundle.ClientCert = pemCerts(other)
		_, err := bundle.Verify(keyPassword)
		require.ErrorIs(t, err, certbundle.ErrKeyMismatch)
	})
}

// TestNewCSRBesideOpenSSL: OpenSSL reads both files, and its parameters are as
// strong as they should be.
func TestNewCSRBesideOpenSSL(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	for name, password := range map[string]string{"ASCII": keyPassword, "UTF-8": "pä ss 密码"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, csr, _ := newCSR(t, password)
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "client.key"), key, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "client.csr"), csr, 0o600))
			public := mustRun(t, dir, "", password, "openssl", "pkey", "-in", "client.key", "-passin", "env:PW", "-pubout")
			require.Equal(t, public, mustRun(t, dir, "", "", "openssl", "req", "-in", "client.csr", "-verify", "-noout", "-pubkey"))
			require.Contains(t, mustRun(t, dir, "", "", "openssl", "req", "-in", "client.csr", "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus"), "区块链")
			_, err := run(t, dir, "", "wrong", "openssl", "pkey", "-in", "client.key", "-passin", "env:PW", "-noout")
			require.Error(t, err)
			der := mustRun(t, dir, "", "", "openssl", "asn1parse", "-in", "client.key")
			require.Contains(t, der, "INTEGER           :0927C0", "600,000 iterations")
			for _, oid := range []string{":PBES2", ":PBKDF2", ":hmacWithSHA256", ":aes-256-cbc"} {
				require.Contains(t, der, oid)
			}
			require.Regexp(t, `l=  16 prim: OCTET STRING      \[HEX DUMP\]:\w{32}\n[^\n]*0927C0`, der, "a salt of 16 bytes")
		})
	}
}

func TestNewCSRRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		subject  pkix.Name
		password string
		want     string
	}{
		"an empty password":           {csrSubject, "", "certbundle: NewCSR: password is empty"},
		"an empty subject":            {pkix.Name{}, keyPassword, "certbundle: NewCSR: subject is empty"},
		"a subject that is not UTF-8": {pkix.Name{CommonName: "\xff"}, keyPassword, "certbundle: NewCSR: subject: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, csr, err := certbundle.NewCSR(c.subject, c.password)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), keyPassword)
			require.Nil(t, key)
			require.Nil(t, csr)
		})
	}
}

// TestNewCSRIsNew: no two keys, salts or vectors are the same.
func TestNewCSRIsNew(t *testing.T) {
	t.Parallel()
	one, _, first := newCSR(t, keyPassword)
	other, _, second := newCSR(t, keyPassword)
	require.NotEqual(t, one, other)
	require.False(t, first.PublicKey.(*rsa.PublicKey).Equal(second.PublicKey))
}
