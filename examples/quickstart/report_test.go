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
	"github.com/antchain-go/baas/identity"
)

func TestAdvice(t *testing.T) {
	s := new(settings)
	for _, c := range []struct {
		err  error
		says string
	}{
		{fmt.Errorf("x: %w", context.Canceled), "run again when you like"},
		{errors.Join(identity.ErrInDoubt, context.Canceled), "Do NOT apply"},
		{errors.Join(context.DeadlineExceeded, identity.ErrInProgress), "applies for nothing twice"},
		{&baas.ValidationError{}, "Correct the flags"},
		{&baas.CredentialsError{}, "ALIBABA_CLOUD_ACCESS_KEY_ID"},
		{&baas.APIError{Code: "Throttling.User"}, "in a minute"},
		{fmt.Errorf("x: %w", baas.ErrUnavailable), "Check the network"},
		{fmt.Errorf("x: %w", certbundle.ErrPassword), envPassword},
		{fmt.Errorf("x: %w", certbundle.ErrExpired), "clock"},
		{fmt.Errorf("x: %w", certbundle.ErrExists), "another with -out"},
		{fmt.Errorf("x: %w", certbundle.ErrDownload), "Run again"},
	} {
		require.Contains(t, adviceFor(s, c.err), c.says)
	}
	require.Empty(t, adviceFor(s, errors.New("speaks for itself")))
}

func TestNodeWithoutMutualTLSIsSaidToBeOne(t *testing.T) {
	var out bytes.Buffer
	printAnswer(&out, &answer{addr: "192.0.2.1:18130", node: "CN=node", version: "TLS 1.2"})
	require.Equal(t, "Node         192.0.2.1:18130, CN=node, TLS 1.2, not mutual: it asked for no certificate\n"+
		"Answer       none, and no objection to the certificate\n", out.String())
}

func TestReportOfABundleWithoutTrustStore(t *testing.T) {
	demoFolder(t)
	status, _, stderr := quickstart(t.Context())
	require.Equal(t, exitOK, status, stderr)
	bundle, err := certbundle.Load(folder)
	require.NoError(t, err)
	bundle.TrustStore = nil

	var out bytes.Buffer
	s := &settings{out: folder}
	s.request.Password = demoPassword
	require.NoError(t, report(&out, s, bundle, identity.Empty))
	require.Contains(t, out.String(), "Files        client.key, client.crt, ca.crt\n")
	require.Regexp(t, `(?m)^Warning      .*trustCa`, out.String())
	require.Regexp(t, `(?m)^Verified     .*validity$`, out.String())
}

// The folder may have been cleared meanwhile.
func TestEmptyFolderDoesNotDenyWhatTheErrorSays(t *testing.T) {
	s := &settings{out: t.TempDir()}
	require.Equal(t, nothingIssued, standing(s, errors.New("x")))
	require.Empty(t, standing(s, &identity.DoubtError{}))
	require.Empty(t, standing(s, &rescuedKey{err: &identity.KeyError{Err: errDisk}}))
}
