package certbundle

import (
	"crypto/tls"
	"errors"
	"slices"
)

// A TLSOption changes how TLSConfig checks nodes or connects to them. Nil
// options are skipped, and their order does not matter.
type TLSOption func(*tlsOptions)

type tlsOptions struct {
	chainOnly, allowSHA1, rsaKeyExchange bool
	pins                                 map[string]bool // by their Base64; nil without PinNodes
	checks                               []func(tls.ConnectionState) error
	errs                                 []error
}

// TrustChainOnly checks that a node has a certificate of ca.crt, for use by
// servers and valid now, but not that it bears the node's name: nodes are
// addressed by IP, which their certificates need not name.
//
// What it gives up: any holder of a certificate of that CA, a client too if its
// certificate does not exclude servers, can stand for a node, and some CAs of
// the service are those of many customers. With PinNodes only the holder of the
// pinned key can.
//
// A node whose certificate has a SHA-1 signature of that CA is refused with
// ErrWeakSignature: see AllowSHA1.
func TrustChainOnly() TLSOption {
	return func(o *tlsOptions) { o.chainOnly = true }
}

// PinNodes accepts a node by its public key alone, which has to be one of
// pins: see Pin. Another key is ErrUntrusted, with its pin in the text. Calls
// of PinNodes add up. No pin at all, or a malformed one, is an error of
// TLSConfig. The prefix "sha256/" is read as well.
//
// Dates, issuer, name and signature of the certificate are not looked at: one
// that is self-signed, has expired or bears a SHA-1 signature is accepted, for
// the node proves in the handshake that it holds the private key, and nothing
// else is asked. So a pin is good for as long as the key is, and has to be taken
// out of the program when the key is lost. The certificate still must be one
// that crypto/x509 can parse.
//
// It takes the place of the chain check: TrustChainOnly and AllowSHA1 beside it
// do nothing.
func PinNodes(pins ...string) TLSOption {
	pins = slices.Clone(pins)
	return func(o *tlsOptions) {
		if len(pins) == 0 {
			o.errs = append(o.errs, errors.New("certbundle: PinNodes: no pin"))
		}
		if o.pins == nil {
			o.pins = map[string]bool{}
		}
		for _, pin := range pins {
			hash, err := parsePin(pin)
			if err != nil {
				o.errs = append(o.errs, err)
				continue
			}
			o.pins[hash] = true
		}
	}
}

// AllowSHA1 goes with TrustChainOnly: the node's certificate may bear a SHA-1
// signature, as those of 2021 do, if a certificate of ca.crt made it. No other
// SHA-1 signature counts: not one on an intermediate certificate, and not one made
// by a certificate that only the node sends. Everything else about the certificate
// is checked as ever.
//
// SHA-1 is broken: who can have a certificate of that CA made may be able to
// make a second one, of other content, with the same signature. So prefer
// PinNodes. Without either of them it is an error of TLSConfig.
func AllowSHA1() TLSOption {
	return func(o *tlsOptions) { o.allowSHA1 = true }
}

// AllowRSAKeyExchange is for nodes that share no elliptic curve with Go and end
// the handshake with "handshake failure", as those do that know secp256k1
// alone. It offers, after Go's own cipher suites, four that use no curve, and
// TLS 1.2 at most, for TLS 1.3 cannot do without.
//
// What it gives up: these suites have no forward secrecy. Whoever records a
// connection and gets hold of the node's private key later can read it.
func AllowRSAKeyExchange() TLSOption {
	return func(o *tlsOptions) { o.rsaKeyExchange = true }
}

// VerifyNode adds a check of the caller's own: in every handshake, also of a
// resumed session, check is called after the check of this package and only
// if that has passed. Its error ends the handshake. VerifiedChains has what led
// to ca.crt; with PinNodes it is empty.
//
// Several are called in their order. check may be called by several goroutines
// at once. A check that is nil is an error of TLSConfig.
func VerifyNode(check func(tls.ConnectionState) error) TLSOption {
	return func(o *tlsOptions) {
		if check == nil {
			o.errs = append(o.errs, errors.New("certbundle: VerifyNode: the check is nil"))
			return
		}
		o.checks = append(o.checks, check)
	}
}

func newTLSOptions(opts []TLSOption) (*tlsOptions, error) {
	o := &tlsOptions{}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	if o.allowSHA1 && !o.chainOnly && o.pins == nil {
		o.errs = append(o.errs, errors.New("certbundle: AllowSHA1: goes with TrustChainOnly: without it crypto/tls itself checks nodes"))
	}
	return o, errors.Join(o.errs...)
}

// cipherSuites are Go's own up to TLS 1.2 and, for AllowRSAKeyExchange, those
// that need no curve. crypto/tls puts them into order: these come last.
func cipherSuites() []uint16 {
	var ids []uint16
	for _, suite := range tls.CipherSuites() {
		if slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
			ids = append(ids, suite.ID)
		}
	}
	for _, id := range []uint16{
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	} {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
