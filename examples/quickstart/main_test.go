package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

const password = "correct horse battery staple"

// quickstart runs the program and returns its exit status and what it said.
func quickstart(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

// liveServer starts an endpoint to stand for the real service, in an
// environment that is complete for -live and in a folder of its own.
func liveServer(t *testing.T) *baastest.Server {
	t.Helper()
	srv := baastest.NewServer()
	t.Cleanup(srv.Close)
	model, err := srv.Credential().GetCredential()
	require.NoError(t, err)
	for name, value := range map[string]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID":     *model.AccessKeyId,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": *model.AccessKeySecret,
		"ALIBABA_CLOUD_SECURITY_TOKEN":    "",
		"ANTCHAIN_ID":                     "chain-7",
		"CONSORTIUM_ID":                   "consortium-7",
		"ANTCHAIN_KEY_PASSWORD":           password,
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	return srv
}

func requireNoSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{password, "BEGIN", "Signature=", "OSSAccessKeyId", "?"} {
		require.NotContains(t, text, secret)
	}
}

func TestInProcessRunPrintsWhatCameBackAndWritesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	status, stdout, stderr := quickstart(t.Context(), "-cn", "wallet.example.com", "-country", "DE")
	require.Equal(t, exitOK, status)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "CN=wallet.example.com, C=DE,")
	require.Regexp(t, `(?m)^Private key  ENCRYPTED PRIVATE KEY, \d{4} bytes \(not shown\)$`, stdout)
	require.Regexp(t, `(?m)^client\.crt   http://127\.0\.0\.1:\d+/\S+/client\.crt$`, stdout)
	require.Regexp(t, `(?m)^Issued       1,`, stdout)
	requireNoSecrets(t, stdout)

	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestLiveRunStoresTheKey(t *testing.T) {
	srv := liveServer(t)
	status, stdout, stderr := quickstart(t.Context(), "-live", "-endpoint", srv.URL(), "-unit", "Ops")
	require.Equal(t, exitOK, status, stderr)
	require.Empty(t, stderr)
	requireNoSecrets(t, stdout)

	require.Equal(t, 1, srv.Issued())
	params := srv.Requests()[0].Params
	require.Equal(t, "chain-7", params.Get("AntChainId"))
	require.Equal(t, "consortium-7", params.Get("ConsortiumId"))
	require.Equal(t, "Ops", params.Get("OrganizationUnitName"))
	require.Equal(t, password, params.Get("Password"))

	path := filepath.Join("antchain-certs", "client.key")
	key, err := os.ReadFile(path)
	require.NoError(t, err)
	block, rest := pem.Decode(key)
	require.NotNil(t, block)
	require.Equal(t, "ENCRYPTED PRIVATE KEY", block.Type)
	require.Empty(t, strings.TrimSpace(string(rest)))
	require.Contains(t, stdout, fmt.Sprintf("%d bytes", len(key)))
	require.Contains(t, stdout, path)
	requireMode(t, 0o600, path)
	requireMode(t, 0o700, filepath.Dir(path))
}

func requireMode(t *testing.T, want os.FileMode, path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return // has no such bits
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, want, info.Mode().Perm(), path)
}

func TestLiveRunSendsNothingWithoutAPlaceForTheKey(t *testing.T) {
	places := map[string]func(t *testing.T){
		"a file stands where the folder should be": func(t *testing.T) {
			require.NoError(t, os.WriteFile("antchain-certs", nil, 0o600))
		},
		"a key is there already": func(t *testing.T) {
			require.NoError(t, os.Mkdir("antchain-certs", 0o700))
			require.NoError(t, os.WriteFile("antchain-certs/client.key", []byte("mine"), 0o600))
		},
	}
	if runtime.GOOS != "windows" { // where permission bits say nothing
		places["others may look into the folder"] = func(t *testing.T) {
			require.NoError(t, os.Mkdir("antchain-certs", 0o700))
			require.NoError(t, os.Chmod("antchain-certs", 0o750))
		}
	}
	for name, prepare := range places {
		t.Run(name, func(t *testing.T) {
			srv := liveServer(t)
			prepare(t)
			status, stdout, stderr := quickstart(t.Context(), "-live", "-endpoint", srv.URL())
			require.Equal(t, exitError, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "nothing was sent")
			require.Empty(t, srv.Requests())
			if key, err := os.ReadFile("antchain-certs/client.key"); err == nil {
				require.Equal(t, "mine", string(key))
			}
		})
	}
}

func TestUnknownOutcomeStopsTheNextRunToo(t *testing.T) {
	srv := liveServer(t)
	// A page that is neither key nor refusal: the client stops at once.
	srv.Inject(baastest.Respond(http.NotFoundHandler()))
	status, _, stderr := quickstart(t.Context(), "-live", "-endpoint", srv.URL())
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "Do NOT run this again")
	require.Contains(t, stderr, "Nonce        "+srv.Requests()[0].Params.Get("SignatureNonce"))
	require.Contains(t, stderr, "Request ID   none")
	require.Contains(t, stderr, "Left behind  "+keyPath("antchain-certs"))
	requireNoSecrets(t, stderr)

	status, _, stderr = quickstart(t.Context(), "-live", "-endpoint", srv.URL(), "-out", "./antchain-certs")
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "unknown outcome")
	require.Len(t, srv.Requests(), 1, "the second run sent something")
}

func TestUnknownOutcomeNamesTheRequestID(t *testing.T) {
	srv := liveServer(t)
	srv.Inject(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"RequestId":"REQ-42","Result":{}}`))
	})))
	status, _, stderr := quickstart(t.Context(), "-live", "-endpoint", srv.URL())
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "Request ID   REQ-42")
}

func TestRefusalLeavesNothingBehind(t *testing.T) {
	for _, c := range []struct {
		status       int
		code, advice string
	}{
		{http.StatusForbidden, "Forbidden.RAM", "Grant the RAM user the policy"},
		{http.StatusNotFound, "InvalidAccessKeyId.NotFound", "check ID and secret"},
		{http.StatusBadRequest, "InvalidParameter", "correct what the message names"},
	} {
		t.Run(c.code, func(t *testing.T) {
			srv := liveServer(t)
			srv.Inject(baastest.Refuse(c.status, c.code, "no"))
			status, _, stderr := quickstart(t.Context(), "-live", "-endpoint", srv.URL())
			require.Equal(t, exitError, status)
			require.Contains(t, stderr, c.code)
			require.Contains(t, stderr, "Nothing was issued")
			require.Contains(t, stderr, c.advice)
			require.NoFileExists(t, keyPath("antchain-certs"))

			// So that running again, once that is corrected, works.
			status, _, stderr = quickstart(t.Context(), "-live", "-endpoint", srv.URL())
			require.Equal(t, exitOK, status, stderr)
			require.Equal(t, 1, srv.Issued())
		})
	}
}

func TestCanceledRunIssuesNothing(t *testing.T) {
	srv := liveServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	status, _, stderr := quickstart(ctx, "-live", "-endpoint", srv.URL())
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "Interrupted")
	require.Zero(t, srv.Issued())
	require.NoFileExists(t, keyPath("antchain-certs"))
}

func TestWrongFlagValuesAreErrorsBeforeAnythingIsDone(t *testing.T) {
	for name, args := range map[string][]string{
		"region":   {"-live", "-region", "not a region"},
		"endpoint": {"-live", "-endpoint", "http://example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			liveServer(t)
			status, _, stderr := quickstart(t.Context(), args...)
			require.Equal(t, exitError, status)
			require.Contains(t, stderr, "Correct the flags")
			require.NoDirExists(t, "antchain-certs")
		})
	}
}
