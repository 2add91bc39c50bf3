package main

import (
	"context"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

func enroll(ctx context.Context, s *session) error {
	req := &request{AntChainID: s.String("chain"), ConsortiumID: s.String("consortium")}
	if err := setSubject(req, s.String("subject")); err != nil {
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
		return unfit(s.dir, &r)
	}
	if req.Password, err = s.password(ctx, r.State == identity.Empty); err != nil {
		return err
	}
	s.doing("enrolling for chain %s", req.AntChainID)
	if s.Bool("csr") && r.State == identity.Empty {
		if err := s.applyWithCSR(ctx, client, req); err != nil {
			return err
		}
	}
	if err := s.ensure(ctx, client, req); err != nil {
		return err
	}
	outcome := "enrolled"
	if r.State == identity.Complete {
		outcome = "was enrolled before"
	}
	return s.report(ctx, outcome, req.Password, 0)
}

// ensure calls identity.Ensure, and keeps what it could lose.
func (s *session) ensure(ctx context.Context, client *baas.Client, req *request) error {
	store := &patientStore{Store: identity.Dir(s.dir), ctx: ctx}
	_, err := identity.Ensure(ctx, client, store, req, identity.WithLogger(s.logger()))
	var lost *identity.KeyError
	var doubt *identity.DoubtError
	switch {
	case err == nil:
		// It is complete. To copy it out, the store must be a Dir itself.
		_, err = identity.Ensure(ctx, client, identity.Dir(s.dir), req)
	case errors.As(err, &lost):
		err = s.rescue(lost)
	case store.kept != nil:
		err = &failure{codeUnknown, fmt.Errorf("%w while an application was in flight: its outcome is unknown, "+
			"and a certificate for chain %s may have been issued (%s)", context.Cause(ctx), req.AntChainID, origin(store.kept)),
			"run the same command again: within five minutes it may still bring the key; then see antcert status " + s.dir}
	case errors.As(err, &doubt):
		err = unfit(s.dir, &doubt.Record)
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
	next := "antcert complete %s --chain " + lost.Record.Chain + " makes an identity of it"
	for _, parent := range []string{filepath.Dir(s.dir), os.TempDir()} {
		dir, err := os.MkdirTemp(parent, filepath.Base(s.dir)+".key-")
		if err == nil {
			err = lost.Bundle.WriteDir(dir)
		}
		if err == nil {
			return &failure{codeUnknown, fmt.Errorf("the key is in %s, since %s did not take it: %w", dir, s.dir, lost.Err), fmt.Sprintf(next, dir)}
		}
	}
	// The last resort: the key is encrypted, and lost otherwise.
	fmt.Fprintf(s.out, "%s\n", lost.Bundle.PrivateKey)
	return &failure{codeUnknown, fmt.Errorf("the encrypted key was printed, since no folder takes it: %w", lost.Err),
		"keep it as client.key in a folder of its own; " + fmt.Sprintf(next, "FOLDER")}
}

// applyWithCSR makes a key, stores it, and applies for its certificate. A
// folder with a key alone is an identity that Ensure completes.
func (s *session) applyWithCSR(ctx context.Context, client *baas.Client, req *request) error {
	if err := certbundle.Prepare(s.dir); err != nil {
		return err
	}
	key, csr, err := certbundle.NewCSR(pkix.Name{
		CommonName: req.CommonName, OrganizationalUnit: []string{req.OrganizationUnitName}, Organization: []string{req.OrganizationName},
		Locality: []string{req.LocalityName}, Province: []string{req.StateOrProvinceName}, Country: []string{req.CountryName},
	}, req.Password)
	if err == nil {
		err = (&certbundle.Bundle{PrivateKey: key}).WriteDir(s.dir)
	}
	if err != nil {
		return err
	}
	_, err = client.ApplyAntChainCertificate(ctx, &baas.ApplyAntChainCertificateRequest{
		AntChainID: req.AntChainID, UploadReq: base64.StdEncoding.EncodeToString(csr),
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, baas.ErrOutcomeUnknown):
		return &failure{codeUnknown, err, "the key is in " + s.dir + ": if a certificate was issued for it, antcert complete " +
			s.dir + " --chain " + req.AntChainID + " gets it; if there is none after a while, use another folder"}
	}
	// Nothing was applied for, so the key is good for nothing.
	return errors.Join(err, os.Remove(filepath.Join(s.dir, certbundle.ClientKeyFile)))
}

func complete(ctx context.Context, s *session) error {
	r, err := s.record(ctx, true)
	if err != nil {
		return err
	}
	req := &request{AntChainID: r.Chain, ConsortiumID: r.Consortium}
	if req.AntChainID == "" {
		req.AntChainID = s.String("chain")
	}
	if req.AntChainID == "" {
		return usage("the folder does not say which chain it is for: --chain ID")
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
	if b, _ := certbundle.Load(s.dir); len(b.TrustStore) == 0 { // what Ensure does without
		reply, err := links(ctx, client, req)
		if err == nil {
			_, err = certbundle.Save(ctx, s.dir, baas.CertificateResult{DownloadPath: reply.Result})
		}
		if err != nil {
			s.say(yellow, "warning:", plain(err))
		}
	}
	return s.report(ctx, "complete; nothing was renewed", req.Password, 0)
}

func status(ctx context.Context, s *session) error {
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return &failure{code: codeUnusable, err: err}
	}
	f, next, nonce := unfit(s.dir, &r), "", ""
	if f != nil {
		next, err = f.next, &failure{code: f.code}
	}
	if r.Stamp != nil {
		nonce = r.Stamp.Nonce
	}
	return errors.Join(s.show(s.dir+": "+r.State.String(), detail{"state", r.State.String()}, detail{"chain", r.Chain},
		detail{"consortium", r.Consortium}, detail{"subject", r.Subject}, detail{"holder", r.Holder}, detail{"since", stamp(r.Since)},
		detail{"nonce", nonce}, detail{"request ID", r.RequestID}, detail{"reason", r.Reason}, detail{"next", next}), err)
}

// stamp is how times are shown.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// record returns the record of the folder if it holds an identity.
func (s *session) record(ctx context.Context, incomplete bool) (identity.Record, error) {
	r, err := identity.Inspect(ctx, identity.Dir(s.dir))
	if err != nil {
		return r, &failure{code: codeUnusable, err: err}
	}
	if f := unfit(s.dir, &r); f != nil && !(incomplete && r.State == identity.Issued) {
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
		if !s.interactive() {
			return usage("nobody can be asked: confirm with the chain's ID: --confirm ID")
		}
		s.say("", "", unfit(s.dir, &r).Error())
		s.say("", "", "Go on only if the console or the service's support says that nothing was issued, or once it was reset.")
		if id, err = s.ask(ctx, "The ID of the chain, to clear the doubt: ", false); err != nil {
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
	return s.show(s.dir+": nothing is in doubt", detail{"next", "antcert enroll " + s.dir})
}
