package baastest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var mu sync.Mutex
	srv := newServer(t, baastest.WithClock(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}))
	links := apply(t, srv).DownloadPath
	change := func(edit func(*url.URL, url.Values)) string {
		u, err := url.Parse(links.ClientCrtUrl)
		require.NoError(t, err)
		q := u.Query()
		edit(u, q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	require.True(t, strings.HasPrefix(links.ClientCrtUrl, srv.URL()+"/files/"))
	require.Contains(t, links.ClientCrtUrl, "/client.crt?Expires=")
	require.Contains(t, links.CaCrtUrl, "/ca.crt?")
	require.Contains(t, links.TrustCaUrl, "/trustCa?")

	for name, link := range map[string]string{
		"without query":     change(func(_ *url.URL, q url.Values) { clear(q) }),
		"wrong signature":   change(func(_ *url.URL, q url.Values) { q.Set("Signature", "AAAA") }),
		"later expiry":      change(func(_ *url.URL, q url.Values) { q.Set("Expires", "99999999999") }),
		"other key ID":      change(func(_ *url.URL, q url.Values) { q.Set("OSSAccessKeyId", "other") }),
		"another's path":    change(func(u *url.URL, _ url.Values) { u.Path = "/files/other/client.crt" }),
		"another file":      change(func(u *url.URL, _ url.Values) { u.Path = strings.Replace(u.Path, "client", "ca", 1) }),
		"expiry no number":  change(func(_ *url.URL, q url.Values) { q.Set("Expires", "soon") }),
		"folder of files":   srv.URL() + "/files/",
		"missing signature": change(func(_ *url.URL, q url.Values) { q.Del("Signature") }),
	} {
		t.Run(name, func(t *testing.T) {
			requireStorageError(t, download(t, srv, link), 403, "AccessDenied")
		})
	}
	put, err := do(srv, http.MethodPut, links.CaCrtUrl, "")
	require.NoError(t, err)
	requireStorageError(t, put, 405, "MethodNotAllowed")

	help := download(t, srv, links.SdkUrl)
	require.Equal(t, 200, help.status)
	require.Equal(t, "text/html;charset=utf-8", help.header.Get("Content-Type"))
	require.Contains(t, string(help.body), "<html>")

	advance := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	advance(time.Hour)
	require.Equal(t, 200, download(t, srv, links.ClientCrtUrl).status)
	advance(time.Second)
	requireStorageError(t, download(t, srv, links.ClientCrtUrl), 403, "AccessDenied")
	require.Len(t, srv.Requests(), 1, "downloads are not API requests")
}

func requireStorageError(t *testing.T, a answer, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.Contains(t, string(a.body), "<Error>")
	require.Contains(t, string(a.body), "<Code>"+code+"</Code>")
	require.Equal(t, "text/xml;charset=utf-8", a.header.Get("Content-Type"))
}

func TestDownloadFaults(t *testing.T) {
	t.Parallel()
	onBothTransports(t, func(t *testing.T, srv *baastest.Server) {
		link := apply(t, srv).DownloadPath.ClientCrtUrl
		whole := download(t, srv, link)
		parseCertificate(t, whole.body)
		srv.InjectDownload(
			baastest.Throttle(), baastest.Refuse(404, "NoSuchKey", "gone"), baastest.ServerErrorAfter(503),
			baastest.HangAfter(time.Millisecond), baastest.Fault{}, baastest.Respond(http.RedirectHandler("/", http.StatusFound)),
			baastest.DropBefore(), baastest.DropAfter(), baastest.TruncateAfter(27),
		)
		requireStorageError(t, download(t, srv, link), 503, "SlowDown")
		requireStorageError(t, download(t, srv, link), 404, "NoSuchKey")
		requireStorageError(t, download(t, srv, link), 503, "InternalError")
		for range 2 {
			require.Equal(t, whole.body, download(t, srv, link).body)
		}
		redirect, err := http.NewRequest(http.MethodGet, link, http.NoBody)
		require.NoError(t, err)
		resp, err := srv.HTTPClient().Transport.RoundTrip(redirect)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 302, resp.StatusCode)

		// A GET may be repeated by net/http after a reset of a used connection: a fresh one shows the reset.
		for range 2 {
			srv.HTTPClient().CloseIdleConnections()
			_, err = do(srv, http.MethodGet, link, "")
			requireReset(t, srv, err)
		}
		a, err := do(srv, http.MethodGet, link, "")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, "-----BEGIN CERTIFICATE-----", string(a.body))
		require.Equal(t, whole.body, download(t, srv, link).body)
	})
}
