package send

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
)

// A witness is the body of one request, and proves whether the request was
// sent.
//
// A body is neither nil nor http.NoBody, and comes without a GetBody, so that
// net/http never sends the request a second time by itself.
type witness interface {
	body() io.ReadCloser
	watching() *watch

	// seal ends the attempt. A transport that gives up may leave a goroutine
	// behind that is about to send: it gets no body any more.
	seal() (sent, dropped bool)
}

func newWitness(plain bool, m *Message) witness {
	if plain || m.Body == "" {
		c := &connWitness{}
		c.reader.Reset(m.Body)
		return c
	}
	return &bodyWitness{rest: m.Body}
}

// errHeldBack is what a transport gets in the place of a body that must not be
// sent.
var errHeldBack = errors.New("baas: request held back")

// A watch is what both witnesses see of the connections of an attempt.
type watch struct {
	attempt Attempt // which it is a part of, to be allocated with it
	ctx     context.Context
	sender  *Sender
	terms   Terms
	hooks   httptrace.ClientTrace
	url     url.URL // of the request
	empty   bool    // all is in the URL
	strict  bool    // no connection but a new one
	byConn  bool    // the message is held back by its URL
	shared  bool    // a connection in the clear may carry many requests at once

	mu        sync.Mutex
	asked     bool // the transport has asked for a connection
	connected bool // and got one
	conn      net.Conn
	pending   bool // conn waits for the verdict on its reply
	reused    bool // something was sent on conn before
	replied   bool // a byte of a reply has come
	wrote     bool // the headers were written
	taken     bool // the body was read, if it is watched
	heldBack  bool
	unusable  bool // it was held back since the connection could not be used
	earlier   bool // the message may have gone out on a connection before conn
}

func (w *watch) begin(ctx context.Context, s *Sender, m *Message, t Terms, plain *http.Transport) {
	w.ctx, w.sender, w.terms, w.url, w.empty = ctx, s, t, m.URL, m.Body == ""
	w.strict = t.Retry && plain == nil
	w.byConn = plain != nil || w.empty
	w.shared = plain != nil && plain.Protocols != nil && plain.Protocols.UnencryptedHTTP2()
	w.asked = s.Own() // it always does
	w.hooks.GotConn = w.gotConn
	w.hooks.GotFirstResponseByte = w.gotFirstResponseByte
	if !w.asked {
		w.hooks.GetConn = w.getConn
	}
	if w.empty {
		w.hooks.WroteHeaders = w.wroteHeaders
	}
}

func (w *watch) getConn(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = true
}

func (w *watch) gotFirstResponseByte() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replied = true
}

func (w *watch) wroteHeaders() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrote = true
}

// gotConn holds the message back from a connection that it must not go out on.
func (w *watch) gotConn(info httptrace.GotConnInfo) {
	spent := w.sender.conns.spent(w.ctx, info.Conn) // may wait for a verdict on it
	late := w.terms.tooLate()
	w.mu.Lock()
	defer w.mu.Unlock()
	// A second connection means that the message is sent again. net/http does
	// that only if nothing was written, others do as they like. A connection to
	// nowhere is that of httputil.DumpRequestOut.
	if w.connected && !w.heldBack && (w.empty || w.taken) && w.conn != nil && w.conn.RemoteAddr() != nil {
		w.earlier = true
	}
	w.settleLocked(false)
	w.connected, w.conn, w.reused = true, info.Conn, info.Reused
	w.unusable = !late && (spent || w.strict && info.Reused)
	w.heldBack = late || w.unusable
	if w.heldBack && w.byConn {
		// net/http refuses to write a URL that is no path, or that has a control
		// character, before it writes anything. That closes an HTTP/1 connection.
		// A body that is watched holds itself back.
		w.url.Opaque, w.url.RawQuery = "\x00", ""
	}
	// Many requests share an HTTP/2 connection, and none waits for another.
	if !w.heldBack && !w.shared && !isHTTP2(info.Conn) {
		w.pending = w.sender.conns.pend(info.Conn)
	}
}

func isHTTP2(conn net.Conn) bool {
	c, ok := conn.(*tls.Conn)
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}

func (w *watch) isHTTP2() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return isHTTP2(w.conn)
}

// wasUnusable reports whether another connection would do.
func (w *watch) wasUnusable() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unusable
}

// wasEarlier reports whether the message may have been sent before the reply's
// copy of it.
func (w *watch) wasEarlier() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.earlier
}

// settle gives the verdict on the connection.
func (w *watch) settle(regular bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settleLocked(regular)
}

func (w *watch) settleLocked(regular bool) {
	if w.pending {
		w.pending = false
		w.sender.conns.settle(w.conn, regular)
	}
}

// spend marks a connection that many requests share, which needs no verdict
// before it is handed on.
func (w *watch) spend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil && w.sender.conns.pend(w.conn) {
		w.sender.conns.settle(w.conn, false)
	}
}

// A connWitness is for an *http.Transport, and for messages without a body. The
// message counts as sent once it has a connection. So the body can go out with
// the headers in one write: net/http does that with what it knows to be in
// memory.
type connWitness struct {
	watch
	reader strings.Reader
}

func (c *connWitness) watching() *watch { return &c.watch }

func (c *connWitness) body() io.ReadCloser {
	if c.empty {
		return c
	}
	return io.NopCloser(&c.reader)
}

func (c *connWitness) seal() (sent, dropped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A transport in a wrapper that copies the URL has not held back.
	stopped := c.heldBack && !c.earlier && !c.wrote && !c.taken
	sent = !stopped && (!c.asked || c.connected || c.taken)
	return sent, sent && c.reused && !c.replied
}

// Read and Close are those of the empty body.
func (c *connWitness) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.heldBack:
		return 0, errHeldBack
	case len(p) == 0:
		return 0, nil
	}
	c.taken = true
	return 0, io.EOF
}

func (c *connWitness) Close() error { return nil }

// A bodyWitness is for any other RoundTripper. The headers may be on the wire
// before the transport reads the body, so the gateway has all of the message
// only once the body was read.
type bodyWitness struct {
	watch
	rest   string
	sealed bool // the attempt is over
}

func (b *bodyWitness) watching() *watch    { return &b.watch }
func (b *bodyWitness) body() io.ReadCloser { return b }

// Read hands the body over, unless that has become wrong meanwhile.
func (b *bodyWitness) Read(p []byte) (int, error) {
	late := b.terms.tooLate()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sealed && (!b.taken || b.rest != "") || !b.taken && (b.heldBack || late) {
		return 0, errHeldBack
	}
	if len(p) == 0 {
		return 0, nil
	}
	b.taken = true
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (b *bodyWitness) Close() error { return nil }

func (b *bodyWitness) seal() (sent, dropped bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sealed = true
	return b.taken, b.taken && b.reused && !b.replied
}
