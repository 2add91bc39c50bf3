package robust

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// A job is one call with one fault.
type job struct {
	setup  setup
	reused bool // over a connection that an earlier call has used
	all    bool // on every connection of the call
	plan   plan
}

func (j *job) String() string {
	s := fmt.Sprintf("%s, %s at byte %d of the %s", j.setup.name, j.plan.do, j.plan.at, j.plan.dir)
	if j.plan.do == garble {
		s += fmt.Sprintf(" by %#02x", j.plan.mask)
	}
	if j.reused {
		s += ", connection reused"
	}
	if j.all {
		return s + ", all attempts"
	}
	return s + ", first attempt"
}

const (
	usualTimeout = 20 * time.Second       // of an attempt: longer than any pause of a busy machine
	stallTimeout = 150 * time.Millisecond // of one that is to end so
	slack        = 2 * time.Minute        // for a busy machine: what hangs, hangs for longer
)

// TestEveryPosition breaks calls at positions of request and reply, in every
// way and with every kind of client.
func TestEveryPosition(t *testing.T) {
	w := watch(t)
	random := newRandom(t)
	step, workers := strideOf(t), 4
	if *full {
		workers = 16 // most of which wait for a stall to end
	}
	rigs := make([]*rig, workers)
	for i := range rigs {
		rigs[i] = newRig(t, sharedServer, false)
	}
	faults := make(map[string]int)
	var list []job
	for _, s := range setups() {
		list = append(list, jobsOf(s, lengthsOf(t, rigs[0], s), step, random)...)
	}
	before := sharedServer.Issued()
	jobs := make(chan job)
	tallies := make([]tally, workers)
	var running sync.WaitGroup
	for i, r := range rigs {
		running.Go(func() { tallies[i].work(t, r, fmt.Sprintf("sweep-%d", i), jobs) })
	}
	for _, j := range list {
		faults[j.plan.do.String()]++
		jobs <- j
	}
	close(jobs)
	running.Wait()
	w.nothingLeft(t)
	total := tally{before: before}
	for i := range tallies {
		tallies[i].check(t, rigs[i], rigs[i].ledger.issued, slack, 0)
		total.merge(&tallies[i])
	}
	total.requireIssued(t, sharedServer)
	t.Logf("one position of %d; faults: %v; %v", step, faults, &total)
}

func strideOf(t *testing.T) int {
	switch {
	case *full:
		return 1
	case *stride > 0:
		return *stride
	case raceEnabled || testing.Short():
		return 2503
	}
	t.Log("a stride over the positions; -robust.full tries all of them")
	return 1009
}

// jobsOf lists the faults of one setup, each at every step-th position.
func jobsOf(s setup, lengths [2]int, step int, random *mathrand.Rand) []job {
	var list []job
	for _, dir := range []direction{request, reply} {
		for _, do := range []action{cut, reset, stall, garble, split, cancel} {
			for _, kind := range []job{{}, {all: true}, {reused: true}} {
				wide := step
				if do == stall && step > 1 {
					wide *= 3 // each takes its time
				}
				for at := random.IntN(wide); at < lengths[dir]; at += wide {
					kind.setup = s
					kind.plan = plan{dir: dir, at: at, do: do, mask: byte(1) << random.IntN(7)}
					list = append(list, kind)
				}
			}
		}
	}
	return list
}

// lengthsOf measures what an undisturbed call sends and receives.
func lengthsOf(t *testing.T, r *rig, s setup) [2]int {
	c := r.caller(t, s)
	defer c.closeIdle()
	c.gate.proxy.arm(false, nil)
	_, err := c.client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(s.name))
	require.NoError(t, err)
	return [2]int{c.gate.proxy.longest(request), c.gate.proxy.longest(reply)}
}

// work does jobs on a rig, one at a time, and closes it.
func (s *tally) work(t *testing.T, r *rig, prefix string, jobs <-chan job) {
	const many = 2000
	callers := make(map[string]*caller)
	for j := range jobs {
		if len(s.results) == many {
			s.check(t, r, r.ledger.issued, slack, many/2)
		}
		key := fmt.Sprint(j.setup.name, j.mayHang())
		c := callers[key]
		if c == nil {
			c = r.caller(t, j.setup, optionsOf(j)...)
			callers[key] = c
		}
		s.add(c.sweep(t, j, fmt.Sprintf("%s-%d.example.com", prefix, s.calls)))
	}
	for _, c := range callers {
		c.closeIdle()
	}
	r.close()
}

func optionsOf(j job) []baas.Option {
	if !j.mayHang() {
		return []baas.Option{baas.WithAttemptTimeout(usualTimeout)}
	}
	policy := quick
	policy.MaxAttempts = 2
	return []baas.Option{baas.WithAttemptTimeout(stallTimeout), baas.WithRetryPolicy(policy)}
}

// mayHang reports whether an attempt may wait until its time is over: a changed
// length announces bytes that never come.
func (j *job) mayHang() bool { return j.plan.do == stall || j.plan.do == garble }

// sweep makes the call of a job.
func (c *caller) sweep(t *testing.T, j job, name string) result {
	c.closeIdle()
	if j.reused {
		c.gate.proxy.arm(false, nil)
		// On a machine so busy that this times out, the connection is a new one.
		_ = c.client.Do(t.Context(), baas.Operation{Action: actionNothing, ReadOnly: true}, nil)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.gate.proxy.arm(j.reused, func(n int) *plan {
		if n > 0 && !j.all {
			return nil
		}
		p := j.plan
		p.cancel = cancel
		return &p
	})
	got := c.apply(ctx, name, j.String())
	got.garbled = j.plan.do == garble && j.plan.dir == reply
	j.needless(t, c, &got)
	return got
}

// needless asserts what a call must come to, beyond what it must not. Of a
// wrapped transport nothing is asked here: it may insist on one connection.
func (j *job) needless(t *testing.T, c *caller, got *result) {
	issued := len(c.rig.ledger.keys(got.name))
	switch {
	case j.plan.do == split && got.err != nil:
		t.Errorf("%s: nothing is wrong, and the call fails: %v", j, got.err)
	case got.err == nil || j.all || j.setup.wrapped:
	case (j.plan.do == cut || j.plan.do == reset) && issued == 0:
		t.Errorf("%s: nothing was issued, the next attempt had nothing in its way, and the call fails: %v", j, got.err)
	}
	if j.setup.protocol == http1 && j.plan.do == cut && got.err != nil && c.gate.proxy.deliveredKey() {
		t.Errorf("%s: the key had arrived, and the call fails: %v", j, got.err)
	}
}
