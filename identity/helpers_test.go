package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

const keyPassword = "pä ss+w*rd~&%=/ 密码"

func newRequest() *request {
	return &request{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "app-1", CountryName: "CN",
		StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou", OrganizationName: "Example & Co",
		OrganizationUnitName: "Q+A", Password: keyPassword,
	}
}

// A gate stands before a server and answers the actions that this does not know.
type gate struct {
	to http.RoundTripper

	mu        sync.Mutex
	links     json.RawMessage // of the latest certificate
	describes []string        // actions, in order
	regions   []string        // of the same
	refuse    map[string]string
	noLinks   bool // replies to applications have none
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	action := r.URL.Query().Get("Action")
	if strings.HasPrefix(action, "Describe") {
		region := r.URL.Query().Get("RegionId")
		if r.Body != nil {
			body, _ := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if form, err := url.ParseQuery(string(body)); err == nil && form.Has("RegionId") {
				region = form.Get("RegionId")
			}
		}
		return g.describe(r, action, region), nil
	}
	resp, err := g.to.RoundTrip(r)
	if err == nil && action != "" {
		body, errRead := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		body = g.keepLinks(body)
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), errReader{errRead}))
		resp.ContentLength = -1
		resp.Header.Del("Content-Length")
	}
	return resp, err
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) {
	if r.err == nil {
		return 0, io.EOF
	}
	return 0, r.err
}

func (g *gate) keepLinks(body []byte) []byte {
	var reply struct {
		Data struct {
			Result struct{ DownloadPath json.RawMessage }
		} `json:"data"`
	}
	if json.Unmarshal(body, &reply) != nil || reply.Data.Result.DownloadPath == nil {
		return body
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.links = reply.Data.Result.DownloadPath
	if g.noLinks {
		return bytes.Replace(body, g.links, []byte("{}"), 1)
	}
	return body
}

func (g *gate) describe(r *http.Request, action, region string) *http.Response {
	g.mu.Lock()
	defer g.mu.Unlock()
	refuse, refused := g.refuse[action]
	if strings.HasPrefix(action, actionPaths) {
		g.describes, g.regions = append(g.describes, action), append(g.regions, region)
	} else { // a client that asks for the time
		refuse, refused = "InvalidAction.NotFound", true
	}
	status, body := 200, `{"RequestId":"r-1","Result":`+string(g.links)+`}`
	if refused {
		status, body = 400, `{"RequestId":"r-2","HostId":"h","Code":"`+refuse+`","Message":"no"}`
	}
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}},
	}
}

// A site is a BaaS endpoint in memory, usable in a synctest bubble.
type site struct {
	server *baastest.Server
	gate   *gate
	client *baas.Client
	hc     *http.Client
}

func newSite(t testing.TB, opts ...baastest.Option) *site {
	server := baastest.NewServer(append([]baastest.Option{baastest.WithInMemory()}, opts...)...)
	t.Cleanup(server.Close)
	s := &site{server: server, gate: &gate{to: server.HTTPClient().Transport, refuse: map[string]string{}}}
	s.hc = &http.Client{Transport: s.gate}
	s.client = server.Client(baas.WithHTTPClient(s.hc))
	return s
}

func (s *site) ensure(ctx context.Context, store Store, opts ...Option) (*certbundle.Bundle, error) {
	return Ensure(ctx, s.client, store, newRequest(), append([]Option{WithDownload(certbundle.WithHTTPClient(s.hc))}, opts...)...)
}

// requireState returns the record of a store, whose State is want.
func requireState(t testing.TB, store Loader, want State) Record {
	t.Helper()
	r, err := Inspect(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, want, r.State)
	return r
}

// requireIdentity checks a whole identity, the one that is in the store.
func requireIdentity(t testing.TB, store Loader, b *certbundle.Bundle, err error) {
	t.Helper()
	require.NoError(t, err)
	_, err = b.Verify(keyPassword)
	require.NoError(t, err)
	r, err := Inspect(context.Background(), store)
	require.NoError(t, err)
	require.Equal(t, Complete, r.State)
	require.Equal(t, r.Bundle, *b)
}

func withApply(f applyFunc) Option { return func(o *options) { o.apply = f } }

// withFastClock makes time pass speed times as fast.
func withFastClock(ahead, speed time.Duration) Option {
	start := time.Now()
	c := clock{
		now: func() (time.Time, time.Duration) {
			mono := speed * time.Since(start)
			return start.Round(0).Add(ahead + mono), mono
		},
		sleep: func(ctx context.Context, d time.Duration) { sleep(ctx, d/speed) },
	}
	return func(o *options) { o.clock = c }
}

// A logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logBook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *logBook) option() Option { return WithLogger(l.logger()) }

func (l *logBook) has(text string) bool { return l.count(text) > 0 }

func (l *logBook) count(text string) int { return strings.Count(l.String(), text) }
