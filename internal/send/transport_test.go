package send

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNewTransport: the limits that the documentation promises of the client's
// own transport.
func TestNewTransport(t *testing.T) {
	t.Parallel()
	own := newTransport()
	require.NotNil(t, own.Proxy)
	require.True(t, own.ForceAttemptHTTP2)
	require.True(t, own.DisableCompression)
	require.Equal(t, uint16(0x0303), own.TLSClientConfig.MinVersion, "TLS 1.2")
	require.False(t, own.TLSClientConfig.InsecureSkipVerify)
	require.Equal(t, 10*time.Second, own.TLSHandshakeTimeout)
	require.Equal(t, 60*time.Second, own.IdleConnTimeout)
	require.Equal(t, int64(64<<10), own.MaxResponseHeaderBytes)
	require.Positive(t, own.HTTP2.SendPingTimeout)
	require.Positive(t, own.HTTP2.PingTimeout)
	require.GreaterOrEqual(t, own.MaxIdleConnsPerHost, 256)
	require.Zero(t, own.ResponseHeaderTimeout, "the attempt has a timeout")
}
