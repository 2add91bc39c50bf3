package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/antchain-go/baas/certbundle"
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

// A nodeError is an error of a connection to a node.
type nodeError struct {
	addr string
	err  error
}

func (e *nodeError) Error() string { return fmt.Sprintf("node %s: %v", e.addr, e.err) }
func (e *nodeError) Unwrap() error { return e.err }

// connect opens a TLS connection to a node and listens for as long as silence
// lasts, in which a node either greets or objects or waits.
func connect(ctx context.Context, addr string, cfg *tls.Config, silence time.Duration) (*answer, error) {
	a := &answer{addr: addr}
	if err := a.fill(ctx, cfg, silence); err != nil {
		return nil, &nodeError{addr, certbundle.ExplainHandshake(err)}
	}
	return a, nil
}

func (a *answer) fill(ctx context.Context, cfg *tls.Config, silence time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, nodeTimeout)
	defer cancel()
	cfg = cfg.Clone()
	own := cfg.Certificates[0]
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		a.asked = true
		return &own, nil
	}
	dialed, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", a.addr)
	if err != nil {
		return err
	}
	conn := dialed.(*tls.Conn)
	defer conn.Close()
	// Ends the wait for an answer, too.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	state := conn.ConnectionState()
	a.version, a.node = tls.VersionName(state.Version), state.PeerCertificates[0].Subject.String()

	if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return err
	}
	a.greeting, err = bufio.NewReader(io.LimitReader(conn, maxGreeting)).ReadString('\n')
	a.greeting = strings.TrimRight(a.greeting, "\r\n")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil || a.greeting != "" || errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case errors.Is(err, io.EOF):
		return errors.New("hung up after the TLS handshake")
	}
	return fmt.Errorf("after the TLS handshake: %w", err)
}
