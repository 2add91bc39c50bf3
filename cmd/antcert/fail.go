package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/console"
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

// kinds says which exit code errors have, and what to do next. The first row
// that fits decides.
var kinds = []struct {
	is   error
	code int
	next string
}{
	{identity.ErrInDoubt, codeUnknown, ""},
	{baas.ErrOutcomeUnknown, codeUnknown, ""},
	{identity.ErrInProgress, codeUnknown, "run the same command again: it waits for the other holder, or takes over"},
	{console.ErrNoAnswer, codeUsage, ""},
	{console.ErrInterrupted, codeInterrupted, ""},
	{context.Canceled, codeInterrupted, ""},
	{context.DeadlineExceeded, codeFailed, "allow more time with --timeout, and run the same command again"},
	{baas.ErrInvalidRequest, codeUsage, ""},
	{baas.ErrCredentials, codeFailed, "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a --profile of the aliyun command line"},
	{baas.ErrUnauthenticated, codeFailed, "check the access key, and the clock of this machine"},
	{baas.ErrForbidden, codeFailed, "grant the permission to the account: README, \"Before you start\", has the policy"},
	{baas.ErrThrottled, codeFailed, "wait a minute, and run the same command again"},
	{baas.ErrUnavailable, codeFailed, "check the network, --region and --endpoint"},
	{certbundle.ErrPassword, codeUnusable, "give the password that was given when it was enrolled"},
	{certbundle.ErrKeyMismatch, codeUnusable, "if the certificate was applied for a moment ago, try again later; else enroll into another folder"},
	{certbundle.ErrExpired, codeUnusable, "if the clock of this machine is right, enroll into another folder"},
	{certbundle.ErrExists, codeFailed, "use another folder"},
	{certbundle.ErrDownload, codeUnusable, "antcert complete tries again"},
	{certbundle.ErrUntrusted, codeUnusable, "move the file that is named away, and get it again: antcert complete"},
	{certbundle.ErrMalformed, codeUnusable, "move the file that is named away, and get it again: antcert complete"},
	{fs.ErrNotExist, codeUnusable, "antcert complete gets the files that are missing"},
}

func classify(err error) *failure {
	f := &failure{code: codeFailed, err: err}
	if errors.As(err, &f) {
		return f
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			return &failure{k.code, err, k.next}
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
	f := classify(err)
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
)

// plain is the text of an error: one line, in the words of this command.
func plain(err error) string {
	text := err.Error()
	for _, prefix := range []string{"baas: ", "certbundle: ", "identity: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return commandWords.Replace(strings.ReplaceAll(text, "\n", "; "))
}

// unfit says what keeps a record from being a complete identity, and what to do.
func unfit(dir string, r *identity.Record) *failure {
	who := fmt.Sprintf("by %s, since %s (%s)", r.Holder, stamp(r.Since), r.Origin())
	switch {
	case r.State == identity.Empty:
		return &failure{codeUnusable, fmt.Errorf("there is no identity in %s", dir), "antcert enroll " + dir + " gets one"}
	case r.State == identity.Applying:
		return &failure{codeUnknown, fmt.Errorf("an enrollment for chain %s is under way, or was broken off: %s", r.Chain, who),
			"antcert enroll " + dir + " waits for it, or takes over what was broken off"}
	case r.State == identity.InDoubt:
		return &failure{codeUnknown, fmt.Errorf("in doubt: a certificate for chain %s may have been issued, and nobody has its key: %s", r.Chain, who),
			"look in the console, or ask the service's support; if nothing was issued, or once it is reset: antcert clear " + dir}
	case len(r.Bundle.ClientCert) == 0 || len(r.Bundle.CACert) == 0:
		return &failure{codeUnusable, fmt.Errorf("the key is in %s, and files are missing", dir), "antcert complete " + dir + " gets them"}
	}
	return nil
}
