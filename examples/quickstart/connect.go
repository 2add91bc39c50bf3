package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

const (
	nodeTimeout = 10 * time.Second

	// In TLS 1.3 a client is done before the node has looked at its
	// certificate: an objection comes as the answer to nothing, or never.
	objectionTime = 2 * time.Second

	maxGreeting = 256
)

// An answer is what a node has made of a connection.
type answer struct {
	addr     string
	version  string
	node     string // subject of its certificate
	asked    bool   // for a client certificate
	greeting string // empty if it waits for the client to speak
}

// connect opens a TLS connection to a node and listens for as long as silence
// lasts, in which a node either greets or objects or waits.
func connect(ctx context.Context, addr string, cfg *tls.Config, silence time.Duration) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, nodeTimeout)
	defer cancel()
	a := &answer{addr: addr}
	cfg = cfg.Clone()
	own := cfg.Certificates[0]
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		a.asked = true
		return &own, nil
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", addr, err)
	}
	defer raw.Close()
	// Ends the wait for an answer, too.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()

	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(addr) // DialContext has accepted it
	}
	conn := tls.Client(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("node %s: TLS handshake: %w", addr, err)
	}
	defer conn.Close()
	state := conn.ConnectionState()
	a.version, a.node = tls.VersionName(state.Version), state.PeerCertificates[0].Subject.String()

	if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return nil, fmt.Errorf("node %s: %w", addr, err)
	}
	a.greeting, err = bufio.NewReader(io.LimitReader(conn, maxGreeting)).ReadString('\n')
	a.greeting = strings.TrimRight(a.greeting, "\r\n")
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("node %s: %w", addr, ctx.Err())
	case err == nil || a.greeting != "" || errors.Is(err, os.ErrDeadlineExceeded):
		return a, nil
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("node %s: hung up after the TLS handshake", addr)
	default:
		return nil, fmt.Errorf("node %s: after the TLS handshake: %w", addr, err)
	}
}
