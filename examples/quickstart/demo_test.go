package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestFirstRunGoesTheWholeWay(t *testing.T) {
	demoFolder(t)
	status, stdout, stderr := quickstart(t.Context(), "-cn", "wallet.example.com", "-country", "DE")
	require.Equal(t, exitOK, status, stderr)
	require.Empty(t, stderr)
	require.Regexp(t, `(?m)^Subject      CN=wallet\.example\.com,.*C=DE$`, stdout)
	require.Regexp(t, `(?m)^Issuer       CN=baastest chain CA,`, stdout)
	require.Regexp(t, `(?m)^Valid        \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$`, stdout)
	require.Regexp(t, `(?m)^Private key  RSA 2048, encryption PKCS12 `, stdout)
	require.Regexp(t, `(?m)^Node         127\.0\.0\.1:\d+, CN=baastest node, mutual TLS 1\.3$`, stdout)
	require.Regexp(t, `(?m)^Answer       "hello wallet\.example\.com"$`, stdout)
	requireNoSecrets(t, stdout)
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa", demoNote)
}

func TestSecondRunReportsTheSameAndAppliesForNothing(t *testing.T) {
	demoFolder(t)
	status, _, stderr := quickstart(t.Context())
	require.Equal(t, exitOK, status, stderr)
	key, err := os.ReadFile(keyPath)
	require.NoError(t, err)

	status, stdout, stderr := quickstart(t.Context(), "-cn", "another")
	require.Equal(t, exitOK, status, stderr)
	require.Contains(t, stdout, "nothing was applied for")
	require.NotContains(t, stdout, "Endpoint")
	require.Regexp(t, `(?m)^Subject      CN=quickstart,`, stdout)
	require.Regexp(t, `(?m)^Verified `, stdout)
	require.Regexp(t, `(?m)^Node         gone`, stdout)
	after, err := os.ReadFile(keyPath)
	require.NoError(t, err)
	require.Equal(t, key, after)
}

func TestSecondRunWithAnotherPassword(t *testing.T) {
	demoFolder(t)
	t.Setenv(envPassword, password)
	status, _, stderr := quickstart(t.Context())
	require.Equal(t, exitOK, status, stderr)

	t.Setenv(envPassword, "")
	status, stdout, stderr := quickstart(t.Context())
	require.Equal(t, exitError, status)
	require.Contains(t, stdout, "CN=quickstart", "what can be told without the key")
	require.NotContains(t, stdout, "Verified")
	require.Contains(t, stderr, certbundle.ErrPassword.Error())
	require.Contains(t, stderr, envPassword+" must be what it was")
	requireNoSecrets(t, stderr)
}

func TestIncompleteFolderWithoutLive(t *testing.T) {
	demoFolder(t)
	status, _, _ := quickstart(t.Context())
	require.Equal(t, exitOK, status)
	require.NoError(t, os.Remove(filepath.Join(folder, "ca.crt")))

	status, _, stderr := quickstart(t.Context())
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "ca.crt")
	require.Contains(t, stderr, "Remove the folder")
}

func TestDemoLeavesALiveFolderInDoubtAlone(t *testing.T) {
	demoFolder(t)
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, os.WriteFile(markPath, nil, 0o600))
	status, stdout, stderr := quickstart(t.Context())
	require.Equal(t, exitError, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, errPending.Error())
	requirePrivateFolder(t, pendingFile)
}

func TestLiveLeavesADemoFolderAlone(t *testing.T) {
	srv := liveServer(t)
	status, _, stderr := quickstart(t.Context())
	require.Equal(t, exitOK, status, stderr)

	status, stdout, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "-out")
	require.Empty(t, srv.Requests())
}
