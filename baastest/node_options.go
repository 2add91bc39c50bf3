package baastest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"time"
)

// NodeOption configures a [Node]. Nil options are skipped; the last of a kind wins.
type NodeOption func(*nodeConfig)

type nodeConfig struct {
	names    CANames
	noCurves bool
}

func newNodeConfig(opts []NodeOption) nodeConfig {
	var cfg nodeConfig
	for _, opt := range opts {
		if opt != nil {
			opt(&cfg)
		}
	}
	return cfg
}

// CANames is which CA a node names when it asks for a certificate. A client may choose its certificate by that; the
// node takes the same certificates in any case.
type CANames int

const (
	// OwnCAName is the name of the CA that signs clients' certificates, and the default.
	OwnCAName CANames = iota
	// ReencodedCAName is the same name with UTF8String for every PrintableString.
	ReencodedCAName
	// OtherCAName is the name of a CA that nobody has a certificate of.
	OtherCAName
	// NoCAName is none at all.
	NoCAName
)

// AnnounceCAs sets the CA that the node names, [OwnCAName] by default and for unknown values.
func AnnounceCAs(names CANames) NodeOption {
	return func(c *nodeConfig) { c.names = names }
}

// NoCurves makes a node that has no curve in common with Go, as those that offer only secp256k1: it speaks TLS 1.2
// with RSA key exchange alone, and ends the handshake of whoever offers none.
func NoCurves() NodeOption {
	return func(c *nodeConfig) { c.noCurves = true }
}

// apply completes the configuration of a node whose clients have certificates of ca.
func (c nodeConfig) apply(config *tls.Config, ca *chainCA) error {
	if c.noCurves {
		config.MaxVersion = tls.VersionTLS12
		config.CipherSuites = []uint16{
			tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		}
	}
	name, err := c.caName(ca)
	if err != nil {
		return err
	}
	config.ClientCAs = x509.NewCertPool()
	if name != nil {
		config.ClientCAs.AddCert(&x509.Certificate{Raw: name, RawSubject: name}) // crypto/tls announces its subject
	}
	config.ClientAuth = tls.RequireAnyClientCert
	verify := ca.verifyClient
	if ca.cert.SignatureAlgorithm == x509.SHA1WithRSA {
		verify = ca.verifySHA1Client
	} else if bytes.Equal(name, ca.cert.RawSubject) {
		// crypto/tls itself: its alerts say more than a failed check of our own can.
		config.ClientCAs = ca.pool()
		config.ClientAuth = tls.RequireAndVerifyClientCert
		return nil
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		return verify(state.PeerCertificates[0], config.Time())
	}
	return nil
}

// caName is the name to announce, in DER.
func (c nodeConfig) caName(ca *chainCA) ([]byte, error) {
	switch c.names {
	case ReencodedCAName:
		return reencode(ca.cert.RawSubject)
	case OtherCAName:
		return encodeName(attribute{oidCommon(), 0, "Another CA"})
	case NoCAName:
		return nil, nil
	default:
		return ca.cert.RawSubject, nil
	}
}

// reencode turns every PrintableString of a name into a UTF8String.
func reencode(name []byte) ([]byte, error) {
	type typeAndValue struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	type rdnSET []typeAndValue
	var rdns []rdnSET
	if _, err := asn1.Unmarshal(name, &rdns); err != nil {
		return nil, err
	}
	for _, rdn := range rdns {
		for i, a := range rdn {
			if a.Value.Tag == asn1.TagPrintableString {
				rdn[i].Value = asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: a.Value.Bytes}
			}
		}
	}
	return asn1.Marshal(rdns)
}

func (ca *chainCA) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// verifyClient is the check of crypto/tls, for nodes that announce another name than that of their CA.
func (ca *chainCA) verifyClient(cert *x509.Certificate, now time.Time) error {
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: ca.pool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

// verifySHA1Client checks what crypto/x509 refuses to: a SHA-1 signature. All that its key has signed are certificates
// that are good for clients and for servers, so signature and time say it all.
func (ca *chainCA) verifySHA1Client(cert *x509.Certificate, now time.Time) error {
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return errors.New("baastest: the client's certificate has expired or is not yet valid")
	}
	digest := sha1.Sum(cert.RawTBSCertificate)
	if rsa.VerifyPKCS1v15(&ca.key.PublicKey, crypto.SHA1, digest[:], cert.Signature) != nil {
		return errors.New("baastest: the client's certificate is of another CA")
	}
	return nil
}
