package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// An authority is a certificate with its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate that is valid for an hour before and after now.
func (a *authority) issue(t *testing.T, template x509.Certificate, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.BasicConstraintsValid = true
	made := &authority{cert: &template, key: key}
	if a == nil {
		a = made
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	made.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return made
}

func certPEM(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

// TestSourceTLSConfig checks nodes as crypto/tls does, and by the time of the
// configuration.
func TestSourceTLSConfig(t *testing.T) {
	t.Parallel()
	ca := x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	root := (*authority)(nil).issue(t, ca, "root")
	intermediate := root.issue(t, ca, "intermediate")
	node := intermediate.issue(t, x509.Certificate{DNSNames: []string{"node.example.com"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, "node")
	client := root.issue(t, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, "client")
	key, err := x509.MarshalPKCS8PrivateKey(client.key)
	require.NoError(t, err)
	store := Memory()
	replace(t, store, completeRecord(&certbundle.Bundle{
		PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), ClientCert: certPEM(client.cert), CACert: certPEM(root.cert),
	}))
	s := newTestSource(t, FromStore(store))
	shown := tls.ConnectionState{ServerName: "node.example.com", PeerCertificates: []*x509.Certificate{node.cert, intermediate.cert}}
	alone := shown
	alone.PeerCertificates = alone.PeerCertificates[:1]

	for name, opts := range map[string][]certbundle.TLSOption{"by name": nil, "TrustChainOnly": {certbundle.TrustChainOnly()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := s.TLSConfig(opts...)
			require.NoError(t, err)
			require.NoError(t, cfg.VerifyConnection(shown), "the node sends the intermediate certificate")
			require.Error(t, cfg.VerifyConnection(alone))
			cfg.Time = func() time.Time { return time.Now().Add(2 * time.Hour) }
			require.ErrorContains(t, cfg.VerifyConnection(shown), "expired")
			cfg.Time = nil
			require.NoError(t, cfg.VerifyConnection(shown))
			require.Empty(t, cfg.Certificates, "GetClientCertificate shows the latest")
			require.Nil(t, cfg.RootCAs)
		})
	}
}
