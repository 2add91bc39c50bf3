package certbundle_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// A weakNode is what a node shows, of a chain that has cas.
type weakNode struct {
	shown []*x509.Certificate
	cas   []*x509.Certificate
}

// verify asks TrustChainOnly about a node, with AllowSHA1 and without.
func (n weakNode) verify(t testing.TB, options ...certbundle.TLSOption) error {
	t.Helper()
	b := newAuthority(t).bundle(t)
	b.CACert = pemCerts(n.cas...)
	cfg, err := b.TLSConfig("", append(options, certbundle.TrustChainOnly())...)
	require.NoError(t, err)
	return cfg.VerifyConnection(tls.ConnectionState{PeerCertificates: n.shown})
}

func TestNodesWithASHA1SignatureOfTheCA(t *testing.T) {
	t.Parallel()
	ca, other := newWeakAuthority(t), newWeakAuthority(t)
	sub := ca.sub(t)
	leaf := func(a *weakAuthority, changes ...change) *x509.Certificate {
		return a.weak(t, a.certify(t, newRSAKey(t).Public(), append([]change{asNode}, changes...)...))
	}
	permitted := newWeakAuthority(t, func(c *x509.Certificate) {
		c.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(8, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}
		c.PermittedDNSDomainsCritical = true
	})
	successor := sameKey(t, ca, validity(time.Now().AddDate(-3, 0, 0), time.Now().AddDate(-1, 0, 0)))
	for name, n := range map[string]weakNode{
		"a root":                          {certs(leaf(ca)), certs(ca.cert)},
		"an issuing CA beside its root":   {certs(leaf(sub)), certs(sub.cert, ca.cert)},
		"an issuing CA that is sent too":  {certs(leaf(sub), sub.cert), certs(sub.cert, ca.cert)},
		"of two CAs with the same name":   {certs(leaf(ca)), certs(other.cert, ca.cert)},
		"of a CA renewed with its key":    {certs(leaf(ca)), certs(successor, ca.cert)},
		"name constraints that permit it": {certs(leaf(permitted)), certs(permitted.cert)},
		"no usage said":                   {certs(leaf(ca, usage())), certs(ca.cert)},
	} {
		require.NoError(t, n.verify(t, certbundle.AllowSHA1()), name)

		err := n.verify(t)
		requireFault(t, err, certbundle.ErrWeakSignature, "node")
		require.ErrorContains(t, err, "PinNodes", name)
		require.ErrorContains(t, err, "AllowSHA1", name)
		var untrusted *tls.CertificateVerificationError
		require.ErrorAs(t, err, &untrusted)
		require.Equal(t, n.shown, untrusted.UnverifiedCertificates)
		require.ErrorAs(t, err, new(x509.UnknownAuthorityError))
	}
}

// TestAdviceOnWeakIssuers: what an error about a CA that the node sends says to do
// works, and it names no option that is set already.
func TestAdviceOnWeakIssuers(t *testing.T) {
	t.Parallel()
	ca := newWeakAuthority(t)
	sub := ca.sub(t)
	strong := signedWith(t, genuineSHA256(t, sub, newRSAKey(t)), sub.rsa, sha256WithRSA)
	weak := sub.weak(t, genuineSHA256(t, sub, newRSAKey(t)))
	const put = "If it is one of the chain's, put that CA into ca.crt; PinNodes accepts the node by its key: "
	for name, tt := range map[string]struct {
		cert    *x509.Certificate
		want    error
		text    string
		options []certbundle.TLSOption // beside TrustChainOnly
	}{
		"a SHA-1 signature of the CA alone": {strong, certbundle.ErrWeakSignature,
			"certbundle: SHA-1 signature: the node: a CA that it sends bears a SHA-1 signature, which Go refuses, and no option allows that for a CA. " + put, nil},
		"of the node's certificate, too": {weak, certbundle.ErrUntrusted,
			"a CA that it sends, and that ca.crt does not have, is named as the issuer in its certificate, which bears a SHA-1 signature. " + put,
			[]certbundle.TLSOption{certbundle.AllowSHA1()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := weakNode{certs(tt.cert, sub.cert), certs(ca.cert)}
			for _, options := range [][]certbundle.TLSOption{nil, {certbundle.AllowSHA1()}} {
				err := n.verify(t, options...)
				require.ErrorIs(t, err, tt.want)
				require.ErrorContains(t, err, tt.text)
				require.NotContains(t, err.Error(), "AllowSHA1")
				require.NotContains(t, err.Error(), "TrustChainOnly")
			}
			n.cas = certs(sub.cert, ca.cert)
			require.NoError(t, n.verify(t, tt.options...))
		})
	}
	for name, sent := range map[string]*x509.Certificate{
		"a CA of another name":          ca.sub(t, asCA("another CA")).cert,
		"a root":                        newWeakAuthority(t, asCA("intermediate CA")).cert,
		"a certificate that is no CA's": ca.sub(t, func(c *x509.Certificate) { c.IsCA = false }).cert,
	} {
		err := weakNode{certs(weak, sent), certs(ca.cert)}.verify(t, certbundle.AllowSHA1())
		require.ErrorContains(t, err, "either it is no node of this chain, or ca.crt is of another", name)
	}
}

