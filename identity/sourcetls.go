package identity

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync/atomic"
	"time"

	"github.com/antchain-go/baas/certbundle"
)

// TLSConfig returns a configuration for connections to the chain's nodes that
// shows the identity of the time of each handshake, and checks nodes with it. It
// takes the options of certbundle's TLSConfig, and works as that does, with two
// differences:
//
//   - All checks are in VerifyConnection, and InsecureSkipVerify is set. Wrap
//     VerifyConnection, never replace it.
//   - Without TrustChainOnly or PinNodes a node must be dialed by name: crypto/tls
//     does not tell VerifyConnection an IP address that was dialed, so every such
//     handshake fails.
//
// The configuration works on when the Source is closed.
func (s *Source) TLSConfig(opts ...certbundle.TLSOption) (*tls.Config, error) {
	c := &configs{source: s, opts: opts}
	first, err := c.current()
	if err != nil {
		return nil, err
	}
	cfg := first.Clone()
	cfg.Certificates, cfg.RootCAs, cfg.Time = nil, nil, nil // those of one identity
	c.shown = cfg
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &s.current.Load().cert, nil
	}
	// Without it crypto/tls would check nodes with the system's roots.
	cfg.InsecureSkipVerify = true
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		now, err := c.current()
		if err != nil {
			return err
		}
		if !now.InsecureSkipVerify {
			if err := checkName(&state, now.RootCAs, c.now()); err != nil {
				return err
			}
		}
		if now.VerifyConnection == nil {
			return nil
		}
		return now.VerifyConnection(state)
	}
	return cfg, nil
}

// configs makes the configuration of each identity once.
type configs struct {
	source *Source
	opts   []certbundle.TLSOption
	shown  *tls.Config // the one that the caller has
	latest atomic.Pointer[madeConfig]
}

type madeConfig struct {
	of  *served
	cfg *tls.Config
}

func (c *configs) current() (*tls.Config, error) {
	now := c.source.current.Load()
	if made := c.latest.Load(); made != nil && made.of == now {
		return made.cfg, nil
	}
	cfg, err := now.bundle.TLSConfig(c.source.password, c.opts...)
	if err != nil {
		return nil, err
	}
	cfg.Time = c.now
	c.latest.Store(&madeConfig{now, cfg})
	return cfg, nil
}

// now is the time by which nodes are checked.
func (c *configs) now() time.Time {
	if c.shown != nil && c.shown.Time != nil {
		return c.shown.Time()
	}
	return time.Now()
}

var errNoName = errors.New("identity: the node was not dialed by a name that its certificate could bear: " +
	"use certbundle.PinNodes or certbundle.TrustChainOnly")

// checkName is what crypto/tls does by default.
func checkName(state *tls.ConnectionState, roots *x509.CertPool, now time.Time) error {
	if state.ServerName == "" || len(state.PeerCertificates) == 0 {
		return errNoName
	}
	others := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		others.AddCert(cert)
	}
	chains, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, DNSName: state.ServerName, CurrentTime: now,
	})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	state.VerifiedChains = chains
	return nil
}

func equalBundles(a, b *certbundle.Bundle) bool {
	return bytes.Equal(a.PrivateKey, b.PrivateKey) && bytes.Equal(a.ClientCert, b.ClientCert) &&
		bytes.Equal(a.CACert, b.CACert) && bytes.Equal(a.TrustStore, b.TrustStore)
}
