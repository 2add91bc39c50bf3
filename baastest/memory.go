package baastest

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// memoryHost is the one address that an in-memory server answers at.
const memoryHost = "127.0.0.1"

// memoryListener is a net.Listener whose connections are pipes. It blocks on channels only, which is what makes it
// usable in a synctest bubble.
type memoryListener struct {
	conns     chan net.Conn
	done      chan struct{}
	closeOnce sync.Once
}

func newMemoryListener() *memoryListener {
	return &memoryListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.closeOnce.Do(func() { close(l.done) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

// DialContext opens a connection to the listener. Any other address is refused, as it would be on a machine on which
// nothing else listens: a client that strays must not reach this server by chance.
func (l *memoryListener) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: network, Addr: memoryAddr{addr}, Err: syscall.ECONNREFUSED}
	if addr != memoryHost+":80" {
		return nil, refused
	}
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type memoryAddr struct{ addr string }

func (memoryAddr) Network() string { return "memory" }

func (a memoryAddr) String() string {
	if a.addr == "" {
		return memoryHost + ":80"
	}
	return a.addr
}
