package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/codings"
	"github.com/antchain-go/baas/internal/console"
	"github.com/antchain-go/baas/internal/subject"
)

type request = baas.ApplyAntChainCertificateWithKeyAutoCreationRequest

func enroll(ctx context.Context, s *session, client *baas.Client) error {
	name, err := subject.Parse(s.String("subject"))
	if err != nil {
		return usage("--subject: %w", err)
	}
	req := &request{
		AntChainID: s.String("chain"), ConsortiumID: s.String("consortium"), CommonName: name["CN"], OrganizationUnitName: name["OU"],
		OrganizationName: name["O"], LocalityName: name["L"], StateOrProvinceName: name["ST"], CountryName: name["C"],
	}
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return err
	}
	if r.State == identity.InDoubt {
		return s.unfit(&r)
	}
	if req.Password, err = s.password(ctx, r.State == identity.Empty); err != nil {
		return err
	}
	s.Doing("enrolling for chain %s", req.AntChainID)
	var opts []identity.Option
	if s.Bool("csr") {
		opts = append(opts, identity.WithOwnKey())
	}
	if err := s.ensure(ctx, client, req, opts...); err != nil {
		return err
	}
	outcome := map[bool]string{true: "was enrolled before", false: "enrolled"}
	return s.report(ctx, outcome[r.State == identity.Complete], req.Password, 0)
}

// download reads files through proxies that compress as they like.
var download = identity.WithDownload(certbundle.WithDecompressors(codings.Brotli, codings.Zstandard))

// ensure calls identity.Ensure, and keeps what it could lose.
func (s *session) ensure(ctx context.Context, client *baas.Client, req *request, opts ...identity.Option) error {
	_, err := identity.Ensure(ctx, client, identity.Dir(s.dir), req, append(opts, identity.WithLogger(s.Logger()), identity.WithResumable(), download)...)
	if err == nil {
		return nil
	}
	r, _ := identity.Inspect(context.WithoutCancel(ctx), identity.Dir(s.dir))
	var lost *identity.KeyError
	var doubt *identity.DoubtError
	switch {
	case errors.As(err, &lost):
		return s.rescue(lost)
	case errors.As(err, &doubt) && doubt.Record.State != identity.Applying:
		return s.unfit(&doubt.Record)
	case doubt != nil, errors.Is(err, identity.ErrInProgress) && errors.Is(err, baas.ErrOutcomeUnknown): // of a message taken over
		return leftInFlight(context.Cause(ctx), err, &r)
	case errors.Is(err, identity.ErrInProgress):
	case errors.Is(err, baas.ErrOutcomeUnknown) && s.Bool("csr"):
		return &failure{codeUnknown, err, "the key is in " + s.dir + ": if the console shows a certificate for it, get that; " +
			"if it shows none after a while, use another folder. To get it: " + s.completeLine(&r)}
	}
	f := s.classify(err)
	same := cmp.Or(r.Chain, req.AntChainID) == req.AntChainID && cmp.Or(r.Consortium, req.ConsortiumID) == req.ConsortiumID
	if r.State >= identity.Issued && same && f.code == codeFailed { // something was issued, and its key is there
		if f.code = codeUnusable; errors.Is(err, certbundle.ErrExists) {
			f.next = "move what is named away, and then: " + s.completeLine(&r)
		}
	}
	return f
}

// leftInFlight is the error for an application that nobody waited for.
func leftInFlight(cause, err error, r *identity.Record) error {
	f := &failure{codeUnknown, fmt.Errorf("%w while an application was in flight: its outcome is unknown, and a certificate for chain %s may have been issued (%s)",
		cause, r.Chain, r.Origin()), "run the same command again: within five minutes it may still bring the key"}
	var unknown *baas.OutcomeUnknownError
	if errors.As(err, &unknown) && unknown.Reason == baas.ReasonNotRepeatable {
		f.next = "run it again as it was run first, since this run had another password, subject, access key or endpoint: within five minutes it may still bring the key"
	}
	return f
}

