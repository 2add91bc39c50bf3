package certbundle

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

var errNoNodeCertificate = fmt.Errorf("%w: the node shows no certificate", ErrUntrusted)

// A nodeError is a fault with a node, in words that say what to do.
type nodeError struct {
	kind error // of this package, or nil
	text string
	err  error // what crypto/tls or crypto/x509 says
}

func (e *nodeError) Error() string {
	prefix := "certbundle"
	if e.kind != nil {
		prefix = e.kind.Error()
	}
	return prefix + ": the node: " + e.text + ": " + e.err.Error()
}

func (e *nodeError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.err}
	}
	return []error{e.kind, e.err}
}

// checkNodes makes cfg check nodes as the options say.
func (o *tlsOptions) checkNodes(cfg *tls.Config, cas []*x509.Certificate) {
	checks := o.checks
	var own func(*tls.ConnectionState) error
	switch {
	case o.pins != nil:
		own = func(state *tls.ConnectionState) error {
			state.VerifiedChains = nil // a resumed session may have those of another configuration
			return checkPin(state.PeerCertificates, o.pins)
		}
	case o.chainOnly:
		check := nodeCheck{cas: cas, roots: newPool(cas), allowSHA1: o.allowSHA1}
		own = func(state *tls.ConnectionState) (err error) {
			now := time.Now
			if cfg.Time != nil {
				now = cfg.Time
			}
			state.VerifiedChains, err = check.verify(state.PeerCertificates, now())
			return err
		}
	case len(checks) == 0:
		return
	default:
		own = func(*tls.ConnectionState) error { return nil } // crypto/tls has checked
	}
	// crypto/tls has no other way to leave out a part of its own check than to
	// leave out all. Nothing else is lost: VerifyConnection is called in every
	// handshake, resumed ones included, before a byte of the application passes.
	cfg.InsecureSkipVerify = o.pins != nil || o.chainOnly
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		if err := own(&state); err != nil {
			return err
		}
		for _, check := range checks {
			if err := check(state); err != nil {
				return err
			}
		}
		return nil
	}
}

// A nodeCheck is TrustChainOnly's.
type nodeCheck struct {
	cas       []*x509.Certificate
	roots     *x509.CertPool // of cas
	allowSHA1 bool
}

func (c *nodeCheck) verify(certs []*x509.Certificate, now time.Time) ([][]*x509.Certificate, error) {
	if len(certs) == 0 {
		return nil, errNoNodeCertificate
	}
	opts := x509.VerifyOptions{
		Roots:         c.roots,
		Intermediates: newPool(certs[1:]),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	chains, err := certs[0].Verify(opts)
	if err != nil && hasSHA1Signature(certs[0]) {
		chains, err = c.verifySHA1(certs[0], opts, err)
	}
	if err == nil {
		return chains, nil
	}
	// The type that crypto/tls uses for the same.
	err = &tls.CertificateVerificationError{UnverifiedCertificates: certs, Err: err}
	text, kind := judgeCertificate(err)
	return nil, &nodeError{kind, text, err}
}

// verifySHA1 is for a certificate that crypto/x509 refuses with the error
// plain, perhaps for its signature alone.
func (c *nodeCheck) verifySHA1(cert *x509.Certificate, opts x509.VerifyOptions, plain error) ([][]*x509.Certificate, error) {
	chains, err := verifySHA1Pair(cert, c.cas, opts)
	switch {
	case errors.Is(err, errNoSHA1Issuer):
		return nil, unknownIssuer{plain}
	case err == nil && !c.allowSHA1:
		return nil, weakSignature{plain}
	}
	return chains, err
}

// weakSignature marks an error of crypto/x509 that a SHA-1 signature of the
// right CA has caused, unknownIssuer one that no such signature has.
type (
	weakSignature struct{ error }
	unknownIssuer struct{ error }
)

func (e weakSignature) Unwrap() error { return e.error }
func (e unknownIssuer) Unwrap() error { return e.error }
