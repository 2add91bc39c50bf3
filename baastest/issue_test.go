package baastest_test

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/internal/pkcs12pbe"
)

func parseCertificate(t *testing.T, doc []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(doc)
	require.NotNil(t, block, "%s", doc)
	require.Empty(t, rest)
	require.Equal(t, "CERTIFICATE", block.Type)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return cert
}

func decryptKey(t *testing.T, doc string) *rsa.PrivateKey {
	t.Helper()
	key, ok := decryptAnyKey(t, doc, password).(*rsa.PrivateKey)
	require.True(t, ok)
	return key
}

// decryptAnyKey opens a key of the default encryption.
func decryptAnyKey(t *testing.T, doc, pw string) any {
	t.Helper()
	block, rest := pem.Decode([]byte(doc))
	require.NotNil(t, block, "%s", doc)
	require.Empty(t, rest)
	require.Equal(t, "ENCRYPTED PRIVATE KEY", block.Type)
	var sealed struct {
		Algorithm struct {
			OID    asn1.ObjectIdentifier
			Params struct {
				Salt       []byte
				Iterations int
			}
		}
		Data []byte
	}
	_, err := asn1.Unmarshal(block.Bytes, &sealed)
	require.NoError(t, err)
	require.Equal(t, "1.2.840.113549.1.12.1.3", sealed.Algorithm.OID.String())
	salt, rounds := sealed.Algorithm.Params.Salt, sealed.Algorithm.Params.Iterations
	open := func(pw string) (any, error) {
		cipher3, err := des.NewTripleDESCipher(pkcs12pbe.Key(sha1.New, pkcs12pbe.EncryptionKey, pw, salt, rounds, 24))
		require.NoError(t, err)
		iv := pkcs12pbe.Key(sha1.New, pkcs12pbe.IV, pw, salt, rounds, des.BlockSize)
		plain := make([]byte, len(sealed.Data))
		cipher.NewCBCDecrypter(cipher3, iv).CryptBlocks(plain, sealed.Data)
		return x509.ParsePKCS8PrivateKey(plain[:len(plain)-int(plain[len(plain)-1])%len(plain)])
	}
	key, err := open(pw)
	require.NoError(t, err)
	_, err = open(pw + "x")
	require.Error(t, err, "any password opens it")
	return key
}

func TestIssuedCertificate(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	srv := newServer(t, baastest.WithClock(func() time.Time { return now }))
	v := application(t, srv, now)
	v.Set("CountryName", "countryName")
	result := mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv))).result(t)

	cert := parseCertificate(t, download(t, srv, result.DownloadPath.ClientCrtUrl).body)
	require.Equal(t, "app-1", cert.Subject.CommonName)
	require.Equal(t, []string{"countryName"}, cert.Subject.Country)
	require.Equal(t, []string{"浙江"}, cert.Subject.Province)
	require.Equal(t, []string{"Hang zhou"}, cert.Subject.Locality)
	require.Equal(t, []string{"A+B*C~D"}, cert.Subject.Organization)
	require.Equal(t, []string{"Q&A"}, cert.Subject.OrganizationalUnit)
	require.Equal(t, now.AddDate(1, 0, 0), cert.NotAfter)
	require.Equal(t, now.Add(-time.Hour), cert.NotBefore)
	require.False(t, cert.IsCA)

	key := decryptKey(t, result.PrivateKey)
	require.True(t, key.PublicKey.Equal(cert.PublicKey))
	require.Equal(t, 2048, key.N.BitLen())

	ca := parseCertificate(t, download(t, srv, result.DownloadPath.CaCrtUrl).body)
	require.True(t, ca.IsCA)
	require.False(t, key.PublicKey.Equal(ca.PublicKey))
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	verify := func(usage x509.ExtKeyUsage, at time.Time) error {
		_, err := cert.Verify(x509.VerifyOptions{
			Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}, CurrentTime: at,
		})
		return err
	}
	require.NoError(t, verify(x509.ExtKeyUsageClientAuth, now))
	require.Error(t, verify(x509.ExtKeyUsageServerAuth, now))
	require.Error(t, verify(x509.ExtKeyUsageClientAuth, now.AddDate(1, 0, 1)))
}

func TestEveryApplicationGetsAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	var (
		group   sync.WaitGroup
		mu      sync.Mutex
		results []certificateResult
	)
	for range 8 {
		v := signed(t, srv)
		group.Go(func() {
			a, err := post(srv, v)
			if err != nil || a.status != http.StatusOK {
				t.Errorf("%v %s", err, a.body)
				return
			}
			r := a.result(t)
			mu.Lock()
			defer mu.Unlock()
			results = append(results, r)
		})
	}
	group.Wait()
	keys, serials := make(map[string]bool), make(map[string]bool)
	for _, r := range results {
		cert := parseCertificate(t, download(t, srv, r.DownloadPath.ClientCrtUrl).body)
		key := decryptKey(t, r.PrivateKey)
		require.True(t, key.PublicKey.Equal(cert.PublicKey), "links lead to another's certificate")
		keys[key.N.String()], serials[cert.SerialNumber.String()] = true, true
	}
	require.Len(t, keys, 8)
	require.Len(t, serials, 8)
	require.Equal(t, 8, srv.Issued())
	require.Len(t, srv.Requests(), 8)
}

func TestServersDoNotShareACA(t *testing.T) {
	t.Parallel()
	a, b := newServer(t), newServer(t)
	ca := func(srv *baastest.Server) string {
		return string(download(t, srv, apply(t, srv).DownloadPath.CaCrtUrl).body)
	}
	require.NotEqual(t, ca(a), ca(b))
}

func TestTimeThatFitsNoCertificateIsAnInternalError(t *testing.T) {
	t.Parallel()
	now := time.Date(9999, 12, 1, 0, 0, 0, 0, time.UTC)
	srv := newServer(t, baastest.WithClock(func() time.Time { return now }))
	a := mustPost(t, srv, sign(http.MethodPost, application(t, srv, now), secretOf(t, srv)))
	require.Equal(t, 500, a.status, "%s", a.body)
	require.Equal(t, "InternalError", a.refusal(t).Code)
	require.Zero(t, srv.Issued())
}
