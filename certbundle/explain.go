package certbundle

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
)

// What helps against the faults of a node's certificate.
const (
	adviceWeak = "a SHA-1 signature, which Go refuses, is in the chain of its certificate. PinNodes accepts the node by its key; " +
		"TrustChainOnly with AllowSHA1 does if a CA of " + CACertFile + " has made the signature"
	adviceWeakName = "its certificate is for another name than the one that was dialed, and bears a SHA-1 signature, which Go refuses. " +
		"PinNodes accepts the node by its key; TrustChainOnly with AllowSHA1 does if a CA of " + CACertFile + " has made the signature"
	adviceWeakCA = "a CA that it sends bears a SHA-1 signature, which Go refuses, and no option allows that for a CA. " +
		"If it is one of the chain's, put that CA into " + CACertFile + "; PinNodes accepts the node by its key"
	adviceSentCA = "a CA that it sends, and that " + CACertFile + " does not have, is named as the issuer in its certificate, which bears a SHA-1 signature. " +
		"If it is one of the chain's, put that CA into " + CACertFile + "; PinNodes accepts the node by its key"
	adviceUntrusted = "either it is no node of this chain, or " + CACertFile + " is of another. PinNodes accepts a node by its key"
	adviceName      = "its certificate is for another name than the one that was dialed. TrustChainOnly leaves out the name, " +
		"PinNodes accepts the node by its key"
	adviceExpired = "its certificate, or one of its CA, is not valid today. If the clock of this machine is right, the node's operator " +
		"has to renew it; PinNodes does not look at dates"
	adviceUnfit = "its certificate is not one for servers that a CA of " + CACertFile + " may issue. PinNodes accepts the node by its key"
	adviceParse = "Go cannot parse its certificate, and no option changes that. Java or Node.js may connect"
)

// Alerts that a node sends, by their number in RFC 8446.
var alertAdvice = map[tls.AlertError]struct {
	kind error
	text string
}{
	40:  {nil, "it shares no cipher suite or curve with Go. AllowRSAKeyExchange may help"},
	70:  {nil, "it speaks no version of TLS that is offered: 1.2 and 1.3, and with AllowRSAKeyExchange 1.2 alone"},
	71:  {nil, "it wants stronger ciphers than are offered. AllowRSAKeyExchange, where it is used, offers weak ones"},
	42:  {nil, adviceRefused},
	43:  {nil, adviceRefused},
	46:  {nil, adviceRefused},
	48:  {nil, adviceRefused},
	49:  {nil, adviceRefused},
	116: {nil, adviceRefused},
	44:  {nil, "it says that this certificate has been revoked: apply for another"},
	45:  {ErrExpired, "it says that this certificate has expired: see Verify, and compare the clocks"},
}

const adviceRefused = "it does not accept this certificate. It may not know it yet: see the status of the application " +
	"(DescribeAntChainCertificateApplications). Or the bundle is of another chain, or bears SHA-1 signatures " +
	"(see Verify) that the node refuses"

// ExplainHandshake makes an error of tls.Dial, of a handshake, or of the first
// Read or Write after it plain: it adds what that means for a node of the chain, and
// which option of TLSConfig would help. The error itself stays in the chain, for
// errors.Is and errors.As. What it does not know, what this package has
// explained already, and nil it returns as they are.
//
// It adds ErrWeakSignature, ErrUntrusted, ErrExpired or ErrUnsupported where
// the node's certificate is that, and ErrExpired where the node says so of the
// bundle's. A name that is not the node's, and what a node refuses for other
// reasons, is explained in words alone.
func ExplainHandshake(err error) error {
	if err == nil || isExplained(err) {
		return err
	}
	if text, kind := explainRemote(err); text != "" {
		return &nodeError{kind, text, err}
	}
	if !isCertificateError(err) {
		return err
	}
	text, kind := judgeCertificate(err)
	return &nodeError{kind, text, err}
}

