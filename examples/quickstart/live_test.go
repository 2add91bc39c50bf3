package main

import (
	"bytes"
	"context"
	"encoding/json"
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

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
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

	params := srv.Requests()[0].Params
	require.Equal(t, "chain-7", params.Get("AntChainId"))
	require.Equal(t, "consortium-7", params.Get("ConsortiumId"))
	require.Equal(t, "Ops", params.Get("OrganizationUnitName"))
	require.Equal(t, password, params.Get("Password"))

	status, again, stderr := live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.Contains(t, again, "nothing was applied for")
	require.Contains(t, again, "OU=Ops")
	require.Len(t, srv.Requests(), 1, "the second run sent something")

	t.Setenv(envPassword, "forgotten")
	status, _, stderr = live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, envPassword+" must be what it was")
	require.Equal(t, 1, srv.Issued())
}

// recorder passes requests on to srv and keeps the links of the last reply.
func recorder(t *testing.T, srv *baastest.Server, links *baas.DownloadPath) string {
	t.Helper()
	to, err := url.Parse(srv.URL())
	require.NoError(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(resp *http.Response) error {
			body, err := io.ReadAll(resp.Body)
			resp.Body = io.NopCloser(bytes.NewReader(body))
			var reply struct {
				Data struct{ Result baas.CertificateResult }
			}
			if err == nil {
				err = json.Unmarshal(body, &reply)
			}
			*links = reply.Data.Result.DownloadPath
			return err
		},
	})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestFailedDownloadIsCompletedByFreshLinks(t *testing.T) {
	srv := liveServer(t)
	var links baas.DownloadPath
	endpoint := recorder(t, srv, &links)
	expired := baastest.Refuse(http.StatusForbidden, "AccessDenied", "Request has expired.")
	srv.InjectDownload(expired, expired, expired)

	status, stdout, stderr := quickstart(t.Context(), "-live", "-endpoint", endpoint)
	require.Equal(t, exitError, status)
	require.Contains(t, stdout, "Request ID")
	require.Contains(t, stderr, "The key is safe in "+folder)
	require.Contains(t, stderr, "Run again")
	requireNoSecrets(t, stderr)
	requirePrivateFolder(t, "client.key")

	srv.Inject(respond(t, links))
	status, stdout, stderr = quickstart(t.Context(), "-live", "-endpoint", srv.URL())
	require.Equal(t, exitOK, status, stderr)
	require.Regexp(t, `(?m)^Completing `, stdout)
	require.Regexp(t, `(?m)^Verified `, stdout)
	requireNoSecrets(t, stdout)
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa")
	require.Equal(t, 1, srv.Issued())
	second := srv.Requests()[1].Params
	require.Equal(t, "DescribeAntChainDownloadPaths", second.Get("Action"))
	require.Equal(t, "chain-7", second.Get("AntChainId"))
}

func TestFolderThatCannotBeCompleted(t *testing.T) {
	for name, c := range map[string]struct {
		links baastest.Fault
		says  string
	}{
		"no permission for fresh links": {baastest.Refuse(http.StatusForbidden, "Forbidden.RAM", "no"), "Grant the RAM user"},
		"no links":                      {respond(t, baas.DownloadPath{}), "Run again"},
		"links that lead nowhere":       {respond(t, baas.DownloadPath{CACrtURL: "https://127.0.0.1:1/ca.crt?s=1"}), "Run again"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := liveServer(t)
			status, _, stderr := live(t, srv)
			require.Equal(t, exitOK, status, stderr)
			require.NoError(t, os.Remove(filepath.Join(folder, "ca.crt")))

			srv.Inject(c.links)
			status, _, stderr = live(t, srv)
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
			status, stdout, stderr := live(t, srv)
			require.Equal(t, exitError, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, nothingSent)
			require.Empty(t, srv.Requests())
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
			srv.Inject(baastest.Refuse(c.status, c.code, "no"))
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
	require.Zero(t, srv.Issued())
	requirePrivateFolder(t)
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
