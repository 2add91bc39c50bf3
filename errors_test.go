package baas

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIsServerError(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"500", "503", "599", "RequestTimeout", "InternalError", "ServiceUnavailable", "UnknownError", "SYSTEM_ERROR", "internal",
	} {
		require.True(t, isServerError(code, 400), code)
	}
	for _, code := range []string{"", "200", "400", "499", "600", "Forbidden", "InvalidTimeStamp.Expired", "SignatureNonceUsed"} {
		require.False(t, isServerError(code, 499), code)
		require.True(t, isServerError(code, 500), code)
	}
}

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
