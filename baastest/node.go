package baastest

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
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
// 64 KiB. A node ends with its server. All methods are safe for concurrent use.
type Node struct {
	listener net.Listener
	config   *tls.Config
	cert     *x509.Certificate

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

// NewNode starts a node on a free port of 127.0.0.1, over TCP also with [WithInMemory], so not in a synctest bubble.
// Its certificate is of this server's CA and looks as [WithIssuance] says; only that of [Modern] names the IP address
// 127.0.0.1. A node checks itself what crypto/tls would refuse: the SHA-1 signatures of [Console2021]. NewNode
// panics if no port can be had or if the clock's year fits no certificate. After [Server.Close] the node refuses
// connections from the start.
func (s *Server) NewNode(opts ...NodeOption) *Node {
	cfg := newNodeConfig(opts)
	n, err := s.newNode(cfg)
	if err != nil {
		panic(fmt.Sprintf("baastest: no certificate for a node: %v", err))
	}
	n.listener = listenLoopback()
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

// newNode makes a node that does not listen yet.
func (s *Server) newNode(cfg nodeConfig) (*Node, error) {
	key, err := s.authority.newKey()
	if err != nil {
		return nil, err
	}
	der, err := s.authority.issue(order{
		subject: pkix.Name{CommonName: "baastest node"}, key: &key.PublicKey, node: true,
	})
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	ca, err := s.authority.issuer()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: cert}},
		MinVersion:   tls.VersionTLS12,
		Time:         s.cfg.now,
	}
	if err := cfg.apply(config, ca); err != nil {
		return nil, err
	}
	return &Node{config: config, cert: cert, conns: make(map[net.Conn]struct{})}, nil
}

// Certificate returns the node's certificate, so that a test can pin its key. It must not be changed.
func (n *Node) Certificate() *x509.Certificate { return n.cert }

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
