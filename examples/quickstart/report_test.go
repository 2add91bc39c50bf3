package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		err  error
		says string
	}{
		{fmt.Errorf("x: %w", context.Canceled), "run again when you like"},
		{&baas.ValidationError{}, "Correct the flags"},
		{&baas.CredentialsError{}, "ALIBABA_CLOUD_ACCESS_KEY_ID"},
		{&baas.APIError{Code: "Throttling.User"}, "in a minute"},
		{fmt.Errorf("x: %w", baas.ErrUnavailable), "Check the network"},
	} {
		require.Contains(t, adviceFor(c.err), nothingIssued)
		require.Contains(t, adviceFor(c.err), c.says)
	}
	require.Empty(t, adviceFor(errors.New("speaks for itself")))
}

func TestEveryErrorOfABundleHasAdvice(t *testing.T) {
	for _, kind := range []error{
		certbundle.ErrPassword, certbundle.ErrKeyMismatch, certbundle.ErrUntrusted, certbundle.ErrExpired,
		certbundle.ErrExists, certbundle.ErrMalformed, certbundle.ErrDownload,
	} {
		advice := adviceFor(&problem{err: fmt.Errorf("x: %w", kind), state: "So it is."})
		require.Contains(t, advice, "So it is.\n")
		require.NotContains(t, advice, nothingIssued)
	}
}

func TestInProcessUnknownOutcomeHasNoFileLeftBehind(t *testing.T) {
	var stderr bytes.Buffer
	explain(&stderr, new(settings), &baas.OutcomeUnknownError{SignatureNonce: "n-1", RequestID: "r-1"})
	require.Contains(t, stderr.String(), "Nonce        n-1\nRequest ID   r-1\n")
	require.NotContains(t, stderr.String(), "Left behind")
}

func TestNodeWithoutMutualTLSIsSaidToBeOne(t *testing.T) {
	var out bytes.Buffer
	printAnswer(&out, &answer{addr: "192.0.2.1:18130", node: "CN=node", version: "TLS 1.2"})
	require.Equal(t, "Node         192.0.2.1:18130, CN=node, TLS 1.2, not mutual: it asked for no certificate\n"+
		"Answer       none, and no objection to the certificate\n", out.String())
}
