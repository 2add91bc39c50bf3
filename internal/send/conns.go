package send

import (
	"context"
	"net"
	"reflect"
	"sync"
)

// maxSpent is how many connections are remembered that must not be used again.
// One that is drawn again is held back and so closed; net/http closes the rest
// by itself when they have been idle for long enough.
const maxSpent = 256

// conns knows which connections carry a message whose reply is not judged yet, and
// which have brought a reply that was no regular success.
type conns struct {
	mu    sync.Mutex
	state map[net.Conn]verdict
	order []net.Conn // the spent ones, the oldest first
}

// A verdict on a connection is spent, or still to come.
type verdict struct {
	spent   bool
	settled chan struct{} // is closed when it comes; nil if nobody waits
}

// pend reports whether conn can be told from others and waits for a verdict
// from now on. net/http may hand the connection on as soon as the reply has come,
// which is before it is judged.
func (c *conns) pend(conn net.Conn) bool {
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		c.state = make(map[net.Conn]verdict)
	}
	c.state[conn] = verdict{}
	return true
}

// settle ends the wait for the verdict.
func (c *conns) settle(conn net.Conn, regular bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if settled := c.state[conn].settled; settled != nil {
		close(settled)
	}
	if regular {
		delete(c.state, conn)
		return
	}
	c.state[conn] = verdict{spent: true}
	c.order = append(c.order, conn)
	if len(c.order) > maxSpent {
		delete(c.state, c.order[0])
		c.order = append(c.order[:0], c.order[1:]...)
	}
}

// spent reports whether conn must not be used, once that is known or ctx ends.
func (c *conns) spent(ctx context.Context, conn net.Conn) bool {
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return false
	}
	for {
		settled, spent := c.look(conn)
		if settled == nil {
			return spent
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return true
		}
	}
}

// look returns the verdict on conn, or else what is closed when it comes.
func (c *conns) look(conn net.Conn) (settled <-chan struct{}, spent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, known := c.state[conn]
	if !known || v.spent {
		return nil, v.spent
	}
	if v.settled == nil {
		v.settled = make(chan struct{})
		c.state[conn] = v
	}
	return v.settled, false
}
