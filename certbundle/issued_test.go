package certbundle_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// keyPassword has what a shell, a URL and Latin-1 stumble over.
const keyPassword = "pässword with spaces & *~"

// newIssuer starts a BaaS endpoint that ends with the test.
func newIssuer(t testing.TB, opts ...baastest.Option) *baastest.Server {
	t.Helper()
	srv := baastest.NewServer(opts...)
	t.Cleanup(srv.Close)
	return srv
}

// issued applies for a certificate and puts together what comes, without the
// download of this package.
func issued(t testing.TB, srv *baastest.Server, password string) *certbundle.Bundle {
	t.Helper()
	client := srv.Client()
	defer client.CloseIdleConnections()
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(),
		&baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
			AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "app-1", CountryName: "CN",
			StateOrProvinceName: "浙江", LocalityName: "Hangzhou", OrganizationName: "Example & Co",
			OrganizationUnitName: "Q+A", Password: password,
		})
	require.NoError(t, err)
	get := func(link string) []byte {
		hc := srv.HTTPClient()
		defer hc.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
		require.NoError(t, err)
		resp, err := hc.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return data
	}
	links := resp.Result.DownloadPath
	return &certbundle.Bundle{
		PrivateKey: []byte(resp.Result.PrivateKey),
		ClientCert: get(links.ClientCrtURL),
		CACert:     get(links.CACrtURL),
		TrustStore: get(links.TrustCAURL),
	}
}

// onDisk writes the four files for programs that are not Go.
func onDisk(t testing.TB, b *certbundle.Bundle) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		certbundle.ClientKeyFile: b.PrivateKey, certbundle.ClientCertFile: b.ClientCert,
		certbundle.CACertFile: b.CACert, certbundle.TrustStoreFile: b.TrustStore,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return dir
}

// run runs a program in dir, with the password in its environment as PW, and
// returns its standard output.
func run(t testing.TB, dir, stdin, password, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "PW="+password)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Logf("%s: %v: %s", name, err, stderr.String())
	}
	return string(out), err
}

func mustRun(t testing.TB, dir, stdin, password, name string, args ...string) string {
	t.Helper()
	out, err := run(t, dir, stdin, password, name, args...)
	require.NoError(t, err, out)
	return out
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func readTestdata(t testing.TB, name ...string) []byte {
	t.Helper()
	return readFile(t, filepath.Join(append([]string{"testdata"}, name...)...))
}