func certs(c ...*x509.Certificate) []*x509.Certificate { return c }

// sameKey is another certificate of a CA.
func sameKey(t testing.TB, ca *weakAuthority, changes ...change) *x509.Certificate {
	t.Helper()
	template := *ca.cert
	template.SignatureAlgorithm, template.RawSubject = x509.SHA256WithRSA, nil
	for _, c := range changes {
		c(&template)
	}
	return signedWith(t, sign(t, &template, &template, ca.rsa.Public(), ca.rsa), ca.rsa, sha1WithRSA)
}

// TestForgeriesOfSHA1Chains: what AllowSHA1 must not accept.
func TestForgeriesOfSHA1Chains(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca, other := newWeakAuthority(t), newWeakAuthority(t)
	require.Equal(t, ca.cert.RawSubject, other.cert.RawSubject, "they differ by their keys alone")
	past := validity(now.AddDate(-2, 0, 0), now.Add(-time.Hour))
	key := newRSAKey(t)
	leaf := func(a *weakAuthority, changes ...change) *x509.Certificate {
		return a.weak(t, a.certify(t, key.Public(), append([]change{asNode}, changes...)...))
	}
	under := func(changes ...change) weakNode {
		a := newWeakAuthority(t, changes...)
		return weakNode{certs(leaf(a)), certs(a.cert)}
	}
	with := func(changes ...change) weakNode { return weakNode{certs(leaf(ca, changes...)), certs(ca.cert)} }
	genuine := leaf(ca)
	sub, ownSub := ca.sub(t), newWeakAuthority(t, asCA("intermediate CA"))
	notCA := ca.sub(t, func(c *x509.Certificate) { c.IsCA = false })
	strong := newAuthority(t)
	critical := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}

	for name, tt := range map[string]struct {
		node weakNode
		want error
	}{
		"another issuer of the same name":           {weakNode{certs(leaf(other)), certs(ca.cert)}, certbundle.ErrUntrusted},
		"an issuer of another name":                 {weakNode{certs(leaf(ownSub)), certs(ca.cert)}, certbundle.ErrUntrusted},
		"the CA's key, another name":                {weakNode{certs(leaf(ca)), certs(sameKey(t, ca, func(c *x509.Certificate) { c.Subject.CommonName = "x" }))}, certbundle.ErrUntrusted},
		"signed by itself":                          {weakNode{certs(signedWith(t, genuineSHA256(t, ca, key), key, sha1WithRSA)), certs(ca.cert)}, certbundle.ErrUntrusted},
		"a changed byte of the content":             {weakNode{certs(changed(t, genuine, "node", "nude")), certs(ca.cert)}, certbundle.ErrUntrusted},
		"a changed key":                             {weakNode{certs(changed(t, genuine, string(key.N.Bytes()), string(newRSAKey(t).N.Bytes()))), certs(ca.cert)}, certbundle.ErrUntrusted},
		"a changed byte of the signature":           {weakNode{certs(changed(t, genuine, string(genuine.Signature[:9]), "forgeries")), certs(ca.cert)}, certbundle.ErrUntrusted},
		"the signature of another":                  {weakNode{certs(changed(t, genuine, string(genuine.Signature), string(leaf(ca, usage()).Signature))), certs(ca.cert)}, certbundle.ErrUntrusted},
		"expired":                                   {with(past), certbundle.ErrExpired},
		"not yet valid":                             {with(validity(now.Add(time.Hour), now.AddDate(1, 0, 0))), certbundle.ErrExpired},
		"an expired issuer":                         {under(past), certbundle.ErrExpired},
		"an issuer that is not yet valid":           {under(validity(now.Add(time.Hour), now.AddDate(1, 0, 0))), certbundle.ErrExpired},
		"an issuer without the CA bit of version 3": {under(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, 0 }), certbundle.ErrUntrusted},
		"an issuer of version 3 with no extensions": {under(func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = false, false, 0
		}), certbundle.ErrUntrusted},
		"an issuer without certSign among its usages": {under(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), certbundle.ErrUntrusted},
		"an issuer for clients alone":                 {under(usage(x509.ExtKeyUsageClientAuth)), certbundle.ErrUntrusted},
		"name constraints that forbid it": {under(func(c *x509.Certificate) {
			c.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}
			c.PermittedDNSDomainsCritical = true
		}), certbundle.ErrUntrusted},
		"an unknown critical extension":                  {with(func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{critical} }), certbundle.ErrUntrusted},
		"an unknown critical extension of the issuer":    {under(func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{critical} }), certbundle.ErrUntrusted},
		"for clients alone":                              {with(usage(x509.ExtKeyUsageClientAuth)), certbundle.ErrUntrusted},
		"an MD5 signature":                               {weakNode{certs(signedWith(t, genuineSHA256(t, ca, key), ca.rsa, md5WithRSA)), certs(ca.cert)}, certbundle.ErrUntrusted},
		"an intermediate CA that the node sends made it": {weakNode{certs(leaf(sub), sub.cert), certs(ca.cert)}, certbundle.ErrUntrusted},
		"an intermediate CA of the node's own":           {weakNode{certs(leaf(ownSub), ownSub.cert), certs(ca.cert)}, certbundle.ErrUntrusted},
		"a root that the node sends":                     {weakNode{certs(leaf(other), other.cert), certs(ca.cert)}, certbundle.ErrUntrusted},
		"a client as intermediate CA":                    {weakNode{certs(leaf(notCA), notCA.cert), certs(ca.cert)}, certbundle.ErrUntrusted},
		"a client in ca.crt as issuer":                   {weakNode{certs(leaf(notCA)), certs(notCA.cert, ca.cert)}, certbundle.ErrUntrusted},
		"an intermediate CA that SHA-1 vouches for": {weakNode{certs(signedWith(t,
			sub.certify(t, key.Public(), asNode), sub.rsa, sha256WithRSA), sub.cert), certs(ca.cert)}, certbundle.ErrWeakSignature},
		"a CA of another algorithm": {weakNode{certs(leaf(ca)), certs(strong.cert)}, certbundle.ErrUntrusted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.node.verify(t, certbundle.AllowSHA1())
			requireFault(t, err, tt.want, "node")
			require.ErrorIs(t, tt.node.verify(t), tt.want, "without AllowSHA1, too")
			require.Equal(t, err, certbundle.ExplainHandshake(err))
		})
	}

	// crypto/x509 does not even parse it.
	e := decodeCert(t, genuine)
	e.Algorithm = asn1.RawValue{FullBytes: algorithmRSA(sha256WithRSA)}
	_, err := x509.ParseCertificate(e.der(t))
	require.ErrorContains(t, err, "inner and outer signature algorithm")
}

