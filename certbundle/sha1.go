package certbundle

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"errors"
)

// crypto/x509 refuses SHA-1 signatures. To have it judge a chain that bears
// some, stand-ins of the certificates are made: a certificate whose issuer's
// real key has been seen to verify its signature is signed anew, with a
// throw-away key that its issuer's stand-in has for its own. Nothing but key
// and signature differs, so dates, CA bit, key usages, name constraints,
// critical extensions and the rest stay the judgment of crypto/x509.

// maxSignatureChecks is enough for two full files, of which each certificate
// has one issuer of its issuer's name. crypto/x509 itself stops at 100.
const maxSignatureChecks = 48

var errNoSHA1Issuer = errors.New("no certificate of " + CACertFile + " has made its signature")

// hasSHA1Signature reports whether crypto/x509 would refuse the signature for
// its SHA-1.
func hasSHA1Signature(cert *x509.Certificate) bool {
	return cert.SignatureAlgorithm == x509.SHA1WithRSA || cert.SignatureAlgorithm == x509.ECDSAWithSHA1
}

// A forbiddenHash is why a signature cannot be checked at all.
type forbiddenHash struct{ err error }

func (e forbiddenHash) Error() string {
	return "a SHA-1 signature cannot be checked in this program: " + e.err.Error()
}
func (e forbiddenHash) Is(target error) bool { return target == ErrUnsupported }

// checkSHA1 returns an error in a program that runs in FIPS-only mode, where
// using SHA-1 ends in a panic.
func checkSHA1() error {
	if _, err := sha1.New().Write(nil); err != nil {
		return forbiddenHash{err}
	}
	return nil
}

// A signatureChecker checks signatures with the real keys, SHA-1 included, up
// to maxSignatureChecks.
type signatureChecker struct {
	done int
	sha1 bool
}

// signed reports whether issuer's key has signed cert. Whether issuer may is
// not asked.
func (c *signatureChecker) signed(issuer, cert *x509.Certificate) bool {
	if !bytes.Equal(issuer.RawSubject, cert.RawIssuer) || c.done >= maxSignatureChecks ||
		hasSHA1Signature(cert) && !c.sha1 {
		return false
	}
	c.done++
	return issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

// throwAway are keys that stand for the real ones, by SubjectPublicKeyInfo.
type throwAway map[string]*ecdsa.PrivateKey

func (t throwAway) keyFor(cert *x509.Certificate) (*ecdsa.PrivateKey, error) {
	id := string(cert.RawSubjectPublicKeyInfo)
	if t[id] == nil {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		t[id] = key
	}
	return t[id], nil
}

// rekey gives a stand-in its throw-away key.
func rekey(standIn *x509.Certificate, key *ecdsa.PrivateKey) {
	standIn.PublicKey, standIn.PublicKeyAlgorithm = &key.PublicKey, x509.ECDSA
}

// resign signs a stand-in anew.
func resign(standIn *x509.Certificate, key *ecdsa.PrivateKey) error {
	digest := sha256.Sum256(standIn.RawTBSCertificate)
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	standIn.Signature, standIn.SignatureAlgorithm = signature, x509.ECDSAWithSHA256
	return err
}

// verifySHA1Pair judges a certificate with a SHA-1 signature, and the
// certificates of cas whose keys have made it. Nobody else vouches: what
// vouches by SHA-1 must not come from the node. errNoSHA1Issuer says that there
// are none.
func verifySHA1Pair(cert *x509.Certificate, cas []*x509.Certificate, opts x509.VerifyOptions) ([][]*x509.Certificate, error) {
	if err := checkSHA1(); err != nil {
		return nil, err
	}
	checker := &signatureChecker{sha1: true}
	err := errNoSHA1Issuer
	for _, ca := range cas {
		if !checker.signed(ca, cert) {
			continue
		}
		key, keyErr := throwAway{}.keyFor(ca)
		if keyErr != nil {
			return nil, keyErr
		}
		leaf, root := *cert, *ca
		rekey(&root, key)
		if err := resign(&leaf, key); err != nil {
			return nil, err
		}
		opts.Roots, opts.Intermediates = newPool([]*x509.Certificate{&root}), nil
		if _, err = leaf.Verify(opts); err == nil {
			return [][]*x509.Certificate{{cert, ca}}, nil
		}
	}
	return nil, err
}

// standIns returns a stand-in for each of certs, by its DER: what is known to
// be signed by another of them is signed anew, the rest no longer counts.
func standIns(certs []*x509.Certificate) (map[string]*x509.Certificate, error) {
	if err := checkSHA1(); err != nil {
		return nil, err
	}
	var (
		checker = &signatureChecker{sha1: true}
		keys    = throwAway{}
		out     = make(map[string]*x509.Certificate, len(certs))
	)
	for _, cert := range certs {
		if out[string(cert.Raw)] != nil {
			continue
		}
		key, err := keys.keyFor(cert)
		if err != nil {
			return nil, err
		}
		standIn := *cert
		rekey(&standIn, key)
		for _, issuer := range certs {
			if issuer.Equal(cert) || !checker.signed(issuer, cert) {
				continue
			}
			if key, err = keys.keyFor(issuer); err == nil {
				err = resign(&standIn, key)
			}
			if err != nil {
				return nil, err
			}
			break
		}
		out[string(cert.Raw)] = &standIn
	}
	return out, nil
}
