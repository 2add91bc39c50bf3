package certbundle

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

const (
	probeTime    = 20 * time.Second
	greetingTime = 2 * time.Second // in which a node objects, if it does
	maxGreeting  = 4 << 10
)

// Probe connects to a node, "host:port", with a configuration of TLSConfig, and
// ends the connection: a check whether the node can be reached, and whether each
// side accepts the other.
//
// In TLS 1.3 the handshake is over before the node has looked at the certificate.
// So Probe reads a line after it, for 2 seconds at most: said is that line, up to
// 4 KiB and without its ending, or empty, since a node that waits for its client to
// speak is fine. The node chooses what it says: treat it as foreign text.
//
// It ends with ctx, after 20 seconds at the latest. Errors are explained, as by
// ExplainHandshake, and so is a connection that the node ends without a reason.
func Probe(ctx context.Context, addr string, cfg *tls.Config) (state tls.ConnectionState, said string, err error) {
	if ctx == nil {
		return state, "", errNilContext
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	raw, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return state, "", explainEnd(ExplainHandshake(err), endInHandshake+", or not accept this certificate")
	}
	defer raw.Close()
	_ = raw.SetReadDeadline(time.Now().Add(greetingTime))
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	said, err = bufio.NewReader(io.LimitReader(raw, maxGreeting)).ReadString('\n')
	if late := net.Error(nil); said != "" || errors.As(err, &late) && late.Timeout() {
		err = nil
	}
	if ctx.Err() != nil {
		return state, "", prefixed(errors.Join(ctx.Err(), err))
	}
	return raw.(*tls.Conn).ConnectionState(), strings.TrimRight(said, "\r\n"), explainEnd(ExplainHandshake(err), endAfterHandshake)
}

// What it may mean that a node ends the connection and sends no alert.
const (
	endInHandshake    = "it ended the connection during the handshake, without a reason. It may not speak TLS at this address"
	endAfterHandshake = "it ended the connection right after the handshake, without a reason. It may not accept this certificate"
)

// explainEnd makes an error of a connection one of this package; end is what it
// means that the node ended it.
func explainEnd(err error, end string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &nodeError{nil, end, err}
	}
	return prefixed(err)
}
