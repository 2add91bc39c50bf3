package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

func verifyCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "check an identity without a node", ArgsUsage: "DIR",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "expires-in", Usage: "exit with 5 if the certificate ends within `TIME`, such as 30d or 12h"},
			passwordFlag(),
		},
		Action: c.action(1, verify),
	}
}

func verify(ctx context.Context, s *session) error {
	var within time.Duration
	if text := s.cmd.String("expires-in"); text != "" {
		var err error
		if within, err = parseDays(text); err != nil {
			return err
		}
	}
	if _, err := s.record(ctx); err != nil {
		return err
	}
	password, err := s.password(ctx, false)
	if err != nil {
		return err
	}
	return s.reportUntil(ctx, "usable", password, within)
}

// parseDays reads a time with a unit of days, or one that Go knows.
func parseDays(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, usage("--expires-in: %q is not a time such as 30d or 12h", text)
	}
	return d, nil
}

// A reportView is a report in JSON.
type reportView struct {
	Dir        string   `json:"dir"`
	Outcome    string   `json:"outcome"`
	Chain      string   `json:"chain,omitempty"`
	Consortium string   `json:"consortium,omitempty"`
	Subject    string   `json:"subject,omitempty"`
	Issuer     string   `json:"issuer,omitempty"`
	Serial     string   `json:"serial,omitempty"`
	NotBefore  string   `json:"notBefore,omitempty"`
	NotAfter   string   `json:"notAfter,omitempty"`
	Key        string   `json:"key,omitempty"`
	Encryption string   `json:"keyEncryption,omitempty"`
	Signature  string   `json:"signature,omitempty"`
	Warnings   []string `json:"warnings"`
	Faults     []string `json:"faults"`
}

func (s *session) report(ctx context.Context, outcome, password string) error {
	return s.reportUntil(ctx, outcome, password, 0)
}

// reportUntil verifies the files of the folder, and prints what they are.
func (s *session) reportUntil(ctx context.Context, outcome, password string, within time.Duration) error {
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return &failure{code: codeUnusable, err: err}
	}
	b, _ := certbundle.Load(s.dir) // Verify names what is missing
	report, fault := b.Verify(password)
	v := reportView{Dir: s.dir, Outcome: outcome, Chain: r.Chain, Consortium: r.Consortium, Warnings: []string{}, Faults: []string{}}
	if fault != nil {
		v.Outcome = "not usable"
		for _, line := range strings.Split(fault.Error(), "\n") {
			v.Faults = append(v.Faults, plain(errors.New(line)))
		}
	}
	var soon error
	if report != nil {
		v.Subject, v.Issuer, v.Serial = report.Subject, report.Issuer, report.SerialNumber
		v.NotBefore, v.NotAfter = stamp(report.NotBefore), stamp(report.NotAfter)
		v.Key, v.Encryption, v.Signature = report.KeyAlgorithm, report.KeyEncryption, report.SignatureAlgorithm
		for _, w := range report.Warnings {
			v.Warnings = append(v.Warnings, plain(w))
		}
		if fault == nil && within > 0 && time.Until(report.NotAfter) < within {
			v.Outcome = "usable, and expires soon"
			soon = &failure{codeExpiring, fmt.Errorf("the certificate ends at %s", v.NotAfter), "enroll into another folder before"}
		}
	}
	if err := s.print(v, v.text); err != nil {
		return err
	}
	if fault != nil {
		return unusable(s.dir, fault)
	}
	return soon
}

func (v reportView) text(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n", clean(v.Dir), clean(v.Outcome))
	for _, l := range [][2]string{
		{"chain", v.Chain}, {"consortium", v.Consortium}, {"subject", v.Subject}, {"issuer", v.Issuer}, {"serial", v.Serial},
		{"valid from", v.NotBefore}, {"valid until", v.NotAfter}, {"key", v.Key}, {"encryption", v.Encryption}, {"signature", v.Signature},
	} {
		if l[1] != "" {
			row(w, "  "+l[0], l[1])
		}
	}
	for _, text := range v.Warnings {
		row(w, "warning: "+text)
	}
	for _, text := range v.Faults {
		row(w, "fault: "+text)
	}
}

// isMissing reports whether err is about files that are not there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func connectCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "connect", Usage: "try an identity with a node", ArgsUsage: "DIR",
		Description: "Without --pin the node's certificate must lead to ca.crt, and may be for any name: any holder\nof a certificate of that CA could stand for the node. Nothing is sent after the handshake.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "node", Required: true, Usage: "`ADDRESS` of the node, host:port"},
			&cli.StringSliceFlag{Name: "pin", Usage: "accept the node by its public key alone: `PIN`, sha256//…, as its operator tells it; may be repeated"},
			&cli.BoolFlag{Name: "allow-sha1", Usage: "the node's certificate may have a SHA-1 signature of ca.crt"},
			&cli.BoolFlag{Name: "allow-rsa-key-exchange", Usage: "offer TLS 1.2 without elliptic curves, which has no forward secrecy"},
			passwordFlag(),
		},
		Action: c.action(1, connect),
	}
}

