package certbundle_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestVerifyNodeComesAfterOurs(t *testing.T) {
	t.Parallel()
	ca, other, weak := newAuthority(t), newAuthority(t), newWeakAuthority(t)
	named := ca.node(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	node := ca.node(t)
	pin := certbundle.PinNodes(certbundle.Pin(nodeCert(t, node)))
	foreign := other.node(t)
	foreign.ClientAuth = tls.RequireAnyClientCert
	for name, tt := range map[string]struct {
		bundle   *certbundle.Bundle
		options  []certbundle.TLSOption
		good     *tls.Config
		verified int // chains
	}{
		"default":        {ca.bundle(t), nil, named, 1},
		"TrustChainOnly": {ca.bundle(t), []certbundle.TLSOption{certbundle.TrustChainOnly()}, node, 1},
		"AllowSHA1":      {weak.bundle(t), []certbundle.TLSOption{certbundle.TrustChainOnly(), certbundle.AllowSHA1()}, weak.node(t), 1},
		"PinNodes":       {ca.bundle(t), []certbundle.TLSOption{pin}, node, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			veto := errors.New("veto")
			var verdict error
			var calls []string
			checks := []certbundle.TLSOption{
				certbundle.VerifyNode(func(state tls.ConnectionState) error {
					calls = append(calls, "first")
					require.Len(t, state.VerifiedChains, tt.verified)
					require.NotEmpty(t, state.PeerCertificates)
					return verdict
				}),
				certbundle.VerifyNode(func(tls.ConnectionState) error { calls = append(calls, "second"); return nil }),
			}
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				cfg := clientConfig(t, tt.bundle, slices.Concat(checks, tt.options)...)
				cfg.MaxVersion = version
				cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)

				calls, verdict = nil, veto
				clientErr, _, _ := handshake(t, cfg, tt.good)
				require.ErrorIs(t, clientErr, veto)
				require.Equal(t, []string{"first"}, calls)

				calls, verdict = nil, nil
				good := tt.good.Clone()
				good.ClientAuth = tls.NoClientCert // a session that can be resumed without it
				good.SetSessionTicketKeys([][32]byte{{1}})
				clientErr, _, resumed := handshake(t, cfg, good)
				require.NoError(t, clientErr)
				require.False(t, resumed)
				require.Equal(t, []string{"first", "second"}, calls)

				clientErr, _, resumed = handshake(t, cfg, good)
				require.NoError(t, clientErr)
				require.True(t, resumed)
				require.Equal(t, []string{"first", "second", "first", "second"}, calls, "resumed sessions too")

				verdict = veto
				clientErr, _, resumed = handshake(t, cfg, good)
				require.ErrorIs(t, clientErr, veto)
				require.True(t, resumed)

				calls = nil
				cfg.ClientSessionCache = nil
				clientErr, _, _ = handshake(t, cfg, foreign)
				require.Error(t, clientErr)
				require.Empty(t, calls, "ours comes first")
			}
		})
	}
}

// A session may have begun under a configuration with another pin, or none.
func TestPinNodesChecksResumedSessions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	node := ca.node(t)
	node.ClientAuth = tls.NoClientCert
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		lax := clientConfig(t, ca.bundle(t), certbundle.PinNodes(certbundle.Pin(nodeCert(t, node))))
		lax.MaxVersion = version
		lax.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		clientErr, _, _ := handshake(t, lax, node)
		require.NoError(t, clientErr)
		strict := clientConfig(t, ca.bundle(t), certbundle.PinNodes(zeroPin))
		strict.MaxVersion, strict.ClientSessionCache = version, lax.ClientSessionCache
		clientErr, _, resumed := handshake(t, strict, node)
		require.True(t, resumed)
		require.ErrorIs(t, clientErr, certbundle.ErrUntrusted)
	}
}

// TestPinNodesVouchesForNoChain: what a session of another configuration has
// verified is not shown to VerifyNode as verified here.
func TestPinNodesVouchesForNoChain(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	node := ca.node(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	node.ClientAuth = tls.NoClientCert
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		var seen []tls.ConnectionState
		see := certbundle.VerifyNode(func(state tls.ConnectionState) error {
			seen = append(seen, state)
			return nil
		})
		byName := clientConfig(t, ca.bundle(t), see)
		byPin := clientConfig(t, ca.bundle(t), certbundle.PinNodes(certbundle.Pin(nodeCert(t, node))), see)
		cache := tls.NewLRUClientSessionCache(1)
		for i, cfg := range []*tls.Config{byName, byPin} {
			cfg.MaxVersion, cfg.ClientSessionCache = version, cache
			clientErr, _, resumed := handshake(t, cfg, node)
			require.NoError(t, clientErr)
			require.Equal(t, i == 1, resumed)
		}
		require.Len(t, seen, 2)
		require.Len(t, seen[0].VerifiedChains, 1)
		require.True(t, seen[1].DidResume)
		require.Nil(t, seen[1].VerifiedChains)
	}
}

func TestOptionsThatDoNotFit(t *testing.T) {
	t.Parallel()
	b := newAuthority(t).bundle(t)
	chainOnly, allowSHA1, pin := certbundle.TrustChainOnly(), certbundle.AllowSHA1(), certbundle.PinNodes(zeroPin)
	for name, tt := range map[string]struct {
		options []certbundle.TLSOption
		text    string
	}{
		"AllowSHA1 alone":                  {[]certbundle.TLSOption{allowSHA1}, "certbundle: AllowSHA1"},
		"AllowSHA1 with TrustChainOnly":    {[]certbundle.TLSOption{allowSHA1, chainOnly}, ""},
		"AllowSHA1 with PinNodes":          {[]certbundle.TLSOption{allowSHA1, pin}, ""},
		"a check that is nil":              {[]certbundle.TLSOption{certbundle.VerifyNode(nil)}, "certbundle: VerifyNode"},
		"no pin":                           {[]certbundle.TLSOption{certbundle.PinNodes()}, "certbundle: PinNodes: no pin"},
		"no pin beside TrustChainOnly":     {[]certbundle.TLSOption{chainOnly, certbundle.PinNodes()}, "certbundle: PinNodes: no pin"},
		"options that are nil are skipped": {[]certbundle.TLSOption{nil, nil}, ""},
	} {
		cfg, err := b.TLSConfig("", tt.options...)
		require.Equal(t, tt.text == "", err == nil, name)
		require.Equal(t, tt.text == "", cfg != nil, name)
		if err != nil {
			require.ErrorContains(t, err, tt.text, name)
		}
	}
	_, err := (&certbundle.Bundle{}).TLSConfig("", allowSHA1, certbundle.VerifyNode(nil))
	for _, text := range []string{"AllowSHA1", "VerifyNode", "client.key", "client.crt", "ca.crt"} {
		require.ErrorContains(t, err, "certbundle: "+text, "all faults together")
	}
}
