// Package send sends the requests of a call and proves which of them were not
// sent.
//
// It imports internal/unpack and nothing else of this module. What it promises:
//
//   - A request that it reports as not sent has not reached the gateway and
//     never will.
//   - net/http does not send a request a second time by itself.
//   - A retry goes out on a connection on which nothing was sent before, as far as
//     a transport in a wrapper lets itself be kept off others.
//   - A connection that has brought anything but a regular success is not used
//     again: of a peer that answers one request twice, the next caller would take
//     the second answer for its own.
//   - Nothing is sent once the caller says that it is too late.
//
// The proof is chosen once per client, by the kind of transport: see
// connWitness and bodyWitness.
package send

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// A Sender sends over one client's transport. It is safe for concurrent use.
type Sender struct {
	own   atomic.Pointer[http.Transport] // nil if an http.Client was given
	given http.RoundTripper              // nil stands for http.DefaultTransport
	conns conns
}

// New returns a Sender over hc's Transport, or over one of its own if hc is
// nil.
func New(hc *http.Client) *Sender {
	s := &Sender{}
	if hc == nil {
		s.own.Store(newTransport())
	} else {
		s.given = hc.Transport
	}
	return s
}

// Own reports whether the transport is the Sender's own.
func (s *Sender) Own() bool { return s.own.Load() != nil }

// CloseIdleConnections closes those of the Sender's own transport.
func (s *Sender) CloseIdleConnections() {
	if own := s.own.Load(); own != nil {
		own.CloseIdleConnections()
	}
}

// A Message is what is sent, to the byte.
type Message struct {
	Template *http.Request // what all requests of a client have in common
	URL      url.URL
	Header   http.Header // never written to
	Body     string      // empty if all is in the URL
}

// Terms are what an attempt has to keep to.
type Terms struct {
	// Retry asks for a connection on which nothing was sent before.
	Retry bool

	// Resend says that the same bytes may have been sent before.
	Resend bool

	// Limit is asked about a resend when the connection is had, maybe by another
	// goroutine. Nil means that it is never too late.
	Limit Limit
}

// A Limit says when the same bytes must not be sent any more.
type Limit interface{ TooLate() bool }

func (t *Terms) tooLate() bool { return t.Resend && t.Limit != nil && t.Limit.TooLate() }

// An Attempt is a message that was handed to the transport.
type Attempt struct {
	Response *http.Response // nil beside an error
	Err      error
	Sent     bool // the message may have reached the gateway
	Dropped  bool // it went out on a connection that was used before, and that ended without a byte of a reply

	// Earlier: a copy of the message may have reached the gateway before the one
	// that Response is the reply to, and its own reply is lost.
	Earlier bool

	sender  *Sender
	watch   *watch
	base    *http.Transport // over which it went out, unless over a fresh one
	release func()          // closes connections made for this attempt alone; may be nil
}

// How often a message is held back from the connections that a transport chooses
// by itself, until that is a new one. Each time costs the transport an idle HTTP/1
// connection; one that keeps to an HTTP/2 connection is given up soon.
const (
	maxHeldBack      = 64
	maxHeldBackHTTP2 = 2
)

// errNothing is the error of a transport that breaks its contract.
var errNothing = errors.New("the transport returned neither a response nor an error")

// Send sends m once. ctx bounds the attempt. The Attempt has to be closed.
func (s *Sender) Send(ctx context.Context, m *Message, t Terms) *Attempt {
	sent := false // by any try: what a later one proves is no proof for an earlier one
	for n := 1; ; n++ {
		a := s.try(ctx, m, t)
		// Held back, or dropped by an idle connection that could not be held
		// back from: the same bytes may follow.
		again := !a.Sent && a.watch.wasUnusable() || a.Dropped && t.Retry
		a.Earlier = sent || a.watch.wasEarlier()
		sent = sent || a.Sent
		a.Sent = sent
		most := maxHeldBack
		if a.base == nil && a.release == nil && a.watch.isHTTP2() {
			most = maxHeldBackHTTP2
		}
		t.Resend = t.Resend || sent
		if !again || n >= most || ctx.Err() != nil || t.tooLate() {
			return a
		}
		a.Close(false)
		t.Retry = true
	}
}

// try is Send, except that the transport may have chosen a connection that
// cannot be used.
func (s *Sender) try(ctx context.Context, m *Message, t Terms) *Attempt {
	rt := s.base()
	transport, plain := rt.(*http.Transport)
	w := newWitness(plain, m)
	watch := w.watching()
	a := &watch.attempt
	a.sender, a.watch = s, watch
	if a.Err = ctx.Err(); a.Err != nil {
		return a // a transport need not look before it sends
	}
	switch {
	case plain && t.Retry:
		rt, a.release = fresh(transport)
	case plain:
		a.base = transport
	case t.Retry:
		if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
	}
	watch.begin(ctx, s, m, t, transport)
	req := m.Template.WithContext(httptrace.WithClientTrace(ctx, &watch.hooks))
	req.URL, req.Header = &watch.url, m.Header
	req.Body, req.ContentLength = w.body(), int64(len(m.Body))
	// A transport in a wrapper can be kept off its connections only if the wrapper
	// passes on what holds the message back. So none of them is used twice.
	req.Close = !plain
	a.Response, a.Err = rt.RoundTrip(req)
	a.Sent, a.Dropped = w.seal()
	switch {
	case a.Err != nil:
		a.Response = nil
		a.Dropped = a.Dropped && ctx.Err() == nil
		return a
	case a.Response == nil:
		a.Err = errNothing
	}
	a.Sent, a.Dropped = true, false
	return a
}

// Close ends the attempt, whose reply, if any, was read. Unless it was a
// regular success, its connection is not used again.
func (a *Attempt) Close(regular bool) {
	if a.Response != nil && a.Response.Body != nil {
		_ = a.Response.Body.Close()
	}
	a.watch.settle(regular)
	if a.Response != nil && a.Response.ProtoMajor >= 2 && !regular && a.base != nil {
		a.watch.spend()
		a.sender.replace(a.base)
	}
	if a.release != nil {
		a.release()
	}
	if own := a.sender.own.Load(); own != nil && a.base != nil && a.base != own {
		a.base.CloseIdleConnections() // it was replaced meanwhile
	}
}

// replace gets rid of an HTTP/2 connection that net/http would go on to offer:
// the Sender's own transport is replaced by a new one, of a given one what is
// idle is closed. Requests that are under way are not disturbed.
func (s *Sender) replace(base *http.Transport) {
	if base == nil {
		return
	}
	base.CloseIdleConnections()
	if s.Own() && s.own.CompareAndSwap(base, newTransport()) {
		// A connection counts as busy for a moment after its last reply.
		time.AfterFunc(releaseTimeout, base.CloseIdleConnections)
	}
}

func (s *Sender) base() http.RoundTripper {
	switch {
	case s.Own():
		return s.own.Load()
	case s.given != nil:
		return s.given
	}
	return http.DefaultTransport
}
