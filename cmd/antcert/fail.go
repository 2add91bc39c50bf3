package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// The exit codes: description has their meaning.
const (
	codeDone        = 0
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

// unusable is an error about the files of an identity.
func unusable(dir string, err error) error {
	next := "antcert verify " + dir + " says what is wrong with it"
	switch {
	case errors.Is(err, certbundle.ErrPassword):
		next = "give the password that was given when it was enrolled"
	case errors.Is(err, certbundle.ErrKeyMismatch):
		next = "if the certificate was applied for a moment ago, try again later; else enroll into another folder"
	case errors.Is(err, certbundle.ErrExpired):
		next = "if the clock of this machine is right, enroll into another folder"
	case isMissing(err):
		next = "antcert complete " + dir + " gets the files that are missing"
	case errors.Is(err, certbundle.ErrUntrusted), errors.Is(err, certbundle.ErrMalformed), errors.Is(err, certbundle.ErrUnsupported):
		next = "move the file that is named away, then: antcert complete " + dir
	}
	return &failure{codeUnusable, err, next}
}

// judge finds the exit code of an error, and what to do next. The first row
// that fits decides.
func judge(err error) (code int, next string) {
	var f *failure
	if errors.As(err, &f) {
		return f.code, f.next
	}
	for _, row := range []struct {
		is   error
		code int
		next string
	}{
		{identity.ErrInDoubt, codeUnknown, ""},
		{baas.ErrOutcomeUnknown, codeUnknown, ""},
		{identity.ErrInProgress, codeUnknown, "run the same command again: it waits for the other holder, or takes over"},
		{errInterrupted, codeInterrupted, ""},
		{context.Canceled, codeInterrupted, ""},
		{context.DeadlineExceeded, codeFailed, "allow more time with --timeout, and run the same command again"},
		{baas.ErrInvalidRequest, codeUsage, ""},
		{baas.ErrCredentials, codeFailed, "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a --profile of the aliyun command line"},
		{baas.ErrUnauthenticated, codeFailed, "check the access key, and the clock of this machine"},
		{baas.ErrForbidden, codeFailed, "the account needs permission for this action: see docs/policy.md"},
		{baas.ErrThrottled, codeFailed, "wait a minute, and run the same command again"},
		{baas.ErrUnavailable, codeFailed, "check the network, --region and --endpoint"},
		{certbundle.ErrExists, codeFailed, "use another folder"},
	} {
		if errors.Is(err, row.is) {
			return row.code, row.next
		}
	}
	return codeFailed, ""
}

// fail prints an error in one line or two, and returns the exit code.
func (c *console) fail(err error) int {
	if err == nil {
		return codeDone
	}
	code, next := judge(err)
	var f *failure
	if errors.As(err, &f) && f.err == nil {
		return code
	}
	fmt.Fprintln(c.err, c.paint(red, "antcert:"), plain(err))
	if next != "" {
		fmt.Fprintln(c.err, "next:", clean(next))
	}
	return code
}

// commandWords turns what the packages advise programmers into what helps here.
var commandWords = strings.NewReplacer(
	"TrustChainOnly with AllowSHA1 does", "--allow-sha1 does",
	"PinNodes", "--pin", "AllowSHA1", "--allow-sha1", "AllowRSAKeyExchange", "--allow-rsa-key-exchange",
	"(identity.Clear)", "(antcert clear)", "call Ensure again", "run antcert enroll again",
	"calling Ensure again gets them", "antcert complete gets them", "see Verify", "see antcert verify",
)

// plain is the text of an error: one line, in the words of this command.
func plain(err error) string {
	text := err.Error()
	for _, prefix := range []string{"baas: ", "certbundle: ", "identity: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return clean(commandWords.Replace(strings.ReplaceAll(text, "\n", "; ")))
}

// doubt is the error for a record of an enrollment that nobody has ended.
func doubt(dir string, r *identity.Record) error {
	if r.State == identity.Applying {
		return &failure{codeUnknown, fmt.Errorf("an enrollment for chain %s is under way, or was broken off: by %s, since %s (%s)",
			r.Chain, r.Holder, stamp(r.Since), origin(r)),
			"antcert enroll " + dir + " waits for it, or takes over what was broken off"}
	}
	return &failure{codeUnknown, fmt.Errorf("in doubt: a certificate for chain %s may have been issued, and nobody has its key (%s, %s)",
		r.Chain, stamp(r.Since), origin(r)),
		"look in the console, or ask the service's support; if nothing was issued, or once it is reset: antcert clear " + dir}
}

// origin is what the service's support asks for.
func origin(r *identity.Record) string {
	s := "nonce unknown"
	if r.Stamp != nil {
		s = "nonce " + r.Stamp.Nonce
	}
	if r.RequestID != "" {
		s += ", request ID " + r.RequestID
	}
	return s
}
