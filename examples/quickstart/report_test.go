package main

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

func TestWithoutQuery(t *testing.T) {
	for name, c := range map[string]struct{ link, want string }{
		"pre-signed": {"http://b.oss.example/x/ca.crt?Expires=1&Signature=s", "http://b.oss.example/x/ca.crt"},
		"user info":  {"https://u:p@h.example/ca.crt#f", "https://h.example/ca.crt"},
		"none":       {"", "missing; DescribeAntChainDownloadPaths gives it"},
		"not a link": {"Signature=s", "not a link (not shown)"},
		"malformed":  {"http://h.example/%zz?Signature=s", "not a link (not shown)"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, withoutQuery(c.link)) })
	}
}

func TestDescribeKey(t *testing.T) {
	require.Equal(t, "not PEM, 6 bytes (not shown)", describeKey("secret"))
	require.Equal(t, "PRIVATE KEY, 59 bytes (not shown)",
		describeKey("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
}

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
		require.Contains(t, adviceFor(c.err), c.says)
	}
	require.Empty(t, adviceFor(fmt.Errorf("speaks for itself")))
}

func TestInProcessUnknownOutcomeHasNoFileLeftBehind(t *testing.T) {
	var stderr bytes.Buffer
	explain(&stderr, new(settings), &baas.OutcomeUnknownError{SignatureNonce: "n-1", RequestID: "r-1"})
	require.Contains(t, stderr.String(), "Nonce        n-1\nRequest ID   r-1\n")
	require.NotContains(t, stderr.String(), "Left behind")
}
