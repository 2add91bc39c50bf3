package main

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
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

func TestInterrupt(t *testing.T) {
	t.Parallel()
	inFlight := func(t *testing.T, faults ...baastest.Fault) (*world, *terminal) {
		t.Parallel()
		w := newWorld(t).withPassword()
		w.srv.Inject(faults...)
		x := w.open(enrollLine, nil)
		for len(w.srv.Requests()) < len(faults) {
			x.expect("enrolling") // drawn again and again
		}
		x.send(ctrlC)
		return w, x
	}
	t.Run("in flight: the next run brings the key", func(t *testing.T) {
		w, x := inFlight(t, baastest.Fault{}, hang())
		x.expect("interrupted while an application was in flight: its outcome is unknown")
		x.expect("within five minutes")
		require.Equal(t, 3, x.wait())
		require.Equal(t, 3, w.run("status {dir}").code)
		r := w.run(enrollLine) // takes over after 15 s
		require.Zero(t, r.code)
		require.Contains(t, r.err, "another holder is enrolling: waiting for its key …")
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("in flight: what was carried out is not applied for again", func(t *testing.T) {
		w, x := inFlight(t, baastest.Fault{}, baastest.HangAfter(time.Hour))
		x.expect("its outcome is unknown")
		require.Equal(t, 3, x.wait())
		r := w.run(enrollLine + " --timeout 30s")
		requireLeftInFlight(t, r.code, r.err, "timed out")
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("in flight: another password in the second run", func(t *testing.T) {
		w, x := inFlight(t, baastest.Fault{}, hang())
		x.expect("its outcome is unknown")
		require.Equal(t, 3, x.wait())
		r := w.with(passwordVariable + "=mistyped").run(enrollLine + " --timeout 30s")
		require.Equal(t, 3, r.code)
		require.Contains(t, r.err, "timed out while an application was in flight: its outcome is unknown")
		require.Contains(t, r.err, "this run had another password")
		require.Contains(t, r.err, "within five minutes")
		w.must(enrollLine)
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("in flight: what was taken over is interrupted, too", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withPassword()
		w.srv.Inject(baastest.Fault{}, hang(), hang())
		killed := w.open(enrollLine, nil)
		for len(w.srv.Requests()) < 2 {
			killed.expect("enrolling")
		}
		require.NoError(t, killed.cmd.Process.Kill())
		require.Equal(t, -1, killed.wait())
		x := w.open(enrollLine, nil) // takes over after 15 s
		for len(w.srv.Requests()) < 3 {
			x.expect("taking over")
		}
		x.send(ctrlC)
		code := x.wait()
		requireLeftInFlight(t, code, x.all(), "interrupted")
		require.Contains(t, w.run("status {dir}").out, "id: Applying")
		w.must(enrollLine)
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("in flight: an application of --csr", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withPassword()
		w.srv.Inject(hang())
		x := w.open(enrollLine+" --csr", nil)
		for len(w.srv.Requests()) < 1 {
			x.expect("enrolling")
		}
		x.send(ctrlC)
		require.Equal(t, 3, x.wait())
		require.Contains(t, x.all(), "no reply: interrupted")
		require.Contains(t, x.all(), "the key is in "+w.dir)
		require.NotContains(t, x.all(), "*errors.")
	})
	t.Run("nothing in doubt", func(t *testing.T) {
		w, x := inFlight(t, hang())
		x.expect("antcert: ")
		require.Equal(t, 130, x.wait())
		require.Equal(t, 4, w.run("status {dir}").code)
		w.must(enrollLine)
	})
	t.Run("the key is stored", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withPassword()
		w.srv.InjectDownload(hang(), hang(), hang())
		x := w.open(enrollLine, nil)
		x.expect("enrolling")
		for w.srv.Issued() == 0 {
			x.expect("enrolling")
		}
		x.send(ctrlC)
		x.expect("antcert: ")
		require.Equal(t, 130, x.wait())
		require.Equal(t, 4, w.run("verify {dir}").code)
		w.must("complete {dir} --endpoint {url}")
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("while another holder enrolls", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withPassword()
		w.put(identity.Applying, 0)
		x := w.open(enrollLine, nil)
		x.expect("waiting for its key")
		x.send(ctrlC)
		x.expect("another holder is enrolling: host/1/ABC")
		require.Equal(t, 3, x.wait())
		require.Zero(t, w.srv.Issued())
	})
}

// requireLeftInFlight: the outcome is unknown, and the same command may still bring
// the key. Nothing is said of other folders, which would be a second application.
func requireLeftInFlight(t *testing.T, code int, text, cause string) {
	t.Helper()
	require.Equal(t, 3, code)
	require.Contains(t, text, cause+" while an application was in flight: its outcome is unknown, and a certificate for chain "+testChain+" may have been issued (nonce ")
	require.Contains(t, text, "next: run the same command again: within five minutes it may still bring the key")
	for _, wrong := range []string{"another holder is enrolling:", "the key is in", "another folder", "antcert complete"} {
		require.NotContains(t, text[strings.LastIndex(text, "antcert: "):], wrong)
	}
}
