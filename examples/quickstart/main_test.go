package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
)

const (
	password = "correct horse battery staple"
	folder   = "antchain-certs" // the default of -out, in a folder of the test's own
)

var keyPath = filepath.Join(folder, "client.key")

// quickstart runs the program and returns its exit status and what it said.
func quickstart(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

// live runs the program with an endpoint that stands for the real service.
func live(t *testing.T, srv *baastest.Server, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return quickstart(t.Context(), append([]string{"-live", "-endpoint", srv.URL()}, args...)...)
}

// liveServer starts an endpoint to stand for the real service, in an
// environment that is complete for -live and in a folder of its own.
func liveServer(t *testing.T, opts ...baastest.Option) *baastest.Server {
	t.Helper()
	srv := baastest.NewServer(opts...)
	t.Cleanup(srv.Close)
	model, err := srv.Credential().GetCredential()
	require.NoError(t, err)
	for name, value := range map[string]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID":     *model.AccessKeyId,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": *model.AccessKeySecret,
		"ALIBABA_CLOUD_SECURITY_TOKEN":    "",
		envChain:                          "chain-7",
		envConsortium:                     "consortium-7",
		envPassword:                       password,
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	return srv
}

// demoFolder is where a run without -live can show what it does.
func demoFolder(t *testing.T) {
	t.Helper()
	t.Setenv(envPassword, "")
	t.Chdir(t.TempDir())
}

// faults are those of the application. Before it, Ensure asks for the gateway's
// time, which uses up the first fault.
func faults(f ...baastest.Fault) []baastest.Fault { return append([]baastest.Fault{{}}, f...) }

// applications returns the requests for a certificate.
func applications(srv *baastest.Server) []baastest.Request {
	return slices.DeleteFunc(srv.Requests(), func(r baastest.Request) bool {
		return r.Params.Get("Action") != "ApplyAntChainCertificateWithKeyAutoCreation"
	})
}

// state is what the folder's record says.
func state(t *testing.T) identity.State {
	t.Helper()
	r, err := identity.Inspect(t.Context(), identity.Dir(folder))
	require.NoError(t, err)
	return r.State
}

func requireNoSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{password, demoPassword, "BEGIN", "Signature=", "OSSAccessKeyId", "?"} {
		require.NotContains(t, text, secret)
	}
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

// requirePrivateFolder checks the folder's files, beside its records.
func requirePrivateFolder(t *testing.T, names ...string) {
	t.Helper()
	requireMode(t, 0o700, folder)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var have []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "identity.") {
			have = append(have, e.Name())
		}
		requireMode(t, 0o600, filepath.Join(folder, e.Name()))
	}
	require.ElementsMatch(t, names, have)
}
