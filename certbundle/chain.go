package certbundle

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxPolicies is how many policies a certificate may have. crypto/x509 carries
// them along each of up to 100 ways. A usual certificate has one to three.
const maxPolicies = 32

// A chainFinder finds the way from client.crt to a CA. crypto/x509 does the
// finding and the judging.
type chainFinder struct {
	chain []*x509.Certificate // client.crt
	cas   []*x509.Certificate // ca.crt
	now   time.Time

	// Once crypto/x509 has found no way for SHA-1 signatures: what it is shown
	// instead, by the DER, or why there is no such thing.
	standIns map[string]*x509.Certificate
	noSHA1   error
}

// A way leads from client.crt's first certificate to the last, a CA's.
type way struct {
	certs []*x509.Certificate
	valid bool // today, the first certificate excepted
}

// find looks for a way to one of anchors, which are certificates of ca.crt. A
// way that has expired is found if there is no other. When is left apart for
// the first certificate: the caller looks at it.
func (f *chainFinder) find(anchors []*x509.Certificate) (way, error) {
	certs, err := f.try(anchors, f.standIns, false)
	if err != nil && f.standIns == nil && f.hasSHA1() {
		all := slices.Concat(f.chain, f.cas)
		if f.standIns, f.noSHA1 = standIns(all); f.noSHA1 == nil {
			certs, err = f.try(anchors, f.standIns, false)
		}
	}
	if err == nil {
		return way{certs, true}, nil
	}
	if certs, err = f.try(anchors, f.standIns, true); err != nil {
		return way{}, errors.Join(err, f.noSHA1)
	}
	return way{certs, false}, nil
}

func (f *chainFinder) hasSHA1() bool {
	return slices.ContainsFunc(slices.Concat(f.chain, f.cas), func(c *x509.Certificate) bool {
		return hasSHA1Signature(c) && !isRoot(c) // a root's signature on itself is never checked
	})
}

func (f *chainFinder) try(anchors []*x509.Certificate, standIns map[string]*x509.Certificate, anyTime bool) ([]*x509.Certificate, error) {
	originals := map[string]*x509.Certificate{}
	show := func(certs []*x509.Certificate, anyTime bool) []*x509.Certificate {
		out := make([]*x509.Certificate, len(certs))
		for i, cert := range certs {
			originals[string(cert.Raw)] = cert
			if s := standIns[string(cert.Raw)]; s != nil {
				cert = s
			}
			if anyTime {
				cert = timeless(cert)
			}
			out[i] = cert
		}
		return out
	}
	leaf := show(f.chain[:1], true)[0]
	issuers := slices.DeleteFunc(slices.Concat(f.chain[1:], f.cas), func(c *x509.Certificate) bool {
		return slices.ContainsFunc(anchors, c.Equal)
	})
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots:         newPool(show(anchors, anyTime)),
		Intermediates: newPool(show(issuers, anyTime)),
		CurrentTime:   f.now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, // or none said, or any
	})
	if err != nil {
		return nil, err
	}
	certs := make([]*x509.Certificate, len(chains[0]))
	for i, cert := range chains[0] {
		certs[i] = originals[string(cert.Raw)]
	}
	return certs, nil
}

// timeless returns a copy that is valid at any time. Signatures are checked on
// the encoded certificate, which stays.
func timeless(cert *x509.Certificate) *x509.Certificate {
	c := *cert
	c.NotBefore, c.NotAfter = time.Time{}, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	return &c
}

// shown returns what a node is shown: the way to ca.crt, and on to a root, which
// is left out. Without a way it is client.crt as it stands.
func (f *chainFinder) shown() []*x509.Certificate {
	if f.checkCost() != nil {
		return f.chain
	}
	w, err := f.find(f.cas)
	if err != nil {
		return f.chain
	}
	certs := f.toRoot(w.certs)
	if last := len(certs) - 1; last > 0 && isRoot(certs[last]) {
		certs = certs[:last]
	}
	return certs
}

// toRoot goes on from the first CA of ca.crt, which is enough for trust, to
// those above it: a node may know the root alone.
func (f *chainFinder) toRoot(certs []*x509.Certificate) []*x509.Certificate {
	checker := &signatureChecker{sha1: checkSHA1() == nil}
	certs = slices.Clone(certs)
	above := slices.Concat(f.cas, f.chain[1:])
	slices.SortStableFunc(above, func(a, b *x509.Certificate) int { // those of today first
		switch valid := validAt(a, f.now); {
		case valid == validAt(b, f.now):
			return 0
		case valid:
			return -1
		}
		return 1
	})
	for last := certs[len(certs)-1]; !isRoot(last); last = certs[len(certs)-1] {
		i := slices.IndexFunc(above, func(c *x509.Certificate) bool {
			return !slices.ContainsFunc(certs, c.Equal) && checker.signed(c, last)
		})
		if i < 0 {
			break
		}
		certs = append(certs, above[i])
	}
	return certs
}

