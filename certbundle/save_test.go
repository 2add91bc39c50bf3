package certbundle_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

func TestSave(t *testing.T) {
	t.Parallel()
	srv := newIssuer(t)
	result := applied(t, srv)
	dir := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, certbundle.Prepare(dir))
	b, err := certbundle.Save(t.Context(), dir, result)
	require.NoError(t, err)
	want := map[string]string{
		certbundle.ClientKeyFile:  result.PrivateKey,
		certbundle.ClientCertFile: download(srv, result.DownloadPath.ClientCrtURL),
		certbundle.CACertFile:     download(srv, result.DownloadPath.CACrtURL),
		certbundle.TrustStoreFile: download(srv, result.DownloadPath.TrustCAURL),
	}
	requireFiles(t, dir, want)
	loaded, err := certbundle.Load(dir)
	require.NoError(t, err)
	require.Equal(t, loaded, b)
	_, err = b.Verify(application().Password)
	require.NoError(t, err)
}

func TestSaveCompletes(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	refuse := answer(http.StatusForbidden, "")
	for name, arrived := range map[string][]string{
		"all":             downloaded,
		"none":            {},
		"the client's":    {certbundle.ClientCertFile},
		"the CA's":        {certbundle.CACertFile},
		"the trust store": {certbundle.TrustStoreFile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){}}
			for _, name := range downloaded {
				s.instead[name] = refuse
			}
			for _, name := range arrived {
				delete(s.instead, name)
			}
			b, err := certbundle.Save(t.Context(), dir, id.result, s.client())
			require.Equal(t, len(arrived) < 3, err != nil)
			requireFiles(t, dir, id.only(append(arrived, certbundle.ClientKeyFile)...))
			require.Equal(t, id.result.PrivateKey, string(b.PrivateKey))

			// After a crash: the reply is gone, and only what is missing has
			// links.
			s = &storage{files: id.files}
			again := baas.CertificateResult{DownloadPath: id.result.DownloadPath}
			for _, name := range arrived {
				again = identity{result: again}.withLink(name, "")
			}
			b, err = certbundle.Save(t.Context(), dir, again, s.client())
			require.NoError(t, err)
			require.Equal(t, id.bundle(), b)
			requireFiles(t, dir, id.files)
			for _, name := range arrived {
				require.Zero(t, s.requested(name), "%s is there", name)
			}

			b, err = certbundle.Save(noContext, dir, id.result, certbundle.WithHTTPClient(nil)) // nothing is left to download
			require.NoError(t, err)
			require.Equal(t, id.bundle(), b)
		})
	}
}

// TestExpiredThenFreshLinks is TestSaveCompletes with a real clock and a
// server's own links.
func TestExpiredThenFreshLinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		client := certbundle.WithHTTPClient(srv.HTTPClient())
		result, dir := applied(t, srv), t.TempDir()
		time.Sleep(2 * time.Hour) // of the bubble: the links have expired
		_, err := certbundle.Save(t.Context(), dir, result, client)
		require.ErrorIs(t, err, certbundle.ErrDownload)
		require.Contains(t, err.Error(), "status 403: the link has probably expired")
		requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: result.PrivateKey})

		fresh := applied(t, srv).DownloadPath
		b, err := certbundle.Save(t.Context(), dir, baas.CertificateResult{DownloadPath: fresh}, client)
		require.NoError(t, err)
		require.Equal(t, result.PrivateKey, string(b.PrivateKey))
		loaded, err := certbundle.Load(dir)
		require.NoError(t, err)
		require.Equal(t, b, loaded)
	})
}

// TestWrongFileIsLeft: what is there is never replaced, whatever it is, and
// what is missing arrives all the same.
func TestWrongFileIsLeft(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for _, name := range downloaded {
		for what, content := range map[string]string{"empty": "", "a page": "<html></html>", "too large": strings.Repeat("\n", 1<<20+1)} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				plant(t, dir, name, content)
				s := &storage{files: id.files}
				_, err := certbundle.Save(t.Context(), dir, id.result, s.client())
				requireSafe(t, err)
				require.ErrorIs(t, err, certbundle.ErrExists)
				require.ErrorIs(t, err, certbundle.ErrMalformed)
				require.True(t, strings.HasPrefix(err.Error(), "certbundle: "+name+": "), "%v", err)
				want := id.without(name)
				want[name] = content
				requireFiles(t, dir, want)
				require.Zero(t, s.requested(name))
			})
		}
	}
}

func TestSaveIntoNoFolder(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	s := &storage{files: id.files}
	for name, dir := range map[string]string{"none": "", "a file": file, "below a file": filepath.Join(file, "dir")} {
		t.Run(name, func(t *testing.T) {
			b, err := certbundle.Save(t.Context(), dir, id.result, s.client())
			requireSafe(t, err)
			require.Equal(t, id.result.PrivateKey, string(b.PrivateKey))
			require.NotErrorIs(t, err, certbundle.ErrExists)
			_, err = certbundle.Save(t.Context(), dir, baas.CertificateResult{}, s.client())
			requireSafe(t, err)
		})
	}
	require.Empty(t, s.requests)
	require.NoFileExists(t, certbundle.ClientKeyFile)
}

// TestCancelReturnsPromptly, with the key on disk.
func TestCancelReturnsPromptly(t *testing.T) {
	t.Parallel()
	srv := newIssuer(t)
	result := applied(t, srv)
	srv.InjectDownload(baastest.HangAfter(time.Hour), baastest.HangAfter(time.Hour), baastest.HangAfter(time.Hour))
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := certbundle.Save(ctx, dir, result)
	require.Less(t, time.Since(start), 10*time.Second)
	requireContextError(t, context.DeadlineExceeded, err)
	require.ErrorIs(t, err, certbundle.ErrDownload)
	require.Len(t, strings.Split(err.Error(), "\n"), 3)
	requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: result.PrivateKey})
}

func plant(t *testing.T, dir, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
}

func ExampleSave() {
	server := baastest.NewServer() // stands in for the service
	defer server.Close()
	client := server.Client()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "wallet")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	// Before the key is handed over, make sure that there is a place for it.
	if err := certbundle.Prepare(dir); err != nil {
		panic(err)
	}
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, application())
	if err != nil {
		panic(err)
	}
	bundle, err := certbundle.Save(ctx, dir, resp.Result)
	if err != nil {
		panic(err) // or call Save again, later, with fresh links
	}
	fmt.Println(strings.Contains(string(bundle.PrivateKey), "PRIVATE KEY"), len(bundle.TrustStore) > 0)
	// Output: true true
}
