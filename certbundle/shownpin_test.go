package certbundle_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

func TestShownPin(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]baastest.NodeOption{
		"a node that demands a certificate":   nil,
		"a node that shares no curve with Go": {baastest.NoCurves()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := newIssuer(t).NewNode(opts...)
			pin, err := certbundle.ShownPin(t.Context(), node.Addr())
			require.NoError(t, err)
			require.Equal(t, certbundle.Pin(node.Certificate()), pin)
		})
	}
	t.Run("of a chain of 2021", func(t *testing.T) {
		t.Parallel()
		node := newIssuer(t, baastest.WithIssuance(baastest.Console2021)).NewNode()
		pin, err := certbundle.ShownPin(t.Context(), node.Addr())
		require.NoError(t, err)
		require.Equal(t, certbundle.Pin(node.Certificate()), pin)
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		pin, err := certbundle.ShownPin(t.Context(), "127.0.0.1:1")
		require.ErrorContains(t, err, "certbundle: dial tcp 127.0.0.1:1")
		require.Empty(t, pin)
		require.ErrorAs(t, err, new(*net.OpError))
	})
	t.Run("a node that says nothing: the context ends it", func(t *testing.T) {
		t.Parallel()
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = silent.Close() })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = certbundle.ShownPin(ctx, silent.Addr().String())
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
