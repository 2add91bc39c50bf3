package baastest_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// newCSR returns the UploadReq of a request for CN=csr, O=某公司, by the key, or by one of 2048 bits if it is nil.
func newCSR(t *testing.T, key crypto.Signer) string {
	t.Helper()
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csrDER(t, key)}))
}

func csrDER(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	if key == nil {
		own, err := testKey()
		require.NoError(t, err)
		key = own
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "csr", Organization: []string{"某公司"}},
	}, key)
	require.NoError(t, err)
	return der
}

func TestCSR(t *testing.T) {
	t.Parallel()
	own, err := testKey()
	require.NoError(t, err)
	for name, issuance := range issuances() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, baastest.WithIssuance(issuance))
			params := parameters(t)
			require.JSONEq(t, `"success"`, string(ask(t, srv, "ApplyAntChainCertificate", params["ApplyAntChainCertificate"])))
			require.Equal(t, 1, srv.Issued())
			cert := parseCertificate(t, download(t, srv, pathsOf(t, srv, "1q8B5R9p").ClientCrtUrl).body)
			require.True(t, own.PublicKey.Equal(cert.PublicKey))
			if issuance == baastest.Console2021 {
				require.Regexp(t, "^[0-9a-f]{32}_csr$", cert.Subject.CommonName)
				require.Equal(t, []string{"Alipay"}, cert.Subject.Organization)
			} else {
				require.Equal(t, "CN=csr,O=某公司", cert.Subject.String())
			}
			// It is let in like any other.
			line, _, err := greet(t, srv.NewNode(), show(&tlsCertificate{Certificate: [][]byte{cert.Raw}, PrivateKey: own}))
			require.NoError(t, err)
			require.Contains(t, line, "csr\n")
		})
	}
}

func TestCSRsThatAreRefused(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	encode := func(kind string, der []byte) string {
		return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	der := csrDER(t, nil)
	forged := bytes.Replace(der, []byte("csr"), []byte("CSR"), 1)
	for name, upload := range map[string]string{
		"not Base64": "LS0tLS1.", "no PEM": base64.StdEncoding.EncodeToString(der), "a certificate": encode("CERTIFICATE", der),
		"no DER": encode("CERTIFICATE REQUEST", []byte("x")), "signed by another key": encode("CERTIFICATE REQUEST", forged),
		"no RSA key": newCSR(t, ec),
	} {
		a := call(t, srv, "ApplyAntChainCertificate", url.Values{"AntChainId": {"1q8B5R9p"}, "UploadReq": {upload}})
		require.Equal(t, http.StatusBadRequest, a.status, name)
		require.Equal(t, "InvalidParameter", a.refusal(t).Code, name)
	}
	require.Zero(t, srv.Issued())
	ask(t, srv, "ApplyAntChainCertificate", url.Values{
		"AntChainId": {"1q8B5R9p"}, "UploadReq": {encode("NEW CERTIFICATE REQUEST", der)},
	})
}

func TestApprovalDelay(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Now()
	srv := newServer(t, baastest.WithApprovalDelay(time.Minute), baastest.WithClock(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}))
	params := parameters(t)["ApplyAntChainCertificate"]
	ask(t, srv, "ApplyAntChainCertificate", params)
	require.Equal(t, 1, srv.Issued())
	require.Equal(t, []int{1, 0, 0}, statuses(t, srv))
	require.Empty(t, pathsOf(t, srv, "1q8B5R9p").ClientCrtUrl, "not yet")
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	require.Equal(t, []int{0, 1, 0}, statuses(t, srv))
	require.NotEmpty(t, pathsOf(t, srv, "1q8B5R9p").ClientCrtUrl)
}
