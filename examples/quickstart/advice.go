package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/antchain-go/baas"
)

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
	requestID := unknown.RequestID
	if requestID == "" {
		requestID = "none, since no reply bore one"
	}
	printRow(w, "Request ID", requestID)
	if s.live {
		printRow(w, "Left behind", keyPath(s.out)+", empty, so that another run stops")
	}
}

// adviceFor says what to do about an error after which nothing was issued.
// Errors that speak for themselves get no advice.
func adviceFor(err error) string {
	for _, a := range []struct {
		kind   error
		advice string
	}{
		{context.Canceled, "Interrupted. Nothing was issued: run again when you like."},
		{baas.ErrInvalidRequest, "Nothing was sent. Correct the flags or variables; -help lists them."},
		{baas.ErrCredentials, "Nothing was issued. Check ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET."},
		{baas.ErrUnauthenticated, "Nothing was issued. The access key is wrong, inactive or expired: check ID and secret."},
		{baas.ErrForbidden, "Nothing was issued. Grant the RAM user the policy that README.md shows."},
		{baas.ErrThrottled, "Nothing was issued. Too many requests: run again in a minute."},
		{baas.ErrUnavailable, "Nothing was issued. Check the network, -region and -endpoint, and run again."},
	} {
		if errors.Is(err, a.kind) {
			return a.advice
		}
	}
	if refusal := (*baas.APIError)(nil); errors.As(err, &refusal) {
		return "Nothing was issued. The service refused: correct what the message names."
	}
	return ""
}
