//go:build !unix

package testkit

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// RefusingAddr is an address at which connections are refused. Here nothing
// keeps another process from listening there meanwhile.
func RefusingAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
