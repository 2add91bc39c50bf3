package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

func TestLiveRunSavesTheIdentityOnce(t *testing.T) {
	srv := liveServer(t)
	status, stdout, stderr := live(t, srv, "-unit", "Ops")
	require.Equal(t, exitOK, status, stderr)
	require.Empty(t, stderr)
	require.Regexp(t, `(?m)^Verified `, stdout)
	require.Regexp(t, `(?m)^Node         not asked`, stdout)
	requireNoSecrets(t, stdout)
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa")
	bundle, err := certbundle.Load(folder)
	require.NoError(t, err)
	_, err = bundle.Verify(password)
	require.NoError(t, err)

	params := applications(srv)[0].Params
	require.Equal(t, "chain-7", params.Get("AntChainId"))
	require.Equal(t, "consortium-7", params.Get("ConsortiumId"))
	require.Equal(t, "Ops", params.Get("OrganizationUnitName"))
	require.Equal(t, password, params.Get("Password"))

	sent := len(srv.Requests())
	status, again, stderr := live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.Contains(t, again, "nothing was applied for")
	require.NotContains(t, again, "Endpoint")
	require.Contains(t, again, "OU=Ops")
	require.Len(t, srv.Requests(), sent, "the second run sent something")

	t.Setenv(envPassword, "forgotten")
	status, _, stderr = live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, envPassword+" must be what it was")
	require.Equal(t, 1, srv.Issued())
}

// ownChain makes a server know the chain of the environment alone.
func ownChain() baastest.Option {
	return baastest.WithConsortium(baastest.Consortium{ID: "consortium-7", Chains: []baastest.Chain{{ID: "chain-7"}}})
}

// expire makes the downloads of the next run fail, those by fresh links too.
func expire(srv *baastest.Server) {
	expired := baastest.Refuse(http.StatusForbidden, "AccessDenied", "Request has expired.")
	srv.InjectDownload(expired, expired, expired, expired, expired, expired)
}

func TestFailedDownloadIsCompletedByFreshLinks(t *testing.T) {
	srv := liveServer(t, ownChain())
	expire(srv)
	status, _, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "The key is safe in "+folder)
	require.Contains(t, stderr, "Run again")
	requireNoSecrets(t, stderr)
	require.Equal(t, identity.Issued, state(t))

	sent := len(srv.Requests())
	status, stdout, stderr := live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.Contains(t, stdout, "the key was here already, files were added")
	require.Regexp(t, `(?m)^Verified `, stdout)
	requireNoSecrets(t, stdout)
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa")
	require.Equal(t, 1, srv.Issued())
	second := srv.Requests()[sent].Params
	require.Equal(t, "DescribeAntChainDownloadPaths", second.Get("Action"))
	require.Equal(t, "chain-7", second.Get("AntChainId"))
}

func TestFolderThatCannotBeCompleted(t *testing.T) {
	no := baastest.Refuse(http.StatusForbidden, "Forbidden.RAM", "no")
	for name, c := range map[string]struct {
		spoil func(*baastest.Server)
		says  string
	}{
		"no permission for fresh links": {func(srv *baastest.Server) { srv.Inject(no, no) }, "Grant the RAM user"},
		"links that lead nowhere":       {expire, "Run again"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := liveServer(t, ownChain())
			expire(srv)
			status, _, _ := live(t, srv)
			require.Equal(t, exitError, status)

			c.spoil(srv)
			status, _, stderr := live(t, srv)
			require.Equal(t, exitError, status)
			require.Contains(t, stderr, "The key is safe in "+folder)
			require.Contains(t, stderr, c.says)
			require.Equal(t, 1, srv.Issued())
		})
	}
}

func TestLiveRunSendsNothingWithoutAPlaceForTheKey(t *testing.T) {
	places := map[string]func(t *testing.T){
		"a file stands where the folder should be": func(t *testing.T) {
			require.NoError(t, os.WriteFile(folder, nil, 0o600))
		},
		"a certificate without a key is there": func(t *testing.T) {
			require.NoError(t, os.Mkdir(folder, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "client.crt"), []byte("mine"), 0o600))
		},
		"the key is no regular file": func(t *testing.T) {
			require.NoError(t, os.MkdirAll(keyPath, 0o700))
		},
	}
	if runtime.GOOS != "windows" { // where permission bits say nothing
		places["others may write to the folder"] = func(t *testing.T) {
			require.NoError(t, os.Mkdir(folder, 0o700))
			require.NoError(t, os.Chmod(folder, 0o770))
		}
	}
	for name, prepare := range places {
		t.Run(name, func(t *testing.T) {
			srv := liveServer(t)
			prepare(t)
			status, _, stderr := live(t, srv)
			require.Equal(t, exitError, status)
			require.Regexp(t, "(?i)nothing was (sent|issued)", stderr)
			require.Empty(t, applications(srv))
		})
	}
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
			srv.Inject(faults(baastest.Refuse(c.status, c.code, "no"))...)
			status, _, stderr := live(t, srv)
			require.Equal(t, exitError, status)
			require.Contains(t, stderr, c.code)
			require.Contains(t, stderr, nothingIssued)
			require.Contains(t, stderr, c.advice)
			requirePrivateFolder(t)

			// So that running again, once that is corrected, works.
			status, _, stderr = live(t, srv)
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
	require.Contains(t, stderr, nothingIssued)
	require.Empty(t, srv.Requests())
	require.NoDirExists(t, folder)
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
			require.NoDirExists(t, folder)
		})
	}
}
