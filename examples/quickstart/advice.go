package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

const nothingIssued = "Nothing was issued."

func keyStored(s *settings) string {
	return "The key is safe in " + s.out + "; nothing is applied for again."
}

// explain prints an error, what is so in spite of it, and what to do.
func explain(w io.Writer, s *settings, err error) {
	_, _ = fmt.Fprintln(w, "quickstart:", err)
	for _, text := range []string{standing(s, err), adviceFor(s, err)} {
		if text != "" {
			_, _ = fmt.Fprintln(w, text)
		}
	}
}

// standing says what the folder knows of a certificate.
func standing(s *settings, err error) string {
	if errors.Is(err, identity.ErrInDoubt) || errors.Is(err, certbundle.ErrKeyNotStored) {
		return "" // the error says it
	}
	r, err := identity.Inspect(context.Background(), identity.Dir(s.out))
	switch {
	case err != nil:
		return ""
	case r.Chain != "" && r.Chain != s.request.AntChainID, r.Consortium != "" && r.Consortium != s.request.ConsortiumID:
		return "Nothing was sent. Choose another folder with -out."
	case r.State == identity.Empty:
		return nothingIssued
	case r.State >= identity.Issued:
		return keyStored(s)
	}
	return ""
}

// adviceFor says what to do. Errors that it does not know speak for themselves.
func adviceFor(s *settings, err error) string {
	if lost := (*rescuedKey)(nil); errors.As(err, &lost) {
		if lost.dir == "" {
			return "The key is LOST, nothing could be written. Have the certificate reset, in the BaaS console\n" +
				"or by the action ResetAntChainCertificate, and apply into another folder, with -out."
		}
		return "The key is safe in " + lost.dir + ".\nRun again with that folder as -out: the rest is then downloaded."
	}
	if node := (*nodeError)(nil); errors.As(err, &node) {
		return "Check -node: host and port of a node of this chain, as the BaaS console shows them.\n" +
			"If the node has refused the certificate, it may not be in force yet:\n" +
			"DescribeAntChainCertificateApplications tells."
	}
	for _, a := range []struct {
		kind   error
		advice string
	}{
		{identity.ErrInDoubt, "Do NOT apply into another folder before that is known. Then clear the doubt:\n" +
			"go run ./cmd/antcert clear " + s.out},
		{identity.ErrInProgress, "Run again: it goes on from here, and applies for nothing twice."},
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
		{certbundle.ErrExists, "Move the file that is named out of the folder, unless it is a key, or choose another with -out."},
		{certbundle.ErrDownload, "Run again: the rest is downloaded by fresh links."},
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
