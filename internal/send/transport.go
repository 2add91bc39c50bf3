package send

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	connectTimeout   = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	idleConnTimeout  = 60 * time.Second
	maxIdleConns     = 256 // to the one host there is
	maxHeaderBytes   = 64 << 10
	pingInterval     = 15 * time.Second
	releaseTimeout   = time.Second // for connections of a single retry
)

// newTransport makes the transport of a client that was not given one. It
// shares nothing with http.DefaultTransport, which others change.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeTimeout,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingInterval, PingTimeout: pingInterval},
		MaxIdleConnsPerHost:    maxIdleConns,
		IdleConnTimeout:        idleConnTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true, // a cut-off reply has to be readable to its end
	}
}

// fresh is a clone of base, which has no connections yet. release closes those
// that it makes.
func fresh(base *http.Transport) (clone *http.Transport, release func()) {
	clone = base.Clone()
	if clone.TLSNextProto["h2"] != nil {
		// It would lead to the HTTP/2 connections of the original.
		clone.TLSNextProto = nil
		clone.ForceAttemptHTTP2 = true
	}
	// An HTTP/2 connection may count as busy for a moment longer than release
	// waits.
	clone.IdleConnTimeout = releaseTimeout
	return clone, clone.CloseIdleConnections
}
