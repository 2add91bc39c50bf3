package certbundle_test

import (
	"io"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// TestBundlesOfTheField are read, downloaded and stored as they are.
func TestBundlesOfTheField(t *testing.T) {
	t.Parallel()
	for generation, count := range map[string]struct{ cas, trusted int }{"gen1": {1, 1}, "gen2": {3, 1}} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			b, err := certbundle.Load(filepath.Join("testdata", "field", generation))
			require.NoError(t, err)
			_, encryption, err := certbundle.OpenKey(b.PrivateKey, fieldPassword)
			require.NoError(t, err)
			require.Equal(t, "PKCS12 DES-EDE3-CBC PKCS12KDF-SHA1", encryption)
			_, _, err = certbundle.OpenKey(b.PrivateKey, "Own#Test124")
			require.ErrorIs(t, err, certbundle.ErrPassword)
			cas, skipped, err := certbundle.ParseCertificatesAll(certbundle.CACertFile, b.CACert)
			require.NoError(t, err)
			require.Len(t, cas, count.cas)
			require.Empty(t, skipped)
			trusted, skipped, err := certbundle.ParseTrustStoreAll(b.TrustStore)
			require.NoError(t, err)
			require.Len(t, trusted, count.trusted)
			require.Empty(t, skipped)
			_, err = b.TLSCertificate(fieldPassword)
			require.NoError(t, err)

			id := identities()[0]
			id.result.PrivateKey = string(b.PrivateKey)
			id.files = map[string]string{
				certbundle.ClientKeyFile: string(b.PrivateKey), certbundle.ClientCertFile: string(b.ClientCert),
				certbundle.CACertFile: string(b.CACert), certbundle.TrustStoreFile: string(b.TrustStore),
			}
			dir := t.TempDir()
			s := &storage{files: id.files}
			saved, err := certbundle.Save(t.Context(), dir, id.result, s.client())
			require.NoError(t, err)
			require.Equal(t, b, saved)
			requireFiles(t, dir, id.files)
		})
	}
}

// TestWhatGoCannotReadIsStored, byte for byte, and stays as it is.
func TestWhatGoCannotReadIsStored(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	negative := pemOf("CERTIFICATE", string(unsupportedCerts()["negative serial number"].der))
	for name, c := range map[string]struct{ file, content string }{
		"client.crt: a negative serial number": {certbundle.ClientCertFile, negative},
		"ca.crt: an SM2 root":                  {certbundle.CACertFile, string(readTestdata(t, "sm2.pem"))},
		"ca.crt: 9 KiB of a certificate":       {certbundle.CACertFile, pemOf("CERTIFICATE", "\x30\x82\x24\x00\x30"+string(make([]byte, 0x2400-1)))},
		"trustCa: no password":                 {certbundle.TrustStoreFile, string(readTestdata(t, "plain.p12"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := id.without()
			files[c.file] = c.content
			dir := t.TempDir()
			s := &storage{files: files}
			for range 2 { // and the second time nothing is downloaded
				b, err := certbundle.Save(t.Context(), dir, id.result, s.client())
				require.NoError(t, err)
				_, err = b.Verify(application().Password)
				_ = err // says what Go makes of it: see verify_test.go
			}
			require.Equal(t, 1, s.requested(c.file))
			requireFiles(t, dir, files)
		})
	}
}

// TestNoTransportUnpacksByItself: one that did would fail at a body that is
// said to be compressed and is not.
func TestNoTransportUnpacksByItself(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){}}
	for _, name := range downloaded {
		s.instead[name] = func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("Accept-Encoding"); got != "identity" {
				return nil, io.ErrUnexpectedEOF
			}
			return answer(http.StatusOK, id.files[name])(r)
		}
	}
	_, err := certbundle.Fetch(t.Context(), id.result, s.client())
	require.NoError(t, err)
}
