package main

import (
	"context"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

func enrollCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "enroll", Usage: "get an identity into a folder, once, whatever happens", ArgsUsage: "DIR",
		Description: "Running it again is always safe: it goes on where the last run ended, and at most one\ncertificate is issued.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "chain", Required: true, Usage: "`ID` of the chain"},
			&cli.StringFlag{Name: "consortium", Required: true, Usage: "`ID` of the consortium"},
			&cli.StringFlag{Name: "subject", Required: true, Usage: "`NAME` for the certificate, as RFC 4514 writes it: \"CN=…,OU=…,O=…,L=…,ST=…,C=…\""},
			&cli.BoolFlag{Name: "csr", Usage: "make the private key here, instead of letting the service make it"},
			passwordFlag(),
		},
		Action: c.action(1, enroll),
	}
}

func enroll(ctx context.Context, s *session) error {
	req := &request{AntChainID: s.cmd.String("chain"), ConsortiumID: s.cmd.String("consortium")}
	if err := setSubject(req, s.cmd.String("subject")); err != nil {
		return err
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return err
	}
	if r.State == identity.InDoubt {
		return doubt(s.dir, &r)
	}
	if req.Password, err = s.password(ctx, r.State == identity.Empty); err != nil {
		return err
	}
	if s.cmd.Bool("csr") && r.State == identity.Empty {
		s.doing("applying for a certificate of chain %s", req.AntChainID)
		if err := s.applyWithCSR(ctx, client, req); err != nil {
			return err
		}
	}
	s.doing("enrolling for chain %s", req.AntChainID)
	if err := s.ensure(ctx, client, req); err != nil {
		return err
	}
	s.done()
	outcome := "enrolled"
	if r.State == identity.Complete {
		outcome = "enrolled before"
	}
	return s.report(ctx, outcome, req.Password)
}

// ensure calls identity.Ensure, and keeps what it could lose.
func (s *session) ensure(ctx context.Context, client *baas.Client, req *request) error {
	store := &patientStore{Store: identity.Dir(s.dir), ctx: ctx}
	_, err := identity.Ensure(ctx, client, store, req, identity.WithLogger(s.logger()))
	var lost *identity.KeyError
	var doubted *identity.DoubtError
	switch {
	case err == nil:
		// Found complete, it is copied out, which only a Dir itself does.
		_, err = identity.Ensure(ctx, client, identity.Dir(s.dir), req)
		return err
	case errors.As(err, &lost):
		return s.rescue(lost)
	case store.kept != nil:
		return &failure{codeUnknown, fmt.Errorf("%w while an application was in flight: its outcome is unknown, "+
			"and a certificate for chain %s may have been issued (%s)", context.Cause(ctx), req.AntChainID, origin(store.kept)),
			"run the same command again: within five minutes it may still bring the key; then see antcert status " + s.dir}
	case errors.As(err, &doubted):
		return doubt(s.dir, &doubted.Record)
	}
	return err
}

// resendWindow is how long package baas sends the same message again.
const resendWindow = 5 * time.Minute

// A patientStore does not store a doubt that comes from nothing but an
// interrupt: to others it looks as if this process had crashed, and as long as
// the same message may be sent, the next run takes over.
type patientStore struct {
	identity.Store
	ctx  context.Context
	kept *identity.Record // the doubt
}

func (p *patientStore) Swap(ctx context.Context, r identity.Record, version string) (string, error) {
	if r.State == identity.InDoubt && p.ctx.Err() != nil && time.Since(r.Stamp.Time) < resendWindow {
		p.kept = &r
		return "", p.ctx.Err()
	}
	return p.Store.Swap(ctx, r, version)
}