// A nodeView is a connection in JSON.
type nodeView struct {
	Node    string   `json:"node"`
	Version string   `json:"version"`
	Cipher  string   `json:"cipher"`
	Said    string   `json:"said"`
	Pin     string   `json:"pin"`
	Checked string   `json:"checked"`
	Chain   []string `json:"chain"`
}

func connect(ctx context.Context, s *session) error {
	addr, err := nodeAddress(s.cmd.String("node"))
	if err != nil {
		return err
	}
	if _, err := s.record(ctx); err != nil {
		return err
	}
	password, err := s.password(ctx, false)
	if err != nil {
		return err
	}
	checked := "that it is of this chain, by ca.crt; for more, compare the pin with the node's operator, and give it as --pin"
	opts := []certbundle.TLSOption{certbundle.TrustChainOnly()}
	if pins := s.cmd.StringSlice("pin"); len(pins) > 0 {
		checked = "its key, by --pin"
		opts = append(opts, certbundle.PinNodes(pins...))
	}
	if s.cmd.Bool("allow-sha1") {
		opts = append(opts, certbundle.AllowSHA1())
	}
	if s.cmd.Bool("allow-rsa-key-exchange") {
		opts = append(opts, certbundle.AllowRSAKeyExchange())
	}
	b, err := certbundle.Load(s.dir)
	if err != nil {
		return unusable(s.dir, err)
	}
	cfg, err := b.TLSConfig(password, opts...)
	if err != nil {
		if strings.Contains(err.Error(), "PinNodes: ") {
			return usage("%w", err)
		}
		return unusable(s.dir, err)
	}
	s.doing("connecting to %s", addr)
	v, err := greet(ctx, addr, cfg)
	s.done()
	if err != nil {
		return handshakeFailure(addr, err)
	}
	v.Checked = checked
	return s.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "connected to %s: %s, %s\n", clean(v.Node), v.Version, v.Cipher)
		row(w, "  said", v.Said)
		row(w, "  pin", v.Pin)
		row(w, "  checked", v.Checked)
		for _, name := range v.Chain {
			row(w, "  certificate", name)
		}
	})
}

const (
	handshakeTime = 20 * time.Second
	greetingTime  = 2 * time.Second // a node that says nothing is fine
	maxGreeting   = 4 << 10
)

// greet connects and reads a line. In TLS 1.3 a node's refusal comes only then.
func greet(ctx context.Context, addr string, cfg *tls.Config) (*nodeView, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	raw, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	conn := raw.(*tls.Conn)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	defer stop()
	_ = conn.SetReadDeadline(time.Now().Add(greetingTime))
	line, err := bufio.NewReader(io.LimitReader(conn, maxGreeting)).ReadString('\n')
	var silence net.Error
	silent := errors.As(err, &silence) && silence.Timeout() && ctx.Err() == nil
	if err != nil && line == "" && !silent {
		return nil, errors.Join(err, ctx.Err())
	}
	state := conn.ConnectionState()
	v := &nodeView{
		Node: addr, Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite),
		Said: strings.TrimRight(line, "\r\n"), Pin: certbundle.Pin(state.PeerCertificates[0]),
	}
	for _, cert := range state.PeerCertificates {
		v.Chain = append(v.Chain, cert.Subject.String()+", issued by "+cert.Issuer.String())
	}
	return v, nil
}

// handshakeFailure says which flag would help.
func handshakeFailure(addr string, err error) error {
	text := plain(certbundle.ExplainHandshake(err))
	next := "check address and network: antcert nodes lists the addresses"
	var shown *tls.CertificateVerificationError
	if errors.As(err, &shown) && len(shown.UnverifiedCertificates) > 0 {
		next = "compare this pin with the node's operator; if it is the same: --pin " + certbundle.Pin(shown.UnverifiedCertificates[0])
	}
	for _, flag := range []string{"--allow-rsa-key-exchange", "--allow-sha1"} {
		if strings.Contains(text, flag) {
			next += "; or try " + flag
		}
	}
	if remote := new(net.OpError); errors.As(err, &remote) && remote.Op == "remote error" {
		_, next, _ = strings.Cut(next, "; or ")
	}
	code := codeFailed
	if errors.Is(err, context.Canceled) {
		code = codeInterrupted
	}
	return &failure{code, fmt.Errorf("%s: %s", addr, text), next}
}

// nodeAddress reads an address: host:port, or with a space as the service
// writes it.
func nodeAddress(text string) (string, error) {
	host, port, ok := strings.Cut(text, " ")
	if !ok {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return "", usage("--node: %q is not host:port", text)
		}
	}
	if _, err := strconv.ParseUint(port, 10, 16); host == "" || err != nil {
		return "", usage("--node: %q is not host:port", text)
	}
	return net.JoinHostPort(host, port), nil
}