// rescue writes a key that its folder does not take into another one. The last
// resort is to print it, since it is encrypted, and lost otherwise.
func (s *session) rescue(lost *identity.KeyError) error {
	next := "to make an identity of it: "
	if dir, err := lost.Bundle.WriteBeside(s.dir); err == nil {
		return &failure{codeUnknown, fmt.Errorf("the key is in %s, since %s did not take it: %w", dir, s.dir, lost.Err),
			next + s.line("complete", dir, "--chain", lost.Record.Chain)}
	}
	where := s.Keep(string(lost.Bundle.PrivateKey) + "\n")
	if where == "" {
		return &failure{codeUnknown, fmt.Errorf("the key is lost: no folder takes it, and nothing that is printed: %w", lost.Err),
			"have the certificate reset (" + lost.Record.Origin() + "); then: " + console.Line("clear", s.dir)}
	}
	return &failure{codeUnknown, fmt.Errorf("the encrypted key was printed to %s, since no folder takes it: %w", where, lost.Err),
		"keep it as client.key in a folder of its own; " + next + s.line("complete", "FOLDER", "--chain", lost.Record.Chain)}
}

func complete(ctx context.Context, s *session, client *baas.Client) error {
	r, err := s.record(ctx, true)
	if err != nil {
		return err
	}
	req := &request{AntChainID: cmp.Or(r.Chain, s.String("chain")), ConsortiumID: r.Consortium}
	if req.AntChainID == "" {
		return usage("the folder does not say which chain it is for: --chain ID")
	}
	if req.Password, err = s.password(ctx, false); err != nil {
		return err
	}
	s.Doing("getting the files of chain %s", req.AntChainID)
	if err := s.ensure(ctx, client, req); err != nil {
		return err
	}
	if err := identity.AddTrustStore(ctx, client, identity.Dir(s.dir), req, download); err != nil {
		s.Say(console.Yellow, "warning:", plain(err))
	}
	return s.report(ctx, "complete; nothing was renewed", req.Password, 0)
}

func status(ctx context.Context, s *session) error {
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return &failure{code: codeUnusable, err: err}
	}
	next := ""
	if f := s.unfit(&r); f != nil {
		next, err = f.next, &failure{code: f.code}
	}
	nonce := cmp.Or(r.Stamp, &baas.Stamp{}).Nonce
	return cmp.Or(s.Show(s.dir+": "+r.State.String(), "state", r.State.String(), "chain", r.Chain, "consortium", r.Consortium, "subject", r.Subject,
		"holder", r.Holder, "since", r.Since, "nonce", nonce, "request ID", r.RequestID, "reason", r.Reason, "next", next), err)
}

// record returns the record of the folder if it holds an identity.
func (s *session) record(ctx context.Context, incomplete bool) (identity.Record, error) {
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return r, &failure{code: codeUnusable, err: err}
	}
	if f := s.unfit(&r); f != nil && !(incomplete && r.State == identity.Issued) {
		return r, f
	}
	return r, nil
}

func clearDoubt(ctx context.Context, s *session) error {
	store := identity.Dir(s.dir)
	r, err := identity.Inspect(ctx, store)
	if err != nil {
		return err
	}
	id := s.String("confirm")
	if doubtful := r.State == identity.Applying || r.State == identity.InDoubt; doubtful && !s.IsSet("confirm") {
		if !s.CanAsk() {
			return usage("nobody can be asked: confirm with the chain's ID: --confirm ID")
		}
		s.Say("", "", s.unfit(&r).Error())
		s.Say("", "", "Go on only if the console or the service's support says that nothing was issued, or once it was reset.")
		if id, err = s.Ask(ctx, "The ID of the chain, to clear the doubt: ", false); err != nil {
			return err
		}
	} else if !doubtful {
		id = r.Chain // nothing to be asked
	}
	if id != r.Chain {
		return usage("that is not the chain's ID: nothing was cleared")
	}
	if err := identity.Clear(ctx, store); err != nil {
		return err
	}
	return s.Show(s.dir+": nothing is in doubt", "next", "to enroll: "+s.enrollLine(&r))
}