// rescue writes a key that its folder does not take into another one.
func (s *session) rescue(lost *identity.KeyError) error {
	var errs []error
	for _, parent := range []string{filepath.Dir(s.dir), os.TempDir()} {
		dir, err := os.MkdirTemp(parent, filepath.Base(s.dir)+".key-")
		if err == nil {
			err = lost.Bundle.WriteDir(dir)
		}
		if err == nil {
			return &failure{codeUnknown, fmt.Errorf("%s did not take the private key: %w; it is in %s now", s.dir, lost.Err, dir),
				"antcert complete " + dir + " --chain " + lost.Record.Chain + " makes an identity of it"}
		}
		errs = append(errs, err)
	}
	// The last resort: the key is encrypted, and lost otherwise.
	fmt.Fprintf(s.out, "%s\n", lost.Bundle.PrivateKey)
	return &failure{codeUnknown, fmt.Errorf("no folder takes the private key, so it was printed: %w", errors.Join(append(errs, lost.Err)...)),
		"keep what was printed as client.key in a folder of its own, then: antcert complete DIR --chain " + lost.Record.Chain}
}

// applyWithCSR makes a key, stores it, and applies for its certificate. A
// folder with a key alone is an identity that Ensure completes.
func (s *session) applyWithCSR(ctx context.Context, client *baas.Client, req *request) error {
	subject := pkix.Name{
		CommonName: req.CommonName, OrganizationalUnit: []string{req.OrganizationUnitName}, Organization: []string{req.OrganizationName},
		Locality: []string{req.LocalityName}, Province: []string{req.StateOrProvinceName}, Country: []string{req.CountryName},
	}
	if err := certbundle.Prepare(s.dir); err != nil {
		return err
	}
	key, csr, err := certbundle.NewCSR(subject, req.Password)
	if err != nil {
		return err
	}
	if err := (&certbundle.Bundle{PrivateKey: key}).WriteDir(s.dir); err != nil {
		return err
	}
	_, err = client.ApplyAntChainCertificate(ctx, &baas.ApplyAntChainCertificateRequest{
		AntChainID: req.AntChainID, UploadReq: base64.StdEncoding.EncodeToString(csr),
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, baas.ErrOutcomeUnknown):
		return &failure{codeUnknown, err, "the key is in " + s.dir + ": a certificate may have been issued for it, then antcert complete " +
			s.dir + " --chain " + req.AntChainID + " gets it; if there is none after a while, use another folder"}
	}
	// Nothing was applied for, so the key is good for nothing.
	return errors.Join(err, os.Remove(filepath.Join(s.dir, certbundle.ClientKeyFile)))
}

func completeCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "complete", Usage: "get the files that are missing beside a key", ArgsUsage: "DIR",
		Description: "It asks the service for fresh links, downloads what is missing, and verifies. It renews\nnothing and applies for nothing: for a new certificate, enroll into another folder.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "chain", Usage: "`ID` of the chain, if the folder does not say"},
			&cli.StringFlag{Name: "consortium", Usage: "`ID` of the consortium, if the folder does not say"},
			passwordFlag(),
		},
		Action: c.action(1, complete),
	}
}

func complete(ctx context.Context, s *session) error {
	r, err := s.record(ctx)
	if err != nil {
		return err
	}
	req := &request{AntChainID: first(s.cmd.String("chain"), r.Chain), ConsortiumID: first(s.cmd.String("consortium"), r.Consortium)}
	if req.AntChainID == "" {
		return usage("--chain: the folder does not say which chain it is for")
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	if req.Password, err = s.password(ctx, false); err != nil {
		return err
	}
	s.doing("getting the files of chain %s", req.AntChainID)
	if err := s.ensure(ctx, client, req); err != nil {
		return err
	}
	if b, _ := certbundle.Load(s.dir); len(b.TrustStore) == 0 {
		links, err := links(ctx, client, req)
		if err == nil {
			_, err = certbundle.Save(ctx, s.dir, baas.CertificateResult{DownloadPath: links})
		}
		if err != nil {
			s.warn(plain(err))
		}
	}
	s.done()
	return s.report(ctx, "complete; nothing was renewed", req.Password)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func statusCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "say how far the enrollment of a folder has come", ArgsUsage: "DIR",
		Action: c.action(1, status),
	}
}

