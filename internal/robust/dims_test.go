package robust

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// A setup is one way to make a client.
type setup struct {
	name     string
	protocol protocol
	given    bool // the client is given an *http.Transport
	wrapped  bool // one in a RoundTripper that hides it
	keeps    bool // and that keeps connections, though the client asks it not to
	options  []baas.Option
}

// A dimension is one thing in which clients differ; one of its choices holds.
type dimension []choice

type choice struct {
	name string
	set  func(*setup)
}

// dimensions are multiplied: every test of setups runs with each combination.
// A new one, or a new choice of an old one, is one line.
var dimensions = []dimension{
	{
		{"own transport", func(*setup) {}},
		{"given transport", func(s *setup) { s.given = true }},
		{"wrapped transport", func(s *setup) { s.wrapped = true }},
	},
	{
		{"body", func(*setup) {}},
		{"query", func(s *setup) { s.options = append(s.options, baas.WithParamsInQuery()) }},
	},
	{
		{"HTTP/1", func(s *setup) { s.protocol = http1 }},
		{"TLS with HTTP/2", func(s *setup) { s.protocol = http2 }},
	},
	{
		{"version 2", func(*setup) {}},
		{"version 3", func(s *setup) { s.options = append(s.options, baas.WithSignatureVersion(baas.SignatureV3)) }},
	},
}

// setups lists all combinations that this system can have.
func setups() []setup {
	list := []setup{{}}
	for _, d := range dimensions {
		var longer []setup
		for _, s := range list {
			for _, c := range d {
				next := s
				next.options = append([]baas.Option(nil), s.options...)
				c.set(&next)
				next.name += ", " + c.name
				longer = append(longer, next)
			}
		}
		list = longer
	}
	possible := list[:0]
	for _, s := range list {
		s.name = s.name[2:]
		if s.own() && s.protocol == http2 && runtime.GOOS != "linux" {
			continue // no way to make the system's roots trust the proxy
		}
		possible = append(possible, s)
	}
	return possible
}

func (s *setup) own() bool { return !s.given && !s.wrapped }

// A caller is a client with what its test needs to know of it.
type caller struct {
	rig       *rig
	gate      *gate
	client    *baas.Client
	closeIdle func()
}

// caller makes a client. It waits for milliseconds between attempts, unless
// options say otherwise.
func (r *rig) caller(t testing.TB, s setup, options ...baas.Option) *caller {
	c := &caller{rig: r, gate: r.gates[s.protocol]}
	all := []baas.Option{
		baas.WithEndpoint(c.gate.url), baas.WithCredential(r.server.Credential()), baas.WithLogger(r.logger),
		baas.WithRetryPolicy(quick),
	}
	all = append(all, s.options...)
	if !s.own() {
		transport := c.gate.transport()
		c.closeIdle = transport.CloseIdleConnections
		hc := &http.Client{Transport: transport}
		if s.wrapped {
			hc.Transport = &wrapper{transport, s.keeps}
		}
		all = append(all, baas.WithHTTPClient(hc))
	}
	client, err := baas.NewClient(append(all, options...)...)
	require.NoError(t, err)
	c.client = client
	if s.own() {
		c.closeIdle = client.CloseIdleConnections
	}
	t.Cleanup(c.closeIdle)
	return c
}

var quick = baas.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond}

// transport is what a user would give the client to get through this gate.
func (g *gate) transport() *http.Transport {
	t := &http.Transport{MaxIdleConnsPerHost: 16}
	if g.proxy.tls != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: authority.roots}
		t.ForceAttemptHTTP2 = true
	}
	if g.dial != nil {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return g.dial(ctx) }
	}
	return t
}

// A wrapper hides its transport, clones the request and puts a body of its own
// around the request's, as the transports that trace and measure do.
type wrapper struct {
	next  http.RoundTripper
	keeps bool
}

func (w *wrapper) RoundTrip(r *http.Request) (*http.Response, error) {
	clone := r.Clone(r.Context())
	clone.Close = r.Close && !w.keeps
	if r.Body != nil && r.Body != http.NoBody {
		clone.Body = &countedBody{ReadCloser: r.Body}
	}
	resp, err := w.next.RoundTrip(clone)
	if err == nil {
		resp.Body = &countedBody{ReadCloser: resp.Body}
	}
	return resp, err
}

// A countedBody counts what is read, for a measurement.
type countedBody struct {
	io.ReadCloser
	read int
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += n
	return n, err
}

// hasEnd reports whether a key has its last line.
func hasEnd(key string) bool { return bytes.Contains([]byte(key), []byte("-----END ")) }
