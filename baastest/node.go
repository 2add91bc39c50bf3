package baastest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	handshakeTimeout = 10 * time.Second
	maxLine          = 64 << 10
)

// Node stands for a node of the chain: a TLS listener (1.2 at least) that lets in whoever has a client certificate of
// the server's CA, says "hello <common name>" and a line feed, and from then on sends every line back, of at most
// 64 KiB. A node ends with its server.
type Node struct {
	listener net.Listener
	config   *tls.Config

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

// NewNode starts a node on a free port of 127.0.0.1, over TCP also with [WithInMemory], so not in a synctest bubble.
// Its certificate is of this server's CA and names the IP address 127.0.0.1. It panics if no port can be had or if
// the clock's year fits no certificate. After [Server.Close] the node refuses connections from the start.
func (s *Server) NewNode() *Node {
	cert, clients, err := s.authority.issueNode()
	if err != nil {
		panic(fmt.Sprintf("baastest: no certificate for a node: %v", err))
	}
	n := &Node{
		listener: listenLoopback(),
		config: &tls.Config{
			Certificates: []tls.Certificate{cert},
			ClientCAs:    clients,
			ClientAuth:   tls.RequireAndVerifyClientCert,
			MinVersion:   tls.VersionTLS12,
			Time:         s.cfg.now,
		},
		conns: make(map[net.Conn]struct{}),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		n.close()
		return n
	}
	s.nodes = append(s.nodes, n)
	s.active.Go(func() { n.serve(&s.active) })
	return n
}

// Addr returns the node's address, "127.0.0.1:port".
func (n *Node) Addr() string { return n.listener.Addr().String() }

func (n *Node) serve(active *sync.WaitGroup) {
	for {
		conn, err := n.listener.Accept()
		if err != nil {
			return
		}
		if !n.keep(conn) {
			return
		}
		active.Go(func() {
			defer n.drop(conn)
			n.talk(tls.Server(conn, n.config))
		})
	}
}

// talk greets the client and echoes its lines until either ends the connection.
func (n *Node) talk(conn *tls.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return
	}
	// A name is arbitrary text, the greeting one line.
	name := conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	name = strings.NewReplacer("\r", " ", "\n", " ").Replace(name)
	if _, err := fmt.Fprintf(conn, "hello %s\n", name); err != nil {
		return
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if _, err := fmt.Fprintf(conn, "%s\n", lines.Bytes()); err != nil {
			return
		}
	}
	_ = conn.Close() // says goodbye in TLS; drop closes what is under it in any case
}

// keep remembers a connection for close; it reports false, and closes it, once the node is closed.
func (n *Node) keep(conn net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		_ = conn.Close()
		return false
	}
	n.conns[conn] = struct{}{}
	return true
}

func (n *Node) drop(conn net.Conn) {
	_ = conn.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, conn)
}

// close ends the listener and all its connections. The goroutines are the server's to wait for.
func (n *Node) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	_ = n.listener.Close()
	for conn := range n.conns {
		_ = conn.Close()
	}
}