// A statusView is a record in JSON.
type statusView struct {
	Dir        string `json:"dir"`
	State      string `json:"state"`
	Chain      string `json:"chain,omitempty"`
	Consortium string `json:"consortium,omitempty"`
	Subject    string `json:"subject,omitempty"`
	Holder     string `json:"holder,omitempty"`
	Since      string `json:"since,omitempty"`
	Nonce      string `json:"nonce,omitempty"`
	RequestID  string `json:"requestID,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Next       string `json:"next,omitempty"`
}

func status(ctx context.Context, s *session) error {
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return &failure{code: codeUnusable, err: err}
	}
	v := statusView{
		Dir: s.dir, State: r.State.String(), Chain: r.Chain, Consortium: r.Consortium, Subject: r.Subject,
		Holder: r.Holder, Since: stamp(r.Since), RequestID: r.RequestID, Reason: r.Reason,
	}
	if r.Stamp != nil {
		v.Nonce = r.Stamp.Nonce
	}
	said := stateError(s.dir, &r)
	var f *failure
	if errors.As(said, &f) {
		v.Next = f.next
		said = &failure{code: f.code}
	}
	err = s.print(v, func(w io.Writer) {
		for _, l := range [][2]string{
			{"state", v.State}, {"chain", v.Chain}, {"consortium", v.Consortium}, {"subject", v.Subject}, {"holder", v.Holder},
			{"since", v.Since}, {"nonce", v.Nonce}, {"request ID", v.RequestID}, {"reason", v.Reason}, {"next", v.Next},
		} {
			if l[1] != "" {
				row(w, l[0], l[1])
			}
		}
	})
	return errors.Join(err, said)
}

// stamp is how times are shown.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// record returns the record of the folder if it holds an identity, and says
// what to do if not.
func (s *session) record(ctx context.Context) (identity.Record, error) {
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return r, &failure{code: codeUnusable, err: err}
	}
	if err := stateError(s.dir, &r); err != nil && r.State != identity.Issued {
		return r, err
	}
	return r, nil
}

func stateError(dir string, r *identity.Record) error {
	switch r.State {
	case identity.Empty:
		return &failure{codeUnusable, fmt.Errorf("there is no identity in %s", dir), "antcert enroll " + dir + " gets one"}
	case identity.Applying, identity.InDoubt:
		return doubt(dir, r)
	case identity.Issued:
		if len(r.Bundle.ClientCert) == 0 || len(r.Bundle.CACert) == 0 {
			return &failure{codeUnusable, fmt.Errorf("the key is in %s, and files are missing", dir), "antcert complete " + dir + " gets them"}
		}
	}
	return nil
}

func clearCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "clear", Usage: "end a doubt, so that the folder can be enrolled anew", ArgsUsage: "DIR",
		Description: "Only for who knows, from the console or the service's support, that nothing was issued, or\nwho has reset what was.",
		Flags:       []cli.Flag{&cli.StringFlag{Name: "confirm", Usage: "answer the question with `ID`, that of the chain"}},
		Action:      c.action(1, clearDoubt),
	}
}

func clearDoubt(ctx context.Context, s *session) error {
	store := identity.Dir(s.dir)
	r, err := identity.Inspect(ctx, store)
	if err != nil {
		return err
	}
	if r.State == identity.Applying || r.State == identity.InDoubt {
		if err := s.confirm(ctx, &r); err != nil {
			return err
		}
	}
	if err := identity.Clear(ctx, store); err != nil {
		return err
	}
	if r.State == identity.Empty {
		s.note("nothing is in doubt in %s", s.dir)
	}
	return s.print(map[string]string{"dir": s.dir, "state": identity.Empty.String()}, func(w io.Writer) {
		row(w, "clear: antcert enroll "+s.dir+" enrolls anew")
	})
}

func (s *session) confirm(ctx context.Context, r *identity.Record) error {
	id := s.cmd.String("confirm")
	if !s.cmd.IsSet("confirm") {
		if s.cmd.Bool("no-input") || !s.interactive() {
			return usage("nobody can be asked: confirm with the chain's ID: --confirm ID")
		}
		s.note("A certificate for chain %s may have been issued: %s applied for it at %s (%s).", r.Chain, r.Holder, stamp(r.Since), origin(r))
		s.note("Go on only if the console or the service's support says that nothing was issued, or once it was reset.")
		var err error
		if id, err = s.ask(ctx, "The ID of the chain, to clear the doubt: ", false); err != nil {
			return err
		}
	}
	if id != r.Chain {
		return usage("that is not the chain's ID: nothing was cleared")
	}
	return nil
}
