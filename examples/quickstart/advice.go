package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// A problem is an error with what its place in the program tells about it.
type problem struct {
	err    error
	state  string // what is so in spite of it
	advice string // what to do; empty if the kind of error tells
}

func (p *problem) Error() string { return p.err.Error() }
func (p *problem) Unwrap() error { return p.err }

const (
	nothingSent   = "Nothing was sent."
	nothingIssued = "Nothing was issued."

	nodeAdvice = "Check -node: host and port of a node of this chain, as the BaaS console shows them.\n" +
		"If the node has refused the certificate, it may not be in force yet:\n" +
		"DescribeAntChainCertificateApplications tells."
)

func keyStored(s *settings) string {
	return "The key is safe in " + filepath.Clean(s.out) + "; nothing is applied for again."
}

func identitySaved(s *settings) string {
	return "The identity is in " + filepath.Clean(s.out) + "."
}

// explain prints an error and what to do about it.
func explain(w io.Writer, s *settings, err error) {
	_, _ = fmt.Fprintln(w, "quickstart:", err)
	var unknown *baas.OutcomeUnknownError
	if !errors.As(err, &unknown) {
		if advice := adviceFor(err); advice != "" {
			_, _ = fmt.Fprintln(w, advice)
		}
		return
	}
	_, _ = fmt.Fprintln(w, "A certificate may have been issued; if so, its key is lost.\n"+
		"Do NOT run this again before you have looked in the BaaS console whether the\n"+
		"chain holds a new certificate; support finds the request by these:")
	printRow(w, "Nonce", unknown.SignatureNonce)
	printRow(w, "Request ID", requestID(unknown))
	if s.live {
		printRow(w, "Left behind", filepath.Join(s.out, pendingFile)+", so that another run stops")
	}
}

func requestID(e *baas.OutcomeUnknownError) string {
	if e.RequestID == "" {
		return "none, since no reply bore one"
	}
	return e.RequestID
}

// adviceFor says what is so in spite of an error, and what to do. Errors that
// bear no mark of their place come from the application.
func adviceFor(err error) string {
	p := &problem{state: nothingIssued}
	placed := errors.As(err, &p)
	advice := p.advice
	if advice == "" {
		advice = adviceForKind(err)
	}
	if advice == "" && !placed {
		return ""
	}
	return strings.TrimSpace(p.state + "\n" + advice)
}

// adviceForKind knows the errors that speak for themselves only to those who
// know the API. Of several faults in one error, the first in this list is the
// one to begin with.
func adviceForKind(err error) string {
	for _, a := range []struct {
		kind   error
		advice string
	}{
		{context.Canceled, "Interrupted: run again when you like."},
		{baas.ErrInvalidRequest, "Correct the flags or variables; -help lists them."},
		{baas.ErrCredentials, "Check ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET."},
		{baas.ErrUnauthenticated, "The access key is wrong, inactive or expired: check ID and secret."},
		{baas.ErrForbidden, "Grant the RAM user the policy that README.md shows, for the action that the message names."},
		{baas.ErrThrottled, "Too many requests: run again in a minute."},
		{baas.ErrUnavailable, "Check the network, -region and -endpoint, and run again."},
		{baas.ErrInvalidResponse, "The endpoint does not speak the API: check -region and -endpoint."},
		{certbundle.ErrPassword, envPassword + " must be what it was when this key was applied for."},
		{certbundle.ErrExpired, "Check this machine's clock; if it is right, apply again into a new folder, with -out."},
		{certbundle.ErrKeyMismatch, "The certificate is another application's: remove all files but client.key and\n" +
			"run again, or choose another folder with -out."},
		{certbundle.ErrUntrusted, "The files are of different chains: remove all but client.key and run again."},
		{certbundle.ErrMalformed, "Remove the file that is named, unless it is client.key, and run again."},
		{certbundle.ErrExists, "Choose another folder with -out."},
		{certbundle.ErrDownload, "Run again: with -live, the rest is downloaded by fresh links."},
	} {
		if errors.Is(err, a.kind) {
			return a.advice
		}
	}
	if refusal := (*baas.APIError)(nil); errors.As(err, &refusal) {
		return "The service refused: correct what the message names."
	}
	return ""
}
