package testcluster

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Proxy stands before the API server, which can go away behind it.
type Proxy struct {
	listener net.Listener
	to       string

	// Refused gets a value for each connection that comes while the API server is
	// away. Values that nobody waits for are dropped.
	Refused chan struct{}

	mu    sync.Mutex
	away  bool
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// NewProxy starts one for the test.
func (c *Cluster) NewProxy(t testing.TB) *Proxy {
	t.Helper()
	server, err := url.Parse(c.Config.Host)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Proxy{listener: listener, to: server.Host, Refused: make(chan struct{}), conns: map[net.Conn]bool{}}
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.SetAway(true)
		p.wg.Wait()
	})
	return p
}

// Addr is where it listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetAway makes the API server go away, with all its connections, or come back.
func (p *Proxy) SetAway(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
	for conn := range p.conns {
		if away {
			_ = conn.Close()
		}
	}
}

func (p *Proxy) serve() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.pass(in) })
	}
}

func (p *Proxy) pass(in net.Conn) {
	defer func() { _ = in.Close() }()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	if !p.keep(in, out) {
		select {
		case p.Refused <- struct{}{}:
		default:
		}
		return
	}
	defer p.forget(in, out)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(out, in)
		_ = out.Close()
	}()
	_, _ = io.Copy(in, out)
	_ = in.Close()
	<-done
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = true
	}
	return !p.away
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}
