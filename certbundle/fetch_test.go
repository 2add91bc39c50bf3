package certbundle_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

func TestFetchOverLoopback(t *testing.T) {
	t.Parallel()
	srv := newIssuer(t)
	result := applied(t, srv)
	b, err := certbundle.Fetch(t.Context(), result) // http://127.0.0.1:port, with a client of its own
	require.NoError(t, err)
	require.Equal(t, &certbundle.Bundle{
		PrivateKey: []byte(result.PrivateKey),
		ClientCert: []byte(download(srv, result.DownloadPath.ClientCrtURL)),
		CACert:     []byte(download(srv, result.DownloadPath.CACrtURL)),
		TrustStore: []byte(download(srv, result.DownloadPath.TrustCAURL)),
	}, b)
	_, err = b.Verify(application().Password)
	require.NoError(t, err)
}

func TestOwnTransport(t *testing.T) {
	t.Parallel()
	tr := certbundle.OwnTransport()
	require.NotSame(t, http.DefaultTransport, tr)
	require.GreaterOrEqual(t, tr.TLSClientConfig.MinVersion, uint16(0x0303))
	require.False(t, tr.TLSClientConfig.InsecureSkipVerify)
	require.Equal(t, 10*time.Second, tr.TLSHandshakeTimeout)
	require.Equal(t, int64(64<<10), tr.MaxResponseHeaderBytes)
	require.NotNil(t, tr.Proxy, "that of the environment")
	require.True(t, tr.DisableCompression, "a file is what was sent")
	require.True(t, tr.DisableKeepAlives, "no connection outlives the call")
}

// TestHTTPClientIsNotModified: what it says about redirects and cookies stays,
// and counts for nothing.
func TestHTTPClientIsNotModified(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/"})
		if strings.HasSuffix(r.URL.Path, certbundle.CACertFile) {
			http.Redirect(w, r, "/files/"+certbundle.ClientCertFile, http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, id.files[certbundle.ClientCertFile])
	}))
	defer server.Close()
	hc := server.Client()
	hc.Jar = jar
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { t.Error("followed"); return nil }
	before := fmt.Sprintf("%p %p %v %v", hc.Transport, hc.CheckRedirect, hc.Jar == jar, hc.Timeout)
	_, err = certbundle.Fetch(t.Context(), baas.CertificateResult{DownloadPath: baas.DownloadPath{
		CACrtURL: server.URL + "/files/" + certbundle.CACertFile, ClientCrtURL: server.URL + "/files/" + certbundle.ClientCertFile,
	}}, certbundle.WithHTTPClient(hc))
	require.ErrorContains(t, err, "ca.crt: download from "+strings.TrimPrefix(server.URL, "http://")+`: status 302`)
	require.Equal(t, before, fmt.Sprintf("%p %p %v %v", hc.Transport, hc.CheckRedirect, hc.Jar == jar, hc.Timeout))
	u := server.URL
	req, err := http.NewRequest(http.MethodGet, u, nil)
	require.NoError(t, err)
	require.Empty(t, jar.Cookies(req.URL))
	hc.CloseIdleConnections()
}

func TestFetchBadArguments(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	b, err := certbundle.Fetch(noContext, id.result)
	require.EqualError(t, err, "certbundle: ctx is nil")
	require.Equal(t, id.result.PrivateKey, string(b.PrivateKey))
	b, err = certbundle.Fetch(t.Context(), id.result, certbundle.WithHTTPClient(nil))
	require.EqualError(t, err, "certbundle: WithHTTPClient: the client is nil")
	_, err = certbundle.Fetch(t.Context(), id.result, certbundle.WithDecompressors(nil))
	require.EqualError(t, err, "certbundle: WithDecompressors: one is nil")
	require.Equal(t, id.result.PrivateKey, string(b.PrivateKey))
	s := &storage{files: id.files}
	_, err = certbundle.Fetch(t.Context(), id.result, certbundle.WithHTTPClient(nil), s.client())
	require.NoError(t, err, "the last of a kind wins")
}
