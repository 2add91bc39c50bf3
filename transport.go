package baas

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	connectTimeout   = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	idleConnTimeout  = 60 * time.Second
	maxIdleConns     = 256 // to the one host there is
	maxHeaderBytes   = 64 << 10
	pingInterval     = 15 * time.Second
	releaseTimeout   = time.Second // for connections of a single resend
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

// A transporter chooses the transport of each attempt.
type transporter struct {
	own   *http.Transport   // nil if an http.Client was given
	given http.RoundTripper // nil stands for http.DefaultTransport
}

func newTransporter(hc **http.Client) transporter {
	if hc == nil {
		return transporter{own: newTransport()}
	}
	return transporter{given: (*hc).Transport}
}

func (t transporter) base() http.RoundTripper {
	switch {
	case t.own != nil:
		return t.own
	case t.given != nil:
		return t.given
	}
	return http.DefaultTransport
}

// fresh is a transport without connections, if that can be had: a clone. Its
// connections are to be closed by release.
func (t transporter) fresh() (rt http.RoundTripper, release func()) {
	base, ok := t.base().(*http.Transport)
	if !ok {
		// What is idle can be got rid of; what is not, a delivery holds back.
		if c, ok := t.base().(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
		return t.base(), func() {}
	}
	clone := base.Clone()
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

// errHeldBack is what the transport gets in the place of a body that must not
// be sent.
var errHeldBack = errors.New("baas: request held back")

// A delivery is the body of one attempt's request, and proves whether the
// request was sent. The headers may be on the wire before the transport Reads
// the body, so the gateway has all of the request only after a Read; but for
// an empty body, with which the request is sent once it has a connection.
//
// A delivery is neither nil nor http.NoBody and comes without a GetBody, so
// that net/http never sends the request a second time by itself.
//
// net/http sends what it knows to be in memory together with the headers, and
// anything else after them, at the price of another write: half as long again
// for the whole of a call to this machine. So a body of the first attempt over
// the client's own transport goes out unwatched, and counts as sent, as an
// empty one does, once it has a connection.
type delivery struct {
	empty bool         // all is in the URL
	plain bool         // the body goes out unwatched
	hold  func() bool  // of a resend: reports that it is too late for it
	conns *connections // those of the call; nil if a resend cannot have an old one
	abort func()       // cancels the attempt

	url    url.URL               // of the request
	reader strings.Reader        // of a plain body
	hooks  httptrace.ClientTrace // see trace

	mu        sync.Mutex
	rest      string
	taken     bool // the transport has called Read
	sealed    bool // the attempt is over: nothing may be sent any more
	old       bool // the connection was used by an earlier attempt
	asked     bool // the transport has asked for a connection; ours always does
	connected bool // and got one
}

// Read hands the body over, unless that has become wrong meanwhile.
func (d *delivery) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sealed && (!d.taken || d.rest != "") || !d.taken && (d.old || d.hold != nil && d.hold()) {
		return 0, errHeldBack
	}
	d.taken = true
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (d *delivery) Close() error { return nil }

// body is what the request gets as its body.
func (d *delivery) body() io.ReadCloser {
	if d.plain {
		d.reader.Reset(d.rest)
		return io.NopCloser(&d.reader)
	}
	return d
}

// seal ends the attempt and reports whether the request was certainly not
// sent. A transport that gives up may leave a goroutine behind that is about
// to send: it gets no body any more.
func (d *delivery) seal() (notSent bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sealed = true
	if d.empty || d.plain {
		return !d.taken && d.asked && !d.connected
	}
	return !d.taken
}

// trace watches the connections of the attempt.
func (d *delivery) trace() *httptrace.ClientTrace {
	d.hooks.GotConn = d.gotConn
	if !d.asked {
		d.hooks.GetConn = d.getConn
	}
	return &d.hooks
}

func (d *delivery) getConn(string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = true
}

func (d *delivery) gotConn(info httptrace.GotConnInfo) {
	old := d.conns != nil && d.conns.add(info.Conn) && d.hold != nil
	d.mu.Lock()
	d.connected = true
	d.old = old
	d.mu.Unlock()
	if d.empty && d.hold != nil && (old || d.hold()) {
		d.holdBack(info.Conn)
	}
}

// holdBack keeps a request without a body off conn. HTTP/2 looks at the
// context before it writes; HTTP/1 does not, and has to lose the connection.
func (d *delivery) holdBack(conn net.Conn) {
	d.abort()
	if c, ok := conn.(*tls.Conn); ok && c.ConnectionState().NegotiatedProtocol == "h2" {
		return
	}
	if conn != nil {
		_ = conn.Close()
	}
}

// connections are those that the attempts of a call have used.
type connections struct {
	mu   sync.Mutex
	used []net.Conn
}

// add reports whether conn was there already.
func (c *connections) add(conn net.Conn) bool {
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Contains(c.used, conn) {
		return true
	}
	c.used = append(c.used, conn)
	return false
}