// judge checks that client.crt leads to ca.crt, and where there is a trust
// store, to one of its certificates.
func (f *chainFinder) judge(trusted []*x509.Certificate) (warnings []error, err error) {
	if err := f.checkCost(); err != nil {
		return nil, err
	}
	w, err := f.checkChain()
	if err != nil {
		return weakSignatures(w.certs), err
	}
	if len(trusted) > 0 {
		err = f.checkTrustStore(trusted, w)
	}
	return append(weakSignatures(f.toRoot(w.certs)), f.endsSoon(w)...), err
}

// checkCost comes before anything that crypto/x509 is asked to find.
func (f *chainFinder) checkCost() error {
	for file, certs := range map[string][]*x509.Certificate{ClientCertFile: f.chain, CACertFile: f.cas} {
		for _, cert := range certs {
			if len(cert.Policies) > maxPolicies {
				return malformed(file, "certificate with %d policies, more than %d", len(cert.Policies), maxPolicies)
			}
		}
	}
	return nil
}

// checkChain checks who issued the certificate apart from when: one that has
// expired is not untrusted. The validity of the first certificate is left to
// the caller, that of the others is checked here.
func (f *chainFinder) checkChain() (way, error) {
	// To crypto/x509, any certificate among the roots vouches for itself.
	if err := checkHoldsCA(f.cas); err != nil {
		return way{}, fmt.Errorf("%w: %s %w", ErrUntrusted, CACertFile, err)
	}
	w, err := f.find(f.cas)
	switch {
	case err != nil && f.noSHA1 != nil:
		return way{}, fault(ClientCertFile, "may or may not lead to "+CACertFile+": "+f.noSHA1.Error(), ErrUnsupported)
	case err != nil:
		return way{}, fmt.Errorf("%w: %s does not lead to %s: %w", ErrUntrusted, ClientCertFile, CACertFile, err)
	case !w.valid:
		return w, f.expired()
	}
	return w, nil
}

// expired is the reason why no way is valid today: whatever has expired.
func (f *chainFinder) expired() error {
	var faults []error
	for _, cert := range f.chain[1:] {
		faults = append(faults, checkValidity(ClientCertFile, cert, f.now))
	}
	for _, cert := range f.cas {
		faults = append(faults, checkValidity(CACertFile, cert, f.now))
	}
	return errors.Join(faults...)
}

// checkKnownCAs checks that Java, which reads the trust store, trusts nobody
// whom ca.crt does not have.
func checkKnownCAs(trusted, cas []*x509.Certificate) error {
	for _, cert := range trusted {
		if !slices.ContainsFunc(cas, cert.Equal) {
			return fmt.Errorf("%w: %s holds another CA than %s", ErrUntrusted, TrustStoreFile, CACertFile)
		}
	}
	return nil
}

// checkTrustStore checks that client.crt leads to a certificate of the trust
// store.
func (f *chainFinder) checkTrustStore(trusted []*x509.Certificate, found way) error {
	if checkKnownCAs(trusted, f.cas) != nil {
		return nil // a fault already
	}
	if slices.ContainsFunc(found.certs[1:], func(c *x509.Certificate) bool { return slices.ContainsFunc(trusted, c.Equal) }) {
		return nil // found on the way to ca.crt
	}
	w, err := f.find(trusted)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s does not lead to a CA of %s: %w", ErrUntrusted, ClientCertFile, TrustStoreFile, err)
	case w.valid:
		return nil
	}
	faults := []error{f.expired()}
	for _, cert := range trusted {
		faults = append(faults, checkValidity(TrustStoreFile, cert, f.now))
	}
	return errors.Join(faults...)
}

func validAt(cert *x509.Certificate, t time.Time) bool {
	return !t.Before(cert.NotBefore) && !t.After(cert.NotAfter)
}

func checkValidity(file string, cert *x509.Certificate, now time.Time) error {
	if validAt(cert, now) {
		return nil
	}
	return fmt.Errorf("%w: %s is valid from %s to %s", ErrExpired, file,
		cert.NotBefore.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339))
}
