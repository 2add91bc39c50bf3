package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

func TestUnknownOutcomeStopsTheNextRunToo(t *testing.T) {
	srv := liveServer(t)
	// A page that is neither key nor refusal: the client stops at once.
	srv.Inject(baastest.Respond(http.NotFoundHandler()))
	status, _, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	nonce := srv.Requests()[0].Params.Get("SignatureNonce")
	require.Contains(t, stderr, "Do NOT run this again")
	require.Contains(t, stderr, "Nonce        "+nonce)
	require.Contains(t, stderr, "Request ID   none")
	require.Contains(t, stderr, "Left behind  "+markPath)
	requireNoSecrets(t, stderr)
	requirePrivateFolder(t, pendingFile)

	status, stdout, stderr := live(t, srv, "-out", "./"+folder)
	require.Equal(t, exitError, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, errPending.Error())
	require.Contains(t, stderr, "Nonce        "+nonce)
	require.Contains(t, stderr, "console")
	require.Len(t, srv.Requests(), 1, "the second run sent something")

	// As the advice has it.
	require.NoError(t, os.Remove(markPath))
	status, _, stderr = live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.NoFileExists(t, markPath)
}

func TestUnknownOutcomeNamesTheRequestID(t *testing.T) {
	srv := liveServer(t)
	srv.Inject(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"RequestId":"REQ-42","Result":{}}`))
	})))
	status, _, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "Request ID   REQ-42")
}

func TestMarkerOfARunThatDied(t *testing.T) {
	srv := liveServer(t)
	require.NoError(t, os.Mkdir(folder, 0o700))
	mark, err := markPending(folder)
	require.NoError(t, err)
	require.NoError(t, mark.file.Close())

	status, stdout, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "has left no nonce behind")
	require.Contains(t, stderr, "delete the\nfile to apply again")
	require.Empty(t, srv.Requests())
	requirePrivateFolder(t, pendingFile)
}

func TestMarkerBesideAKeyIsObsolete(t *testing.T) {
	srv := liveServer(t)
	status, _, stderr := live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.NoError(t, os.WriteFile(markPath, nil, 0o600))

	status, _, stderr = live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.NoFileExists(t, markPath)
}

func TestOfTwoRunsAtOnceOneApplies(t *testing.T) {
	dir := t.TempDir()
	mark, err := markPending(dir)
	require.NoError(t, err)
	_, err = markPending(dir)
	require.ErrorIs(t, err, errPending)
	require.NoError(t, mark.settle(dir, nil))

	// The other one has found the folder empty before this one was done.
	require.NoError(t, os.WriteFile(dir+"/client.key", []byte("key"), 0o600))
	_, err = markPending(dir)
	require.ErrorContains(t, err, "another run has just stored")
	require.NoFileExists(t, dir+"/"+pendingFile)
}

// A run has died between writing the key and naming it.
func TestKeyThatACrashHasLeftIsNotGivenUp(t *testing.T) {
	srv := liveServer(t)
	var links baas.DownloadPath
	status, _, stderr := quickstart(t.Context(), "-live", "-endpoint", recorder(t, srv, &links))
	require.Equal(t, exitOK, status, stderr)
	left := keyPath + ".abc.tmp"
	require.NoError(t, os.Rename(keyPath, left))
	for _, name := range []string{"client.crt", "ca.crt", "trustCa"} {
		require.NoError(t, os.Remove(filepath.Join(folder, name)))
	}
	require.NoError(t, os.WriteFile(markPath, nil, 0o600))

	for name, args := range map[string][]string{"live": {"-live", "-endpoint", srv.URL()}, "demo": nil} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := quickstart(t.Context(), args...)
			require.Equal(t, exitError, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, left)
			require.Contains(t, stderr, "Nothing was sent.\nIf a whole private key is in it")
			require.NotContains(t, stderr, "reset")
			require.Equal(t, 1, srv.Issued())
		})
	}

	// As the advice has it.
	require.NoError(t, os.Rename(left, keyPath))
	srv.Inject(respond(t, links))
	status, _, stderr = live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.Equal(t, 1, srv.Issued())
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa")
}

// Two applications have shared the folder, and the reply to one of them is gone.
func TestKeyOfAnotherApplication(t *testing.T) {
	srv := liveServer(t)
	var links baas.DownloadPath
	status, _, stderr := quickstart(t.Context(), "-live", "-endpoint", recorder(t, srv, &links))
	require.Equal(t, exitOK, status, stderr)
	require.NoError(t, os.Remove(filepath.Join(folder, "client.crt")))
	require.NoError(t, os.WriteFile(keyPath+".0123456789abcdef", []byte("another key"), 0o600))

	srv.Inject(respond(t, links))
	status, _, stderr = live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "client.key.0123456789abcdef: may be the key that the links belong to")
	require.Contains(t, stderr, "The key is safe in "+folder)
	require.Contains(t, stderr, "run again for each of the two folders")
	require.NotContains(t, stderr, "Choose another folder")
}