func genuineSHA256(t testing.TB, ca *weakAuthority, key *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	return ca.certify(t, key.Public(), asNode)
}

// changed exchanges bytes of a certificate that stays one.
func changed(t testing.TB, cert *x509.Certificate, before, after string) *x509.Certificate {
	t.Helper()
	require.NotEqual(t, before, after)
	require.Equal(t, 1, bytes.Count(cert.Raw, []byte(before)))
	c, err := x509.ParseCertificate(bytes.Replace(cert.Raw, []byte(before), []byte(after), 1))
	require.NoError(t, err)
	return c
}

// What VerifyNode sees are the certificates themselves, not what stood for them.
func TestChainsOfSHA1AreTheRealOnes(t *testing.T) {
	t.Parallel()
	ca := newWeakAuthority(t)
	node := ca.node(t)
	veto, calls := errors.New("veto"), 0
	var verdict error
	cfg := clientConfig(t, ca.bundle(t), certbundle.AllowSHA1(), certbundle.TrustChainOnly(),
		certbundle.VerifyNode(func(state tls.ConnectionState) error {
			calls++
			require.Len(t, state.VerifiedChains, 1)
			chain := state.VerifiedChains[0]
			require.Equal(t, []*x509.Certificate{nodeCert(t, node), ca.cert}, chain)
			require.Equal(t, x509.SHA1WithRSA, chain[0].SignatureAlgorithm)
			require.IsType(t, &rsa.PublicKey{}, chain[1].PublicKey)
			return verdict
		}))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg.MaxVersion = version
		verdict = nil
		clientErr, serverErr, _ := handshake(t, cfg, node)
		require.NoError(t, clientErr)
		require.NoError(t, serverErr, "the client's SHA-1 certificate is sent to a node that checks it itself")
		verdict = veto
		clientErr, _, _ = handshake(t, cfg, node)
		require.ErrorIs(t, clientErr, veto)
	}
	require.Equal(t, 4, calls)
}

