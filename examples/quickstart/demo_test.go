package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
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
	require.Regexp(t, `(?m)^Second start the same identity, requests: 0, certificates: 1$`, stdout)
	requireNoSecrets(t, stdout)
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa")
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

func TestFileThatIsMissingIsCopiedOutOfTheRecord(t *testing.T) {
	demoFolder(t)
	status, _, _ := quickstart(t.Context())
	require.Equal(t, exitOK, status)
	require.NoError(t, os.Remove(filepath.Join(folder, "ca.crt")))

	status, _, stderr := quickstart(t.Context())
	require.Equal(t, exitOK, status, stderr)
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa")
}

func TestDemoLeavesWhatIsNotItsOwnAlone(t *testing.T) {
	stamp := &baas.Stamp{Nonce: "n-1", Time: time.Now().UTC().Truncate(time.Second), Digest: "d"}
	key := certbundle.Bundle{PrivateKey: []byte("key")}
	whole := certbundle.Bundle{PrivateKey: []byte("key"), ClientCert: []byte("crt"), CACert: []byte("ca")}
	for name, r := range map[string]identity.Record{
		"in doubt on a real chain": {State: identity.InDoubt, Chain: "chain-7", Holder: "h", Stamp: stamp},
		"stored for a real chain":  {State: identity.Complete, Chain: "chain-7", Holder: "h", Stamp: stamp, Bundle: whole},
		"interrupted":              {State: identity.Applying, Chain: demoChain, Holder: "h", Stamp: stamp},
		"not completed":            {State: identity.Issued, Chain: demoChain, Holder: "h", Stamp: stamp, Bundle: key},
	} {
		t.Run(name, func(t *testing.T) {
			demoFolder(t)
			_, err := identity.Dir(folder).Swap(t.Context(), r, "")
			require.NoError(t, err)
			status, stdout, stderr := quickstart(t.Context())
			require.Equal(t, exitError, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "-out")
			requirePrivateFolder(t)
			require.Equal(t, r.State, state(t))
		})
	}
	t.Run("files without a record", func(t *testing.T) {
		demoFolder(t)
		status, _, stderr := quickstart(t.Context())
		require.Equal(t, exitOK, status, stderr)
		records, err := filepath.Glob(filepath.Join(folder, "identity.*"))
		require.NoError(t, err)
		for _, record := range records {
			require.NoError(t, os.Remove(record))
		}
		status, _, stderr = quickstart(t.Context())
		require.Equal(t, exitError, status)
		require.Contains(t, stderr, "-out")
	})
}

func TestLiveLeavesADemoFolderAlone(t *testing.T) {
	srv := liveServer(t)
	status, _, stderr := quickstart(t.Context())
	require.Equal(t, exitOK, status, stderr)

	status, _, stderr = live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "Nothing was sent. Choose another folder with -out.")
	require.Empty(t, srv.Requests())
}
