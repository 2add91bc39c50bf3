package certbundle

import (
	"crypto/x509"
	"encoding/pem"
)

// KeyPair returns what servers, proxies and a Kubernetes Secret of type
// kubernetes.io/tls take: the certificates that TLSCertificate shows, and the
// private key as PKCS#8 in the clear, both PEM. Whoever reads key can pose as you:
// protect it, and keep it no longer than needed. The errors are those of
// TLSCertificate.
func (b *Bundle) KeyPair(password string) (cert, key []byte, err error) {
	pair, err := b.TLSCertificate(password)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return nil, nil, unsupported(ClientKeyFile, "%w", err)
	}
	for _, c := range pair.Certificate {
		cert = append(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
