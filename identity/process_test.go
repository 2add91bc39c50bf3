package identity

import (
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

var kills = flag.Int("identity.kills", 40, "how many processes to kill, each at a random moment of Ensure")

// An endpoint is a BaaS endpoint for other processes, with a proxy before it.
type endpoint struct {
	server *baastest.Server
	gate   *gate
	errand errand
	begun  atomic.Int64 // applications that have arrived at the gateway
	active sync.RWMutex // is read-locked while one is in the proxy or carried out
	queue  atomic.Pointer[queue]
}

// A queue holds the next application up in the proxy.
type queue struct {
	reached chan struct{} // is closed when the proxy has it
	wait    time.Duration
	keeps   bool // it is passed on although its client is gone
}

// pass waits in the queue. It reports false if the application is dropped.
func (q *queue) pass(r *http.Request) bool {
	close(q.reached)
	sleep(r.Context(), q.wait)
	return q.keeps || r.Context().Err() == nil
}

// newEndpoint starts one.
func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{server: baastest.NewServer()}
	t.Cleanup(e.server.Close)
	e.gate = &gate{to: e.server.HTTPClient().Transport, refuse: map[string]string{}}
	to, err := url.Parse(e.server.URL())
	require.NoError(t, err)
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: e, ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	})
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(front.Close)
	c, err := e.server.Credential().GetCredential()
	require.NoError(t, err)
	e.errand = errand{Endpoint: front.URL, ID: *c.AccessKeyId, Secret: *c.AccessKeySecret, Timeout: time.Minute, Speed: 1}
	return e
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Query().Get("Action"), "Apply") {
		e.active.RLock()
		defer e.active.RUnlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if q := e.queue.Swap(nil); q != nil && !q.pass(r) {
			return nil, r.Context().Err()
		}
		e.begun.Add(1)
		// The gateway goes on when its client is gone.
		again, err := http.NewRequest(r.Method, r.URL.String(), strings.NewReader(string(body)))
		if err != nil {
			return nil, err
		}
		again.Header, again.Host = r.Header, r.Host
		r = again
	}
	return e.gate.RoundTrip(r)
}

// TestProcesses: eight processes started at once on one Dir: one certificate,
// eight equal identities.
func TestProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short leaves out what starts processes")
	}
	for round := range 3 {
		t.Run(fmt.Sprint("round ", round+1), func(t *testing.T) {
			e := newEndpoint(t)
			job := e.errand
			job.Dir = filepath.Join(t.TempDir(), "a", "b")
			children := make([]*child, 8)
			for i := range children {
				children[i] = startChild(t, job)
			}
			var first report
			for i, c := range children {
				r, done := c.wait(t)
				require.True(t, done)
				require.Empty(t, r.Error)
				if i == 0 {
					first = r
				}
				require.Equal(t, first.Bundle, r.Bundle)
			}
			requireIdentity(t, Dir(job.Dir), &first.Bundle, nil)
			require.Equal(t, 1, e.server.Issued())
		})
	}
}

// TestKilled: a process is killed at a random moment of Ensure, and started
// again within or after the resend window.
func TestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short leaves out what starts many processes")
	}
	seed := mathrand.Uint64()
	t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 0))

	// How long an undisturbed one takes.
	e := newEndpoint(t)
	job := e.errand
	job.Dir = t.TempDir()
	start := time.Now()
	_, done := startChild(t, job).wait(t)
	require.True(t, done)
	whole := time.Since(start)

	counts := map[string]int{}
	for n := range *kills {
		k := kill{within: n%2 == 0, waiting: n%4 >= 2, after: time.Duration(random.Int64N(int64(whole))), kept: random.IntN(5) == 0}
		if k.waiting {
			k.after = time.Duration(random.Int64N(int64(queued + carriedOut)))
		}
		counts[k.String()+killOnce(t, e, k)]++
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%s: %d", what, counts[what])
	}
	require.NotZero(t, counts["at any moment, restarted within the window: identity"])
	if waited := "while waiting for the reply, restarted within the window: "; *kills >= 400 {
		require.Greater(t, counts[waited+"identity"], counts[waited+"in doubt"])
	}
}

// What a process waits for: its message is held up on the way, as it is by a
// proxy whose gateway is slow to take it, and then carried out. A proxy drops a
// message whose client is gone, but one in five passes it on all the same.
const (
	queued     = 270 * time.Millisecond
	carriedOut = 30 * time.Millisecond
)

// A kill says when a process is killed, and when it is started again.
type kill struct {
	waiting bool // once its message has left
	kept    bool // the message is passed on after the kill
	after   time.Duration
	within  bool // the resend window
}

func (k kill) String() string {
	when, again := "at any moment", "after"
	if k.waiting {
		when = "while waiting for the reply"
	}
	if k.within {
		again = "within"
	}
	return when + ", restarted " + again + " the window: "
}

func killOnce(t *testing.T, e *endpoint, k kill) string {
	before, begun := e.server.Issued(), e.begun.Load()
	job := e.errand
	job.Dir = filepath.Join(t.TempDir(), "id")
	q := &queue{reached: make(chan struct{}), wait: queued, keeps: k.kept}
	if k.waiting {
		e.queue.Store(q)
		e.server.Inject(baastest.HangAfter(carriedOut))
	}
	c := startChild(t, job)
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		if k.waiting {
			<-q.reached
		}
		sleep(t.Context(), k.after)
		_ = c.cmd.Process.Kill()
	}()
	_, _ = c.wait(t)
	<-killed
	arrived := e.begun.Load() > begun

	job.Speed = 300
	if !k.within {
		job.Ahead = 10 * time.Minute
	}
	r, done := startChild(t, job).wait(t)
	require.True(t, done)
	e.active.Lock()
	issued := e.server.Issued()
	e.active.Unlock()
	require.LessOrEqual(t, issued, before+1)
	if r.InDoubt {
		// On a busy machine the window can be over before the process has looked.
		late := r.Stalled > 300*time.Millisecond
		// And the killed one's message can arrive after the kill, beside its copy.
		arrived = arrived || e.begun.Load() > begun+1
		require.True(t, arrived || !k.within || late, "a message that never arrived is sent again: %s", r.Error)
		return "in doubt"
	}
	require.Empty(t, r.Error)
	requireIdentity(t, Dir(job.Dir), &r.Bundle, nil)
	require.Equal(t, before+1, issued)
	return "identity"
}
