package certbundle_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

const (
	linkHost      = "files.example.com"
	linkSignature = "c2VjcmV0+c2lnbmF0dXJl/w=="
)

var (
	names       = []string{certbundle.ClientKeyFile, certbundle.ClientCertFile, certbundle.CACertFile, certbundle.TrustStoreFile}
	downloaded  = names[1:]
	linkQuery   = url.Values{"Expires": {"1770000000"}, "Signature": {linkSignature}}.Encode()
	linkSecrets = []string{linkQuery, linkSignature, url.QueryEscape(linkSignature)}
)

// noContext is what a caller must not pass.
var noContext context.Context

// An identity is a reply of the service, and what its links lead to by name.
// The links are those of a storage service that only a fake transport knows.
type identity struct {
	result baas.CertificateResult
	files  map[string]string
}

func (i identity) bundle() *certbundle.Bundle {
	return &certbundle.Bundle{
		PrivateKey: []byte(i.files[certbundle.ClientKeyFile]), ClientCert: []byte(i.files[certbundle.ClientCertFile]),
		CACert: []byte(i.files[certbundle.CACertFile]), TrustStore: []byte(i.files[certbundle.TrustStoreFile]),
	}
}

// withLink returns the result with another link to one file.
func (i identity) withLink(name, link string) baas.CertificateResult {
	r := i.result
	*map[string]*string{
		certbundle.ClientCertFile: &r.DownloadPath.ClientCrtURL,
		certbundle.CACertFile:     &r.DownloadPath.CACrtURL,
		certbundle.TrustStoreFile: &r.DownloadPath.TrustCAURL,
	}[name] = link
	return r
}

func link(name string) string { return "https://" + linkHost + "/files/" + name + "?" + linkQuery }

// identities returns two of one chain. It must first be called outside of a
// synctest bubble, so every test with a bubble calls it before.
var identities = sync.OnceValue(func() [2]identity {
	srv := baastest.NewServer()
	defer srv.Close()
	var both [2]identity
	for i := range both {
		resp, err := srv.Client().ApplyAntChainCertificateWithKeyAutoCreation(context.Background(), application())
		if err != nil {
			panic(err)
		}
		links := resp.Result.DownloadPath
		both[i].files = map[string]string{
			certbundle.ClientKeyFile:  resp.Result.PrivateKey,
			certbundle.ClientCertFile: download(srv, links.ClientCrtURL),
			certbundle.CACertFile:     download(srv, links.CACrtURL),
			certbundle.TrustStoreFile: download(srv, links.TrustCAURL),
		}
		both[i].result = baas.CertificateResult{
			PrivateKey: resp.Result.PrivateKey,
			DownloadPath: baas.DownloadPath{
				ClientCrtURL: link(certbundle.ClientCertFile),
				CACrtURL:     link(certbundle.CACertFile),
				TrustCAURL:   link(certbundle.TrustStoreFile),
			},
		}
	}
	return both
})

func application() *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "wallet.example.com", CountryName: "CN",
		StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou", OrganizationName: "Example",
		OrganizationUnitName: "Chain", Password: "a password of the key",
	}
}

func download(srv *baastest.Server, link string) string {
	resp, err := srv.HTTPClient().Get(link)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		panic(fmt.Sprint(resp.Status, err))
	}
	return string(data)
}

// applied is a reply whose links lead to srv.
func applied(t *testing.T, srv *baastest.Server) baas.CertificateResult {
	t.Helper()
	resp, err := srv.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), application())
	require.NoError(t, err)
	return resp.Result
}

// A storage is a transport that serves files by name, and for some names does
// something else.
type storage struct {
	files   map[string]string
	instead map[string]func(*http.Request) (*http.Response, error)

	mu       sync.Mutex
	requests []*http.Request
}

func (s *storage) RoundTrip(r *http.Request) (*http.Response, error) {
	name := path.Base(r.URL.Path)
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	if f := s.instead[name]; f != nil {
		return f(r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return answer(http.StatusOK, s.files[name])(r)
}

// requested counts the requests for a file.
func (s *storage) requested(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if path.Base(r.URL.Path) == name {
			n++
		}
	}
	return n
}

func (s *storage) client() certbundle.Option {
	return certbundle.WithHTTPClient(&http.Client{Transport: s})
}

func answer(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{}, Request: r,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

// requireFiles asserts that dir holds these files and nothing else, whole, and
// for the owner only.
func requireFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	have := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		have[e.Name()] = string(data)
		info, err := e.Info()
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular())
		if runtime.GOOS != "windows" {
			require.Equal(t, fs.FileMode(0o600), info.Mode(), "%s", e.Name())
		}
	}
	require.Equal(t, want, have)
}

// only picks some files.
func (i identity) only(names ...string) map[string]string {
	m := map[string]string{}
	for _, name := range names {
		m[name] = i.files[name]
	}
	return m
}

// without picks all files but some.
func (i identity) without(some ...string) map[string]string {
	m := i.only(names...)
	for _, name := range some {
		delete(m, name)
	}
	return m
}

// requireSafe asserts that nothing in the chain of err shows one of the
// secrets or any key, and that err is one of this package.
func requireSafe(t *testing.T, err error, secrets ...string) {
	t.Helper()
	require.Error(t, err)
	for line := range strings.SplitSeq(err.Error(), "\n") {
		require.True(t, strings.HasPrefix(line, "certbundle: "), "%q", line)
	}
	var u *url.Error
	require.NotErrorAs(t, err, &u)
	for _, id := range identities() {
		for line := range strings.SplitSeq(id.files[certbundle.ClientKeyFile], "\n") {
			if line = strings.TrimSpace(line); len(line) > 8 {
				secrets = append(secrets, line)
			}
		}
	}
	walk(err, func(err error) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text := fmt.Sprintf(verb, err)
			for _, secret := range append(secrets, linkSecrets...) {
				require.NotContains(t, text, secret)
			}
		}
	})
}

func walk(err error, f func(error)) {
	if err == nil {
		return
	}
	f(err)
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		walk(w.Unwrap(), f)
	case interface{ Unwrap() []error }:
		for _, e := range w.Unwrap() {
			walk(e, f)
		}
	}
}

// requireContextError asserts that err matches the errors of contexts exactly
// as want does.
func requireContextError(t *testing.T, want, err error) {
	t.Helper()
	for _, target := range []error{context.Canceled, context.DeadlineExceeded} {
		assert.Equal(t, errors.Is(want, target), errors.Is(err, target), "%v: %v", target, err)
	}
}
