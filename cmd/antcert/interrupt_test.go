package main

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// silence listens, and says nothing.
func silence(t *testing.T) (host, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	host, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return host, port
}

// TestInterruptWithNothingInDoubt: Ctrl-C ends every command that waits for
// somebody.
func TestInterruptWithNothingInDoubt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, line string
		prepare    func(t *testing.T, w *world)
		doing      string
	}{
		{"chains", "chains --endpoint {url}", func(_ *testing.T, w *world) { w.srv.Inject(hang()) }, "asking for consortiums"},
		{"nodes", "nodes --chain x --endpoint {url}", func(_ *testing.T, w *world) { w.srv.Inject(hang()) }, "asking for the nodes"},
		{"nodes that show no pin", "nodes --chain x --endpoint {url} --show-pins", func(t *testing.T, w *world) {
			host, port := silence(t)
			w.srv.Handle("DescribeAntChainNodes", func(url.Values) (any, error) {
				return []any{map[string]any{"endpoints": []any{map[string]any{"ip": host, "port": port}}}}, nil
			})
		}, "asking for the nodes"},
		{"connect", "connect {dir} --node NODE", func(_ *testing.T, w *world) { w.must(enrollLine) }, "connecting to"},
		{"complete", "complete {dir} --endpoint {url}", func(_ *testing.T, w *world) {
			w.srv.InjectDownload(hang(), hang(), hang(), hang(), hang(), hang())
			require.NotZero(w, w.run(enrollLine+" --timeout 10s").code)
			w.srv.Inject(hang())
		}, "getting the files"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withPassword()
			row.prepare(t, w)
			host, port := silence(t)
			x := w.open(strings.Replace(row.line, "NODE", net.JoinHostPort(host, port), 1), nil)
			x.expect(row.doing)
			x.send(ctrlC)
			x.expect("antcert: ")
			require.Equal(t, 130, x.wait())
			require.NotContains(t, x.all(), "next:")
		})
	}
}
