package baastest_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
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
	const query = `\?Expires=\d+&OSSAccessKeyId=\w+&Signature=[\w%]+&response-content-disposition=attachment%3B%20filename%3D`
	server := "^" + regexp.QuoteMeta(srv.URL())
	require.Regexp(t, server+`/aliyun_1q8B5R9p_mychain010/certificate/[0-9a-f]{64}\.crt`+query+`client\.crt$`, links.ClientCrtUrl)
	require.Regexp(t, server+`/mvp_1q8B5R9p_mychain010/ca\.crt`+query+`ca\.crt$`, links.CaCrtUrl)
	require.Regexp(t, server+`/mvp_1q8B5R9p_mychain010/trustCa`+query+`trustCa$`, links.TrustCaUrl)
	saved := download(t, srv, links.ClientCrtUrl)
	require.Equal(t, "attachment; filename=client.crt", saved.header.Get("Content-Disposition"))

	for name, tt := range map[string]struct{ link, code string }{
		"without query":     {change(func(_ *url.URL, q url.Values) { clear(q) }), "AccessDenied"},
		"wrong signature":   {change(func(_ *url.URL, q url.Values) { q.Set("Signature", "AAAA") }), "SignatureDoesNotMatch"},
		"later expiry":      {change(func(_ *url.URL, q url.Values) { q.Set("Expires", "99999999999") }), "SignatureDoesNotMatch"},
		"other key ID":      {change(func(_ *url.URL, q url.Values) { q.Set("OSSAccessKeyId", "other") }), "InvalidAccessKeyId"},
		"another's path":    {change(func(u *url.URL, _ url.Values) { u.Path = "/aliyun_1q8B5R9p_mychain010/certificate/other.crt" }), "SignatureDoesNotMatch"},
		"another chain":     {change(func(u *url.URL, _ url.Values) { u.Path = strings.Replace(u.Path, "1q8", "2q8", 1) }), "SignatureDoesNotMatch"},
		"another name":      {change(func(_ *url.URL, q url.Values) { q.Set("response-content-disposition", "inline") }), "SignatureDoesNotMatch"},
		"expiry no number":  {change(func(_ *url.URL, q url.Values) { q.Set("Expires", "soon") }), "AccessDenied"},
		"folder of files":   {srv.URL() + "/mvp_", "AccessDenied"},
		"missing signature": {change(func(_ *url.URL, q url.Values) { q.Del("Signature") }), "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			requireStorageError(t, download(t, srv, tt.link), 403, tt.code)
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

func TestLinkLifetime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		life, later time.Duration
		status      int
	}{
		{time.Minute, time.Minute, 200},
		{time.Minute, time.Minute + time.Second, 403},
		{48 * time.Hour, 48 * time.Hour, 200},
		{0, 0, 403},
		{-time.Hour, 0, 403},
	} {
		var mu sync.Mutex
		now := time.Now()
		srv := newServer(t, baastest.WithLinkLifetime(tt.life), baastest.WithClock(func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}))
		links := apply(t, srv).DownloadPath
		mu.Lock()
		now = now.Add(tt.later)
		mu.Unlock()
		for _, link := range []string{links.CaCrtUrl, links.ClientCrtUrl, links.TrustCaUrl} {
			a := download(t, srv, link)
			require.Equal(t, tt.status, a.status, "%v after %v: %s", tt.life, tt.later, a.body)
			if tt.status == 403 {
				requireStorageError(t, a, 403, "AccessDenied")
				require.Contains(t, string(a.body), "<Message>Request has expired.</Message>")
			}
		}
	}
}

// Chain IDs are arbitrary text.
func TestLinksOfAnyChain(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for _, chain := range []string{"../..", "a/b?c#d", "区块链 %2F", "*'()&+"} {
		v := application(t, srv, time.Now())
		v.Set("AntChainId", chain)
		links := mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv))).result(t).DownloadPath
		for _, link := range []string{links.CaCrtUrl, links.ClientCrtUrl, links.TrustCaUrl} {
			require.Equal(t, 200, download(t, srv, link).status, link)
		}
	}
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
