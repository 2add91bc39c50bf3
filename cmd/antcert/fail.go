package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/console"
	"github.com/antchain-go/baas/internal/flags"
	"github.com/antchain-go/baas/internal/subject"
)

// The exit codes: description has their meaning.
const (
	codeFailed      = 1
	codeUsage       = 2
	codeUnknown     = 3
	codeUnusable    = 4
	codeExpiring    = 5
	codeInterrupted = 130
)

// A failure is an error that has its own exit code, or says what to do next.
type failure struct {
	code int
	err  error  // nil if all has been said
	next string // what to do
}

func (f *failure) Error() string { return fmt.Sprint(f.err) }
func (f *failure) Unwrap() error { return f.err }

func usage(format string, args ...any) error {
	return &failure{code: codeUsage, err: fmt.Errorf(format, args...)}
}

// kinds says which exit code errors have, and what to do next, where COMPLETE is
// a command, and ACTION the one that was refused. The first row that fits decides.
var kinds = []struct {
	is   error
	code int
	next string
}{
	{identity.ErrInDoubt, codeUnknown, ""},
	{identity.ErrInProgress, codeUnknown, "run the same command again: it waits for the other holder, or takes over"},
	{baas.ErrOutcomeUnknown, codeUnknown, ""},
	{console.ErrNoAnswer, codeUsage, ""},
	{console.ErrInterrupted, codeInterrupted, ""},
	{context.Canceled, codeInterrupted, ""},
	{context.DeadlineExceeded, codeFailed, "allow more time with --timeout, and run the same command again"},
	{baas.ErrInvalidRequest, codeUsage, ""},
	{baas.ErrCredentials, codeFailed, "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a --profile of the aliyun command line"},
	{baas.ErrUnauthenticated, codeFailed, "check the access key, and the clock of this machine"},
	{baas.ErrForbidden, codeFailed, "grant the account the permission baas:ACTION, in a policy as README, \"Before you start\", has one"},
	{baas.ErrThrottled, codeFailed, "wait a minute, and run the same command again"},
	{baas.ErrUnavailable, codeFailed, "check the network, --region and --endpoint"},
	{certbundle.ErrPassword, codeUnusable, "give the password that was given when it was enrolled"},
	{certbundle.ErrKeyMismatch, codeUnusable, "if the certificate was applied for a moment ago, try again later; else enroll into another folder"},
	{certbundle.ErrExpired, codeUnusable, "if the clock of this machine is right, enroll into another folder"},
	{certbundle.ErrExists, codeFailed, "use another folder"},
	{certbundle.ErrDownload, codeUnusable, "to try again: COMPLETE"},
	{certbundle.ErrUntrusted, codeUnusable, moveAway},
	{certbundle.ErrMalformed, codeUnusable, moveAway},
	{fs.ErrNotExist, codeUnusable, "to get the files that are missing: COMPLETE"},
}

const moveAway = "move the file that is named away, and get it again: COMPLETE"

// classify makes a failure of an error of a command.
func (s *session) classify(err error) *failure {
	f := &failure{code: codeFailed, err: err}
	if errors.As(err, &f) {
		return f
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			refusal := &baas.APIError{Action: "…"}
			errors.As(err, &refusal)
			r, _ := identity.Inspect(context.Background(), identity.Dir(s.dir))
			f.code, f.next = k.code, strings.NewReplacer("COMPLETE", s.completeLine(&r), "ACTION", refusal.Action).Replace(k.next)
			if profile := s.String("profile"); k.is == baas.ErrCredentials && profile != "" {
				f.err, f.next = fmt.Errorf("profile %q of the aliyun command line is not usable", profile), "look at it with aliyun configure list, or name another --profile"
			}
			break
		}
	}
	return f
}

// fail prints an error in one line or two, and returns the exit code.
func fail(c *console.Console, err error) int {
	c.Done()
	if err == nil {
		return 0
	}
	f := &failure{code: codeFailed, err: err}
	errors.As(err, &f)
	if f.err != nil {
		c.Say(console.Red, "antcert:", plain(f.err))
	}
	if f.err != nil && f.next != "" {
		c.Say("", "next:", f.next)
	}
	return f.code
}

// commandWords turns what the packages advise programmers into what helps here.
var commandWords = strings.NewReplacer(
	"PinNodes", "--pin", "TrustChainOnly with AllowSHA1 does", "--allow-sha1 does", "AllowSHA1", "--allow-sha1",
	"AllowRSAKeyExchange", "--allow-rsa-key-exchange", "(identity.Clear)", "(antcert clear)", "call Ensure again", "enroll again",
	"calling Ensure again gets them", "antcert complete gets them", "see Verify", "see antcert verify", "characters: see Pin", "characters: see antcert nodes --show-pins",
	"WithRegion", "--region", " unless WithInsecureHTTP is given", "", "WithEndpoint", "--endpoint", "use another store for this chain", "use another folder",
	": set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or use WithAccessKey or WithCredential", "",
	"context canceled", "interrupted", "context deadline exceeded", "timed out",
)

// plain is the text of an error: one line, in the words of this command.
func plain(err error) string {
	text := err.Error()
	for _, prefix := range []string{"baas: ", "certbundle: ", "identity: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return commandWords.Replace(strings.ReplaceAll(text, "\n", "; "))
}

// line is a command for a folder, with the flags that say how the service is
// called.
func (s *session) line(verb, dir string, words ...string) string {
	return console.Line(slices.Concat([]string{verb, dir}, words, flags.Given(s.Command, "region", "endpoint", "profile", "signature"))...)
}

// enrollLine is the command that enrolls as the record says, if it says enough.
func (s *session) enrollLine(r *identity.Record) string {
	name := subject.Again(r.Subject)
	if r.Chain == "" || r.Consortium == "" || name == "" {
		return console.Line("enroll", "--help")
	}
	return s.line("enroll", s.dir, "--chain", r.Chain, "--consortium", r.Consortium, "--subject", name)
}

// unfit says what keeps a record from being a complete identity, and what to do.
// A command stands at the end, to be pasted.
func (s *session) unfit(r *identity.Record) *failure {
	who := fmt.Sprintf("by %s, since %s (%s)", r.Holder, stamp(r.Since), r.Origin())
	switch {
	case r.State == identity.Empty:
		return &failure{codeUnusable, fmt.Errorf("there is no identity in %s", s.dir), "to get one: " + s.enrollLine(r)}
	case r.State == identity.Applying:
		return &failure{codeUnknown, fmt.Errorf("an enrollment for chain %s is under way, or was broken off: %s", r.Chain, who),
			"to wait for it, or to take over what was broken off, with the same password and global flags: " + s.enrollLine(r)}
	case r.State == identity.InDoubt:
		return &failure{codeUnknown, fmt.Errorf("in doubt: a certificate for chain %s may have been issued, and nobody has its key: %s", r.Chain, who),
			"look in the console, or ask the service's support; if nothing was issued, or once it is reset: " + console.Line("clear", s.dir)}
	case len(r.Bundle.ClientCert) == 0 || len(r.Bundle.CACert) == 0:
		return &failure{codeUnusable, fmt.Errorf("the key is in %s, and files are missing", s.dir), "to get them: " + s.completeLine(r)}
	}
	return nil
}

// completeLine is the command that completes the folder. A key without a record
// does not say of which chain it is.
func (s *session) completeLine(r *identity.Record) string {
	if r.Chain != "" {
		return s.line("complete", s.dir)
	}
	return s.line("complete", s.dir, "--chain", cmp.Or(s.String("chain"), "ID"))
}
