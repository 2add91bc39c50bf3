package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

func TestUnknownOutcomeStopsTheNextRunToo(t *testing.T) {
	srv := liveServer(t)
	// A page that is neither key nor refusal: the client stops at once.
	srv.Inject(faults(baastest.Respond(http.NotFoundHandler()))...)
	status, _, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	nonce := applications(srv)[0].Params.Get("SignatureNonce")
	requireDoubt := func(stderr string) {
		require.Contains(t, stderr, "nonce "+nonce)
		require.Contains(t, stderr, "Do NOT apply into another folder")
		require.Contains(t, stderr, "antcert clear "+folder)
		require.NotContains(t, stderr, nothingIssued)
		requireNoSecrets(t, stderr)
		require.Equal(t, identity.InDoubt, state(t))
	}
	requireDoubt(stderr)

	sent := len(srv.Requests())
	status, _, stderr = live(t, srv, "-out", "./"+folder)
	require.Equal(t, exitError, status)
	requireDoubt(stderr)
	require.Len(t, srv.Requests(), sent, "the second run sent something")
}

func TestUnknownOutcomeNamesTheRequestID(t *testing.T) {
	srv := liveServer(t)
	srv.Inject(faults(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"RequestId":"REQ-42","Result":{}}`))
	})))...)
	status, _, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "request ID REQ-42")
}

// A stop is a log that ends the run at the first record.
type stop struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (s *stop) Write(p []byte) (int, error) {
	s.cancel()
	return s.Buffer.Write(p)
}

// While the application is under way, the folder goes away and a file takes its
// place.
func TestKeyIsRescuedAndTakenUpByTheNextRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder with an open file cannot be moved there")
	}
	srv := liveServer(t, ownChain())
	to, err := url.Parse(srv.URL())
	require.NoError(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(resp *http.Response) error {
			if resp.Request.URL.Query().Get("Action") != "ApplyAntChainCertificateWithKeyAutoCreation" {
				return nil
			}
			return errors.Join(os.Rename(folder, folder+"-away"), os.WriteFile(folder, nil, 0o600))
		},
	})
	t.Cleanup(proxy.Close)
	ctx, cancel := context.WithCancel(t.Context())
	// The first thing to be logged is that the folder does not take the key.
	stderr := &stop{cancel: cancel}
	require.Equal(t, exitError, run(ctx, []string{"-live", "-endpoint", proxy.URL}, io.Discard, stderr))
	require.Contains(t, stderr.String(), "the store has not taken the key yet")
	requireNoSecrets(t, stderr.String())
	rescued, err := filepath.Glob(folder + "-rescued-*")
	require.NoError(t, err)
	require.Len(t, rescued, 1)
	require.Contains(t, stderr.String(), "The key is safe in "+rescued[0])
	requireMode(t, 0o700, rescued[0])
	requireMode(t, 0o600, filepath.Join(rescued[0], "client.key"))

	// As the advice has it.
	status, _, text := live(t, srv, "-out", rescued[0])
	require.Equal(t, exitOK, status, text)
	require.Equal(t, 1, srv.Issued())
	bundle, err := certbundle.Load(rescued[0])
	require.NoError(t, err)
	_, err = bundle.Verify(password)
	require.NoError(t, err)
}

var errDisk = errors.New("no space left on device")

// useTemp sets the folder for temporary files.
func useTemp(t *testing.T, dir string) {
	t.Helper()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // on Windows
}

func TestRescue(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for name, c := range map[string]struct {
		out, temp string
		advice    string
	}{
		"beside the folder":         {filepath.Join(t.TempDir(), folder), nowhere, "The key is safe in "},
		"among the temporary files": {filepath.Join(nowhere, folder), t.TempDir(), "The key is safe in "},
		"nowhere":                   {filepath.Join(nowhere, folder), nowhere, "LOST"},
	} {
		t.Run(name, func(t *testing.T) {
			useTemp(t, c.temp)
			err := rescue(c.out, &identity.KeyError{Bundle: certbundle.Bundle{PrivateKey: []byte("PEM-7f3a")}, Err: errDisk})
			require.ErrorIs(t, err, errDisk)
			require.NotContains(t, err.Error(), "PEM-7f3a")
			require.Contains(t, adviceFor(&settings{out: c.out}, err), c.advice)
			var lost *rescuedKey
			require.ErrorAs(t, err, &lost)
			if lost.dir != "" {
				key, err := os.ReadFile(filepath.Join(lost.dir, "client.key"))
				require.NoError(t, err)
				require.Equal(t, "PEM-7f3a", string(key))
				requireMode(t, 0o600, filepath.Join(lost.dir, "client.key"))
			}
		})
	}
}

func TestRunThatFindsAnotherUnderWayWaitsVisibly(t *testing.T) {
	srv := liveServer(t)
	gone, end := context.WithCancel(t.Context())
	// Another run is started before the reply to this one.
	srv.Inject(faults(baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(t.Context())
		waiting := &stop{cancel: cancel}
		status := run(ctx, []string{"-live", "-endpoint", srv.URL()}, io.Discard, waiting)
		if status != exitError || !bytes.Contains(waiting.Bytes(), []byte("another holder is enrolling: waiting for its key")) ||
			!bytes.Contains(waiting.Bytes(), []byte("Run again: it goes on from here")) {
			t.Errorf("status %d: %s", status, waiting.String())
		}
		end()
		<-r.Context().Done()
	})))...)
	status, _, _ := quickstart(gone, "-live", "-endpoint", srv.URL())
	require.Equal(t, exitError, status)
	require.Len(t, applications(srv), 1)
}
