package send

import (
	"net"
	"reflect"
	"sync"
)

// maxSpent is how many connections are remembered that must not be used again.
// One that is drawn again is held back and so closed; net/http closes the rest
// by itself when they have been idle for long enough.
const maxSpent = 256

// conns knows which HTTP/1 connections have brought a reply that is not judged
// yet, and which have brought one that was no regular success.
type conns struct {
	mu      sync.Mutex
	settled sync.Cond
	state   map[net.Conn]bool // false while a reply is judged, true once spent
	order   []net.Conn        // the spent ones, the oldest first
}

func (c *conns) init() {
	c.settled.L = &c.mu
	c.state = make(map[net.Conn]bool)
}

// pend reports whether conn can be told from others and waits for a verdict
// from now on. net/http may hand the connection on as soon as the reply was
// read, which is before it is judged.
func (c *conns) pend(conn net.Conn) bool {
	if !reflect.ValueOf(conn).Comparable() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state[conn] = false
	return true
}

// settle ends the wait for the verdict.
func (c *conns) settle(conn net.Conn, regular bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.settled.Broadcast()
	if regular {
		delete(c.state, conn)
		return
	}
	c.state[conn] = true
	c.order = append(c.order, conn)
	if len(c.order) > maxSpent {
		delete(c.state, c.order[0])
		c.order = append(c.order[:0], c.order[1:]...)
	}
}

// spent reports whether conn must not be used, once that is known.
func (c *conns) spent(conn net.Conn) bool {
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		spent, known := c.state[conn]
		if !known || spent {
			return spent
		}
		c.settled.Wait()
	}
}