func TestVerifyChecksSHA1Chains(t *testing.T) {
	t.Parallel()
	root := newWeakAuthority(t)
	enterprise := root.sub(t, asCA("enterprise CA"))
	issuing := enterprise.sub(t, asCA("issuing CA"))
	shortPath := func(c *x509.Certificate) { c.MaxPathLenZero = true }
	noPath := newWeakAuthority(t, shortPath)
	tooLong := noPath.sub(t).sub(t, asCA("issuing CA"))
	strong := newAuthority(t)
	with := func(b *certbundle.Bundle, cas, trusted, extra []*x509.Certificate) *certbundle.Bundle {
		b.CACert, b.TrustStore = pemCerts(cas...), trustStore(t, "mychain", trusted...)
		b.ClientCert = append(b.ClientCert, pemCerts(extra...)...)
		return b
	}
	three := certs(issuing.cert, enterprise.cert, root.cert)
	past := validity(time.Now().AddDate(-2, 0, 0), time.Now().Add(-time.Hour))
	expiredCA := newWeakAuthority(t, past)
	forged := newWeakAuthority(t).bundle(t)
	for name, tt := range map[string]struct {
		bundle *certbundle.Bundle
		want   error
		weak   bool
	}{
		"three in ca.crt, one trusted":      {with(issuing.bundle(t), three, three[:1], nil), nil, true},
		"three in ca.crt, the root trusted": {with(issuing.bundle(t), three, three[2:], nil), nil, true},
		"all trusted, backwards":            {with(issuing.bundle(t), certs(three[2], three[1], three[0]), three, nil), nil, true},
		"the root in ca.crt, the rest sent": {with(issuing.bundle(t), three[2:], three[2:], three[:2]), nil, true},
		"an issuer missing":                 {with(issuing.bundle(t), three[2:], three[2:], three[:1]), certbundle.ErrUntrusted, false},
		"a path that is too long":           {with(tooLong.bundle(t), certs(noPath.cert), certs(noPath.cert), certs(tooLong.cert)), certbundle.ErrUntrusted, false},
		"a forged one":                      {with(forged, certs(root.cert), certs(root.cert), nil), certbundle.ErrUntrusted, false},
		"an expired issuer":                 {expiredCA.bundle(t), certbundle.ErrExpired, true},
		"expired":                           {root.bundle(t, past), certbundle.ErrExpired, true},
		"a root alone that is of SHA-1":     {with(strong.bundle(t), certs(strong.cert, root.cert), certs(strong.cert), nil), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := tt.bundle.Verify("")
			if tt.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tt.want)
				require.NotErrorIs(t, err, certbundle.ErrWeakSignature)
			}
			require.Equal(t, tt.weak, errors.Is(errors.Join(report.Warnings...), certbundle.ErrWeakSignature))
		})
	}
}
