package robust

import (
	"crypto/tls"
	"net"
	"sync"
)

// A direction is one of the two byte streams of a connection.
type direction int

const (
	request direction = iota
	reply
)

func (d direction) String() string { return [...]string{"request", "reply"}[d] }

// An action is what happens to a stream at a position.
type action int

const (
	cut    action = iota // the bytes before it, then FIN
	reset                // the bytes before it, then RST
	stall                // the bytes before it, then nothing until the client gives up
	garble               // this byte is changed
	split                // what arrives together is sent as two segments
	cancel               // the caller's context is canceled once the bytes before it are sent
)

func (a action) String() string {
	return [...]string{"cut", "reset", "stall", "garble", "split", "cancel"}[a]
}

// A plan is the fault of one connection.
type plan struct {
	dir    direction
	at     int // position in the stream, from 0
	do     action
	mask   byte   // of garble
	cancel func() // of cancel
}

// A proxy forwards connections byte by byte to a front and applies a plan to
// each. With a TLS configuration it ends TLS itself, so that positions are
// those of the stream inside.
type proxy struct {
	listener net.Listener
	tls      *tls.Config
	dial     func() (net.Conn, error)
	running  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	next   func(n int) *plan // the plan of the nth connection since arm
	count  int               // of connections since arm
	struck int               // plans carried out since arm
	gotKey bool              // a reply was cut behind its whole key, since arm
	links  map[*link]bool
}

// A link is one proxied connection.
type link struct {
	proxy         *proxy
	raw           net.Conn // to the client, below TLS
	client, front net.Conn

	// Guarded by the proxy.
	plan      *plan
	moved     [2]int  // bytes in each direction
	silent    [2]bool // what arrives is discarded
	delivered []byte  // the reply's bytes that the client was sent
}

func newProxy(l net.Listener, config *tls.Config, dial func() (net.Conn, error)) *proxy {
	p := &proxy{listener: l, tls: config, dial: dial, links: make(map[*link]bool)}
	p.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(conn) })
		}
	})
	return p
}

// arm sets the plans of the connections to come, and of those that are open as
// well if open is set; their positions count from here.
func (p *proxy) arm(open bool, next func(n int) *plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next, p.count, p.struck, p.gotKey = next, 0, 0, false
	for l := range p.links {
		l.plan = nil
		if open {
			l.moved, l.delivered = [2]int{}, nil
			p.assign(l)
		}
	}
}

// assign gives a link its plan. The lock is held.
func (p *proxy) assign(l *link) {
	if p.next != nil {
		l.plan = p.next(p.count)
	}
	p.count++
}

func (p *proxy) serve(raw net.Conn) {
	front, err := p.dial()
	if err != nil {
		_ = raw.Close()
		return
	}
	l := &link{proxy: p, raw: raw, client: raw, front: front}
	defer l.close()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.links[l] = true
	p.assign(l)
	p.mu.Unlock()
	if p.tls != nil {
		conn := tls.Server(raw, p.tls)
		if conn.Handshake() != nil {
			return
		}
		l.client = conn
	}
	replied := make(chan struct{})
	go func() {
		defer close(replied)
		l.pump(reply, l.front, l.client)
	}()
	l.pump(request, l.client, l.front)
	l.close()
	<-replied
}

// pump moves one direction until either side ends. A link whose reply was cut
// or stalled stays open until the client closes it.
func (l *link) pump(dir direction, from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !l.forward(dir, buf[:n], to) {
			err = net.ErrClosed
		}
		if err == nil {
			continue
		}
		if dir == request || !l.isSilent(reply) {
			l.close()
		}
		return
	}
}

// forward sends b on and carries the plan out if its position is in b. It
// reports false when the link has ended.
func (l *link) forward(dir direction, b []byte, to net.Conn) bool {
	l.proxy.mu.Lock()
	silent := l.silent[dir]
	at, p := -1, l.plan
	if p != nil && p.dir == dir && p.at >= l.moved[dir] && p.at < l.moved[dir]+len(b) {
		at = p.at - l.moved[dir]
		l.plan = nil
		l.proxy.struck++
	}
	l.moved[dir] += len(b)
	l.proxy.mu.Unlock()
	switch {
	case silent:
		return true
	case at < 0:
		return l.send(dir, b, to)
	case p.do == garble:
		b[at] ^= p.mask
		return l.send(dir, b, to)
	}
	if !l.send(dir, b[:at], to) {
		return false
	}
	switch p.do {
	case reset:
		if tcp, ok := l.raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = l.raw.Close()
		return false
	case cut:
		l.noteKey()
		l.silence(request, reply)
		_ = l.front.Close()
		if tcp, ok := l.raw.(*net.TCPConn); ok {
			_ = tcp.CloseWrite() // Close would be a reset if bytes of the client wait unread
			return true
		}
		_ = l.raw.Close()
		return false
	case stall:
		l.silence(dir)
		return true
	case cancel:
		p.cancel()
	}
	return l.send(dir, b[at:], to)
}

func (l *link) send(dir direction, b []byte, to net.Conn) bool {
	if len(b) == 0 {
		return true
	}
	if dir == reply {
		l.proxy.mu.Lock()
		l.delivered = append(l.delivered, b...)
		l.proxy.mu.Unlock()
	}
	_, err := to.Write(b)
	return err == nil || l.isSilent(dir)
}

func (l *link) silence(dirs ...direction) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	for _, dir := range dirs {
		l.silent[dir] = true
	}
}

// noteKey notes whether the client was sent a whole key.
func (l *link) noteKey() {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.proxy.gotKey = l.proxy.gotKey || keyOf(l.delivered) != ""
}

func (l *link) isSilent(dir direction) bool {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	return l.silent[dir]
}

func (l *link) close() {
	_ = l.raw.Close()
	_ = l.front.Close()
	l.proxy.mu.Lock()
	delete(l.proxy.links, l)
	l.proxy.mu.Unlock()
}

// release closes the links that a plan has silenced.
func (p *proxy) release() {
	p.closeLinks(func(l *link) bool { return l.silent[request] || l.silent[reply] })
}

func (p *proxy) closeLinks(which func(*link) bool) {
	p.mu.Lock()
	var list []*link
	for l := range p.links {
		if which(l) {
			list = append(list, l)
		}
	}
	p.mu.Unlock()
	for _, l := range list {
		l.close()
	}
}

// close ends all connections and waits for them.
func (p *proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.closeLinks(func(*link) bool { return true })
	p.running.Wait()
}

// longest says how many bytes a connection has moved at most since arm.
func (p *proxy) longest(dir direction) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for l := range p.links {
		n = max(n, l.moved[dir])
	}
	return n
}

// hits says how many plans were carried out, and connections made or armed,
// since arm.
func (p *proxy) hits() (struck, connections int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck, p.count
}

// deliveredKey reports whether a client was sent a whole key since arm, over a
// connection that is broken by now.
func (p *proxy) deliveredKey() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gotKey
}
