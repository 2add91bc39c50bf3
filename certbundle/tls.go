package certbundle

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// TLSCertificate returns what tells a node who is calling, as TLSConfig shows
// it: the private key, client.crt's first certificate, and after it the
// issuers that lead from there to a root, found in client.crt and ca.crt. The
// root is left out, since who trusts it has it. Where no way to ca.crt is
// found, or there is no ca.crt, it is client.crt as it stands.
//
// It checks that key and certificate are a pair, but not the rest that Verify
// checks.
func (b *Bundle) TLSCertificate(password string) (tls.Certificate, error) {
	if b == nil {
		return tls.Certificate{}, errNilBundle
	}
	key, _, keyErr := openKey(b.PrivateKey, password)
	chain, unsupported, certErr := parseCertificates(ClientCertFile, b.ClientCert)
	if err := errors.Join(keyErr, certErr); err != nil {
		return tls.Certificate{}, err
	}
	if err := checkPair(key, chain[0]); err != nil {
		return tls.Certificate{}, errors.Join(append([]error{err}, unsupported...)...)
	}
	// An error of ca.crt is TLSConfig's to report.
	cas, _, _ := parseCertificates(CACertFile, b.CACert)
	cert := tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range (&chainFinder{chain: chain, cas: cas, now: time.Now()}).shown() {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	return cert, nil
}

// TLSConfig returns a configuration for connections to the chain's nodes. It
// shows the bundle's certificate, as TLSCertificate returns it, to every node
// that asks for one, whatever names of CAs the node announces: that is
// GetClientCertificate, and Certificates holds the same for who looks there.
//
// How a node is checked:
//
//   - without options, by crypto/tls: ca.crt and nobody else is trusted, and
//     the certificate must name the host that is dialed;
//   - TrustChainOnly leaves out the name;
//   - PinNodes accepts a node by its public key alone.
//
// The checks of the options are in VerifyConnection, which is called for resumed
// sessions too. Wrap it, never replace it; VerifyNode adds a check. They use
// the time of Config.Time, if it is set on the configuration returned, not on
// a clone of it; setting RootCAs has no effect on them.
//
// Errors of a handshake are those of crypto/tls, made plain by
// ExplainHandshake. In TLS 1.3 the handshake is over before the node has looked
// at the certificate: a refusal is the error of the first Read.
//
// Like TLSCertificate it leaves most of what Verify checks unchecked, such as
// the validity. Its error matches ErrPassword, ErrKeyMismatch, ErrMalformed,
// ErrUnsupported or fs.ErrNotExist, or says what is wrong with an option.
func (b *Bundle) TLSConfig(password string, opts ...TLSOption) (*tls.Config, error) {
	if b == nil {
		return nil, errNilBundle
	}
	o, optErr := newTLSOptions(opts)
	cert, certErr := b.TLSCertificate(password)
	cas, _, caErr := parseCertificates(CACertFile, b.CACert)
	if err := errors.Join(optErr, certErr, caErr); err != nil {
		return nil, err
	}
	cfg := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		// With Certificates alone, crypto/tls shows none where the names that a
		// node announces are not the issuer's to the byte.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &cert, nil
		},
		RootCAs: newPool(cas),
	}
	if o.rsaKeyExchange {
		cfg.MaxVersion, cfg.CipherSuites = tls.VersionTLS12, cipherSuites()
	}
	o.checkNodes(cfg, cas)
	return cfg, nil
}

func newPool(certs []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool
}
