package robust

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

const (
	soakCallers = 200
	longTimeout = 8 * time.Second // of an attempt of most callers
	lessTimeout = time.Second     // of the others, which often is too short here
	releaseEach = time.Second / 2 // stalled connections end
)

// A serverFault is a kind of fault behind the proxy.
type serverFault struct {
	name string
	make func(k *soak, random *mathrand.Rand) baastest.Fault
}

func fixed(f baastest.Fault) func(*soak, *mathrand.Rand) baastest.Fault {
	return func(*soak, *mathrand.Rand) baastest.Fault { return f }
}

// responding answers without issuing, and notes it: a status of 200 would pass
// for a certificate.
func responding(status int, body string) func(*soak, *mathrand.Rand) baastest.Fault {
	return func(k *soak, _ *mathrand.Rand) baastest.Fault {
		return baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if status == http.StatusOK {
				k.notIssued(r)
			}
			w.Header().Set("Location", "https://elsewhere.example/?a=b")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
	}
}

// serverFaults are the kinds that come beside those of the proxy.
var serverFaults = []serverFault{
	{"throttled", fixed(baastest.Throttle())},
	{"throttled with 503", fixed(baastest.Refuse(503, "Throttling.Api", "Request was denied due to api flow control."))},
	{"forbidden", fixed(baastest.Refuse(403, "Forbidden.RAM", "User not authorized to operate on the specified resource."))},
	{"unavailable", fixed(baastest.Refuse(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."))},
	{"nonce used, says the gateway", fixed(baastest.Refuse(400, "SignatureNonceUsed", "Specified signature nonce was used already."))},
	{"500 after issuing", fixed(baastest.ServerErrorAfter(500))},
	{"502 after issuing", fixed(baastest.ServerErrorAfter(502))},
	{"dropped before", func(k *soak, _ *mathrand.Rand) baastest.Fault {
		return baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			k.notIssued(r)
			panic(http.ErrAbortHandler)
		}))
	}},
	{"dropped after issuing", fixed(baastest.DropAfter())},
	{"slow", fixed(baastest.HangAfter(20 * time.Millisecond))},
	{"silent after issuing", fixed(baastest.HangAfter(lessTimeout + time.Second/2))},
	{"headers only", fixed(baastest.TruncateAfter(0))},
	{"cut off in the links", fixed(baastest.TruncateAfter(300))},
	{"cut off anywhere", func(_ *soak, random *mathrand.Rand) baastest.Fault { return baastest.TruncateAfter(random.IntN(2600)) }},
	{"429 of a load balancer", responding(429, "<html>slow down</html>")},
	{"408 of a load balancer", responding(408, "")},
	{"redirect", responding(307, "")},
	{"success without a result", responding(200, "{}")},
	{"a page in the place of a reply", responding(200, "<html>welcome</html>")},
}

// proxyActions are the kinds of the proxy, each in both directions.
var proxyActions = []action{cut, reset, stall, garble, split}

// A soak is the state that its callers share.
type soak struct {
	rig *rig

	mu       sync.Mutex
	random   *mathrand.Rand
	injected map[string]int
	answered map[string]int // by CommonName: requests that look like issued ones and are not
}

func (k *soak) notIssued(r *http.Request) {
	_ = r.ParseForm()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answered[r.Form.Get("CommonName")]++
}

// inject gives some request a fault.
func (k *soak) inject() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.random.IntN(2) == 0 {
		return
	}
	f := serverFaults[k.random.IntN(len(serverFaults))]
	k.injected[f.name]++
	k.rig.server.Inject(f.make(k, k.random))
}

// plan gives some connections a fault, somewhere in their first calls.
func (k *soak) plan(int) *plan {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.random.IntN(4) > 0 {
		return nil
	}
	do := proxyActions[k.random.IntN(len(proxyActions))]
	if do == stall && k.random.IntN(4) > 0 {
		return nil // each costs many calls their time
	}
	p := &plan{
		dir: direction(k.random.IntN(2)), at: k.random.IntN(20000), do: do,
		mask: byte(1) << k.random.IntN(7),
	}
	k.injected[fmt.Sprintf("%s in the %s", p.do, p.dir)]++
	return p
}

// issued counts the certificates of each call, from the server's record.
func (k *soak) issued() map[string]int {
	counts := make(map[string]int)
	for _, r := range k.rig.server.Requests() {
		lost := r.Status == 0 && r.Code == ""
		whole := r.Status == http.StatusOK && r.Code == ""
		failed := (r.Status == 500 || r.Status == 502) && r.Code == "InternalError"
		if lost || whole || failed {
			counts[r.Params.Get("CommonName")]++
		}
	}
	for name, n := range k.answered {
		counts[name] -= n
	}
	return counts
}

// TestSoak: 200 callers at once under 29 kinds of faults.
func TestSoak(t *testing.T) {
	w := watch(t)
	server := newServer()
	defer server.Close()
	r := newRig(t, server, false)
	k := &soak{rig: r, random: newRandom(t), injected: make(map[string]int), answered: make(map[string]int)}
	require.Equal(t, 29, len(serverFaults)+2*len(proxyActions))
	var callers []*caller
	for i, s := range setups() {
		limit := longTimeout
		if i%4 == 0 {
			limit = lessTimeout
		}
		callers = append(callers, r.caller(t, s, baas.WithAttemptTimeout(limit)))
	}
	var sum tally
	sum.add(callers[1].apply(t.Context(), "first.example.com", "soak, before the faults")) // makes the server's CA
	for _, g := range r.gates {
		g.proxy.arm(false, k.plan)
	}
	k.run(t.Context(), callers, &sum)
	for _, c := range callers {
		c.closeIdle()
	}
	r.close()
	server.Close()
	w.nothingLeft(t)
	counts := k.issued()
	sum.check(t, r, func(name string) int { return counts[name] }, 4*longTimeout+slack, 0)
	sum.requireIssued(t, server)
	t.Logf("%v; faults: %v", &sum, k.injected)
}

// run has 200 callers make calls until the time is over, and lets the last
// ones end without further faults.
func (k *soak) run(ctx context.Context, callers []*caller, sum *tally) {
	until, cancel := context.WithTimeout(ctx, *soakFor)
	defer cancel()
	var running sync.WaitGroup
	for i := range soakCallers {
		running.Go(func() {
			for n := 0; until.Err() == nil; n++ {
				k.inject()
				c := callers[(i+n)%len(callers)]
				name := fmt.Sprintf("call-%d-%d.example.com", i, n)
				got := c.apply(ctx, name, "soak, "+name)
				got.garbled = true // any call may have met a garbled byte
				sum.add(got)
			}
		})
	}
	ticker := time.NewTicker(releaseEach)
	defer ticker.Stop()
	for until.Err() == nil {
		select {
		case <-ticker.C:
		case <-until.Done():
			for _, g := range k.rig.gates {
				g.proxy.arm(false, nil)
			}
		}
		for _, g := range k.rig.gates {
			g.proxy.release()
		}
	}
	running.Wait()
}
