package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/console"
	"github.com/antchain-go/baas/internal/flags"
)

func verify(ctx context.Context, s *session) error {
	within, err := flags.Period(s.String("expires-in"))
	if err != nil {
		return usage("--expires-in: %w", err)
	}
	if _, err := s.record(ctx, false); err != nil {
		return err
	}
	password, err := s.password(ctx, false)
	if err != nil {
		return err
	}
	return s.report(ctx, "usable", password, within)
}

// report verifies the files of the folder, and prints what they are. Faults are
// an error, and so is that the certificate ends within a time.
func (s *session) report(ctx context.Context, outcome, password string, within time.Duration) error {
	r, _ := identity.Inspect(ctx, identity.Dir(s.dir))
	b, _ := certbundle.Load(s.dir) // Verify names what is missing
	v, fault := b.Verify(password)
	warnings, faults := []string{}, []string{}
	if fault != nil {
		outcome = "not usable"
		for line := range strings.Lines(fault.Error()) {
			faults = append(faults, plain(errors.New(strings.TrimSpace(line))))
		}
	}
	if v == nil {
		v = &certbundle.Report{}
	} else if fault == nil && time.Until(v.NotAfter) < within {
		outcome = "usable, and expires soon"
		fault = &failure{codeExpiring, errors.New("the certificate ends at " + stamp(v.NotAfter)), "enroll into another folder before"}
	}
	for _, w := range v.Warnings {
		warnings = append(warnings, plain(w))
	}
	return errors.Join(fault, s.Show(s.dir+": "+outcome, "outcome", outcome, "chain", r.Chain, "consortium", r.Consortium,
		"subject", v.Subject, "issuer", v.Issuer, "serial", v.SerialNumber, "valid from", v.NotBefore, "valid until", v.NotAfter,
		"key", v.KeyAlgorithm, "encryption", v.KeyEncryption, "signature", v.SignatureAlgorithm, "warnings", warnings, "faults", faults))
}

// stamp is how times are shown.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func connect(ctx context.Context, s *session) error {
	host, port, ok := strings.Cut(s.String("node"), " ") // as the service writes it
	if !ok {
		host, port, _ = net.SplitHostPort(s.String("node"))
	}
	if _, err := strconv.ParseUint(port, 10, 16); host == "" || err != nil {
		return usage("--node: %q is not host:port", s.String("node"))
	}
	node := net.JoinHostPort(host, port)
	if _, err := s.record(ctx, false); err != nil {
		return err
	}
	password, err := s.password(ctx, false)
	if err != nil {
		return err
	}
	checked := "it is of this chain, by ca.crt; for more, compare the pin with the node's operator, and give it as --pin"
	opts := []certbundle.TLSOption{certbundle.TrustChainOnly()}
	if s.IsSet("pin") {
		checked = "its key, by --pin"
		opts = append(opts, certbundle.PinNodes(s.StringSlice("pin")...))
	}
	if s.Bool("allow-sha1") {
		opts = append(opts, certbundle.AllowSHA1())
	}
	if s.Bool("allow-rsa-key-exchange") {
		opts = append(opts, certbundle.AllowRSAKeyExchange())
	}
	b, err := certbundle.Load(s.dir)
	if err != nil {
		return err
	}
	cfg, err := b.TLSConfig(password, opts...)
	if err != nil && strings.Contains(err.Error(), "PinNodes: ") {
		err = usage("%w", err)
	}
	if err != nil {
		return err
	}
	s.Doing("connecting to %s", node)
	state, said, err := certbundle.Probe(ctx, node, cfg)
	if err != nil {
		return s.handshakeFailure(err)
	}
	var shown []string
	for _, cert := range state.PeerCertificates {
		shown = append(shown, cert.Subject.String()+", issued by "+cert.Issuer.String())
	}
	return s.Show(node+": connected", "protocol", tls.VersionName(state.Version),
		"cipher suite", tls.CipherSuiteName(state.CipherSuite), "said", said, "pin", certbundle.Pin(state.PeerCertificates[0]),
		"checked", checked, "certificates", shown)
}

// handshakeFailure says which flag would help.
func (s *session) handshakeFailure(err error) error {
	f := &failure{code: codeFailed, err: err, next: "check the address, and the network to it"}
	if errors.Is(err, context.Canceled) {
		f.code, f.next = codeInterrupted, ""
	}
	var shown *tls.CertificateVerificationError
	var remote *net.OpError
	if errors.As(err, &shown) && len(shown.UnverifiedCertificates) > 0 {
		f.next = "compare this pin with the node's operator; if it is the same: --pin " + certbundle.Pin(shown.UnverifiedCertificates[0])
	} else if errors.As(err, &remote) && remote.Op == "remote error" {
		f.next = "to see what the node was shown: " + console.Line("verify", s.dir)
	}
	for _, flag := range []string{"--allow-rsa-key-exchange", "--allow-sha1"} {
		if strings.Contains(plain(f.err), flag) {
			f.next += "; or try " + flag
		}
	}
	return f
}