func isExplained(err error) bool {
	var e *nodeError
	if errors.As(err, &e) {
		return true
	}
	for _, kind := range []error{ErrUntrusted, ErrExpired, ErrWeakSignature, ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// explainRemote knows the alerts of a node. Over TCP, crypto/tls does not
// export their type, only their words.
func explainRemote(err error) (text string, kind error) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return "", nil
	}
	for alert, advice := range alertAdvice {
		if op.Err.Error() == alert.Error() {
			return advice.text, advice.kind
		}
	}
	return "", nil
}

// isCertificateError reports whether err is about the node's certificate.
func isCertificateError(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		insecure     x509.InsecureAlgorithmError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) ||
		errors.As(err, &invalid) || errors.As(err, &insecure) || isParseError(err)
}

// isParseError: crypto/tls has no type for it.
func isParseError(err error) bool {
	return strings.Contains(err.Error(), "tls: failed to parse certificate from server")
}

// judgeCertificate says what an error of crypto/x509 means for a node. kind is
// nil where the certificate is sound and of the right CA.
func judgeCertificate(err error) (text string, kind error) {
	var (
		weak     weakSignature
		unknown  unknownIssuer
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	switch {
	case errors.Is(err, ErrUnsupported):
		return "its certificate bears a SHA-1 signature. PinNodes accepts the node by its key", ErrUnsupported
	case isParseError(err):
		return adviceParse, ErrUnsupported
	case errors.As(err, &weak):
		return adviceWeak, ErrWeakSignature
	case errors.As(err, &unknown):
		if sendsIssuer(err) {
			return adviceSentCA, ErrUntrusted
		}
		return adviceUntrusted, ErrUntrusted
	case isWeak(err):
		if isOfCA(err) {
			return adviceWeakCA, ErrWeakSignature
		}
		return adviceWeak, ErrWeakSignature
	case errors.As(err, &hostname) && hostname.Certificate != nil && hasSHA1Signature(hostname.Certificate):
		// crypto/x509 looks at the name first.
		return adviceWeakName, ErrWeakSignature
	case errors.As(err, &hostname):
		return adviceName, nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return adviceExpired, ErrExpired
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return adviceUntrusted, ErrUntrusted
	}
	return adviceUnfit, ErrUntrusted
}

// isOfCA reports whether crypto/x509 refuses a certificate that came after the
// node's own.
func isOfCA(err error) bool {
	var (
		shown     *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
	)
	return errors.As(err, &shown) && len(shown.UnverifiedCertificates) > 0 && errors.As(err, &authority) &&
		authority.Cert != nil && !authority.Cert.Equal(shown.UnverifiedCertificates[0])
}

// sendsIssuer reports whether a node sends, beside its certificate, one of a CA
// of its issuer's name.
func sendsIssuer(err error) bool {
	var shown *tls.CertificateVerificationError
	if !errors.As(err, &shown) || len(shown.UnverifiedCertificates) == 0 {
		return false
	}
	cert := shown.UnverifiedCertificates[0]
	return slices.ContainsFunc(shown.UnverifiedCertificates[1:], func(ca *x509.Certificate) bool {
		return ca.IsCA && !isRoot(ca) && bytes.Equal(ca.RawSubject, cert.RawIssuer)
	})
}

// isWeak reports whether crypto/x509 has met a SHA-1 signature of a CA of the
// right name. It says so in the text of an UnknownAuthorityError alone.
func isWeak(err error) bool {
	var insecure x509.InsecureAlgorithmError
	if errors.As(err, &insecure) {
		alg := x509.SignatureAlgorithm(insecure)
		return alg == x509.SHA1WithRSA || alg == x509.ECDSAWithSHA1
	}
	var authority x509.UnknownAuthorityError
	if !errors.As(err, &authority) {
		return false
	}
	for _, alg := range []x509.SignatureAlgorithm{x509.SHA1WithRSA, x509.ECDSAWithSHA1} {
		if strings.Contains(authority.Error(), x509.InsecureAlgorithmError(alg).Error()) {
			return true
		}
	}
	return false
}
