package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// TestCompressingProxy: neither the key nor a file is lost behind a proxy that
// compresses as it likes.
func TestCompressingProxy(t *testing.T) {
	for coding, open := range map[string]testkit.Coding{"br": testkit.Brotli, "zstd": testkit.Zstandard} {
		t.Run(coding, func(t *testing.T) {
			w := newWorld(t).withPassword()
			to, err := url.Parse(w.srv.URL())
			require.NoError(t, err)
			front := httptest.NewServer(&httputil.ReverseProxy{
				Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
				ModifyResponse: func(r *http.Response) error {
					body, err := io.ReadAll(r.Body)
					_ = r.Body.Close()
					body = bytes.ReplaceAll(body, []byte(to.Host), []byte(r.Request.Header.Get("X-Forwarded-Host")))
					r.Header.Set("Content-Encoding", coding)
					r.Header.Del("Content-Length")
					r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(testkit.Pack(t, body, open))), -1
					return err
				},
			})
			defer front.Close()
			w.must(strings.ReplaceAll(enrollLine, "{url}", front.URL))
			w.must("verify {dir}")
			require.Equal(t, 1, w.srv.Issued())
		})
	}
}

// TestHostileText: what the service says does nothing to a terminal.
func TestHostileText(t *testing.T) {
	w := newWorld(t, baastest.WithConsortium(baastest.Consortium{Name: "a\x1b[31m\r\nb\u202ec\u009b"}))
	require.Contains(t, w.must("chains --endpoint {url}"), "a [31m  b c")
	w.srv.Inject(baastest.Refuse(400, "InvalidParameter", "x\x1b]0;y\ay"), baastest.Refuse(400, "InvalidParameter", "x\x1b]0;y\ay"))
	require.NotContains(t, w.run("chains --endpoint {url}").err, "\x1b")
}

// TestConnectAdvice: where a connection fails, the flag that helps is named.
func TestConnectAdvice(t *testing.T) {
	for _, row := range []struct {
		name, flag string
		says       string
		issuance   baastest.Issuance
		node       []baastest.NodeOption
	}{
		{"SHA-1", "--allow-sha1", "try --allow-sha1", baastest.Console2021, nil},
		{"no curve", "--allow-rsa-key-exchange", "try --allow-rsa-key-exchange", baastest.Modern, []baastest.NodeOption{baastest.NoCurves()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, baastest.WithIssuance(row.issuance)).withPassword()
			node := w.srv.NewNode(row.node...)
			w.must(enrollLine)
			line := "connect {dir} --node " + node.Addr()
			r := w.run(line)
			require.Equal(t, 1, r.code)
			require.Contains(t, r.err, row.says)
			require.Contains(t, w.must(line+" "+row.flag), "hello ")
			require.Contains(t, w.must("nodes --endpoint {url} --show-pins --chain "+testChain), certbundle.Pin(node.Certificate()))
		})
	}
	w := newWorld(t).withPassword()
	node, other := w.srv.NewNode(), baastest.NewServer()
	t.Cleanup(other.Close)
	w.must(enrollLine)
	t.Run("another pin", func(t *testing.T) {
		r := w.run("connect {dir} --node " + node.Addr() + " --pin " + certbundle.Pin(other.NewNode().Certificate()))
		require.Equal(t, 1, r.code)
		require.Contains(t, r.err, "--pin "+certbundle.Pin(node.Certificate()))
	})
	t.Run("one of several pins", func(t *testing.T) {
		w.must("connect {dir} --node " + node.Addr() + " --pin " + certbundle.Pin(other.NewNode().Certificate()) + " --pin " + certbundle.Pin(node.Certificate()))
	})
	t.Run("the node of another chain", func(t *testing.T) {
		r := w.run("connect {dir} --node " + other.NewNode().Addr())
		require.Equal(t, 1, r.code)
		require.Contains(t, r.err, "no node of this chain")
	})
	t.Run("a node that refuses the certificate", func(t *testing.T) {
		stranger := other.NewNode()
		r := w.run("connect {dir} --node " + stranger.Addr() + " --pin " + certbundle.Pin(stranger.Certificate()))
		require.Equal(t, 1, r.code)
		require.Contains(t, r.err, "does not accept this certificate")
	})
	t.Run("nobody there", func(t *testing.T) {
		r := w.run("connect {dir} --node 127.0.0.1:1")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.err, "check the address")
	})
}
