package certbundle

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// TLSCertificate returns what tells a node who is calling: client.crt, with
// the certificates that follow in it, and the private key. It checks that they
// are a pair, but not the rest that Verify checks.
func (b *Bundle) TLSCertificate(password string) (tls.Certificate, error) {
	if b == nil {
		return tls.Certificate{}, errNilBundle
	}
	key, _, keyErr := openKey(b.PrivateKey, password)
	chain, _, certErr := parseCertificates(ClientCertFile, b.ClientCert)
	if err := errors.Join(keyErr, certErr); err != nil {
		return tls.Certificate{}, err
	}
	if err := checkPair(key, chain[0]); err != nil {
		return tls.Certificate{}, err
	}
	cert := tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range chain {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	return cert, nil
}

// TLSConfig returns a configuration for connections to the chain's nodes: it
// shows the bundle's certificate and trusts ca.crt and nobody else. As always in
// TLS, a node's certificate must name the host that is dialed. Nodes that are called by
// an IP address which their certificate does not name need TrustChainOnly.
//
// Like TLSCertificate it leaves most of what Verify checks unchecked, such as
// the validity. Its error matches ErrPassword, ErrKeyMismatch, ErrMalformed or
// fs.ErrNotExist.
func (b *Bundle) TLSConfig(password string) (*tls.Config, error) {
	if b == nil {
		return nil, errNilBundle
	}
	cert, certErr := b.TLSCertificate(password)
	cas, _, caErr := parseCertificates(CACertFile, b.CACert)
	if err := errors.Join(certErr, caErr); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		RootCAs:      newPool(cas),
	}, nil
}

func newPool(certs []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool
}

// TrustChainOnly returns a clone of a client's cfg that checks that a node has
// a certificate of cfg.RootCAs, for use by servers and valid now, but not that
// it bears the node's name: nodes are addressed by IP. So any node of the
// chain can stand for any other.
//
// Without RootCAs every handshake fails: the system's roots, which would take
// their place, vouch for the whole Internet, and without a name that is
// nobody. RootCAs, Time and VerifyConnection are taken from cfg now; setting
// them on the clone has no effect, or in case of VerifyConnection, removes the
// check. VerifyConnection of cfg is called after the check, with the chains
// found; VerifyPeerCertificate is called before it, without.
func TrustChainOnly(cfg *tls.Config) *tls.Config {
	if cfg == nil {
		cfg = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	clone := cfg.Clone()
	roots, now, next := clone.RootCAs, clone.Time, clone.VerifyConnection

	// crypto/tls has no other way to leave out the check of the name than to
	// leave out its own check of the certificate. Nothing else is lost:
	// VerifyConnection is called in every handshake, resumed ones included,
	// before a byte of the application passes, and makes up for it.
	clone.InsecureSkipVerify = true
	clone.VerifyConnection = func(state tls.ConnectionState) error {
		at := time.Now
		if now != nil {
			at = now
		}
		chains, err := verifyNode(state.PeerCertificates, roots, at())
		if err != nil {
			return err
		}
		if next == nil {
			return nil
		}
		state.VerifiedChains = chains
		return next(state)
	}
	return clone
}

func verifyNode(certs []*x509.Certificate, roots *x509.CertPool, now time.Time) ([][]*x509.Certificate, error) {
	if roots == nil {
		return nil, fmt.Errorf("%w: no %s to check the node with", ErrUntrusted, CACertFile)
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%w: the node shows no certificate", ErrUntrusted)
	}
	chains, err := certs[0].Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: newPool(certs[1:]),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err == nil {
		return chains, nil
	}
	kind := ErrUntrusted
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		kind = ErrExpired
	}
	// The type that crypto/tls uses for the same.
	return nil, fmt.Errorf("%w: the node: %w", kind,
		&tls.CertificateVerificationError{UnverifiedCertificates: certs, Err: err})
}
