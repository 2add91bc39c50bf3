package k8s

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

const keyPassword = "pä ss+w*rd~&%=/ 密码"

func newRequest() *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "app-1", CountryName: "CN",
		StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou", OrganizationName: "Example & Co",
		OrganizationUnitName: "Q+A", Password: keyPassword,
	}
}

func newServer(t *testing.T) *baastest.Server {
	t.Helper()
	server := baastest.NewServer()
	t.Cleanup(server.Close)
	return server
}

func withDownload(server *baastest.Server) identity.Option {
	return identity.WithDownload(certbundle.WithHTTPClient(&http.Client{Transport: server.HTTPClient().Transport}))
}

// enroll returns an identity of a server of its own.
func enroll(t *testing.T) certbundle.Bundle {
	t.Helper()
	server := newServer(t)
	b, err := identity.Ensure(t.Context(), server.Client(), identity.Memory(), newRequest(), withDownload(server))
	require.NoError(t, err)
	return *b
}

// requirePair: the Secret's tls.crt and tls.key are the certificate's.
func requirePair(t *testing.T, secret *corev1.Secret, want tls.Certificate) {
	t.Helper()
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	require.NoError(t, err)
	require.Equal(t, want.Certificate, pair.Certificate)
	require.Equal(t, want.PrivateKey, pair.PrivateKey)
}
