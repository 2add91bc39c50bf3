package identity

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var wholeModel = flag.Bool("identity.model", false, "look at the whole of each model: some minutes, 4 GB")

// A check explores a model, breadth first.
type check struct {
	m      *model
	number map[world]int32
	worlds []world
	parent []int32
	steps  []step
	back   [][2]int32 // progress: from, to
	limit  int        // of states; 0 is none
	faults uint8      // in a run; 0 is any number
	cut    bool
}

// run returns what is wrong, with the trace to it, or "".
func (c *check) run() string {
	c.number = map[world]int32{}
	c.visit(c.m.initial(), -1, step{})
	for n := int32(0); int(n) < len(c.worlds); n++ {
		if c.limit > 0 && len(c.worlds) > c.limit {
			c.cut = true
			break
		}
		edges := c.m.edges(c.worlds[n])
		for _, e := range edges {
			if e.fault && c.faults > 0 {
				if e.to.faults++; e.to.faults > c.faults {
					continue
				}
			}
			to := c.visit(e.to, n, e.step)
			if e.violation != "" {
				return e.violation + ":\n" + c.trace(n) + e.step.String()
			}
			if !e.fault {
				c.back = append(c.back, [2]int32{n, to})
			}
		}
	}
	if c.cut {
		return ""
	}
	return c.stuck()
}

func (c *check) visit(w world, from int32, what step) int32 {
	n, ok := c.number[w]
	if !ok {
		n = int32(len(c.worlds))
		c.number[w] = n
		c.worlds = append(c.worlds, w)
		c.parent = append(c.parent, from)
		c.steps = append(c.steps, what)
	}
	return n
}

func (c *check) trace(n int32) string {
	var steps []string
	for ; n > 0; n = c.parent[n] {
		steps = append(steps, c.steps[n].String())
	}
	slices.Reverse(steps)
	return strings.Join(steps, "\n") + "\n"
}

// stuck finds a state from which no end is reached without another fault.
func (c *check) stuck() string {
	first := make([]int32, len(c.worlds)+1)
	for _, e := range c.back {
		first[e[1]+1]++
	}
	for i := range c.worlds {
		first[i+1] += first[i]
	}
	from := make([]int32, len(c.back))
	at := slices.Clone(first)
	for _, e := range c.back {
		from[at[e[1]]] = e[0]
		at[e[1]]++
	}
	ends := make([]bool, len(c.worlds))
	var queue []int32
	for n, w := range c.worlds {
		if c.m.over(&w) {
			ends[n] = true
			queue = append(queue, int32(n))
		}
	}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, f := range from[first[n]:first[n+1]] {
			if !ends[f] {
				ends[f] = true
				queue = append(queue, f)
			}
		}
	}
	for n, ok := range ends {
		if !ok {
			return "a run is stuck:\n" + c.trace(int32(n))
		}
	}
	return ""
}

// over reports whether all calls have ended.
func (m *model) over(w *world) bool {
	for _, h := range w.h {
		if h.alive && h.next != finish {
			return false
		}
	}
	return true
}

// TestModel: never two certificates without a Clear, never a dropped key, no
// run that is stuck.
func TestModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		holders, stamps int
		clears, prunes  bool
		otherHost       bool
		faults          uint8 // in a run, as a whole; 0 is any number
		states, most    int   // how many are looked at by default, and as a whole; 0 is all there are
	}{
		{name: "two holders, one message, a Clear", holders: 2, stamps: 1, clears: true, states: 300_000},
		{name: "two holders at two hosts", holders: 2, stamps: 1, otherHost: true},
		{name: "two holders, two messages", holders: 2, stamps: 2, states: 150_000},
		{name: "two holders, two messages, a Clear, deleted versions", holders: 2, stamps: 2, clears: true, prunes: true, faults: 3, states: 150_000},
		{name: "three holders, one message", holders: 3, stamps: 1, faults: 2, states: 150_000},
		{name: "three holders, three messages, a Clear, deleted versions", holders: 3, stamps: 3, clears: true, prunes: true, states: 150_000, most: 5_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newModel(c.holders, c.stamps)
			m.clears, m.prunes = c.clears, c.prunes
			if c.otherHost {
				m.hosts[1] = 1
			}
			k := &check{m: m, limit: c.states}
			if *wholeModel {
				k.limit, k.faults = c.most, c.faults
			}
			require.Empty(t, k.run())
			extent := "all"
			if k.cut {
				extent = "the first"
			}
			t.Logf("%s %d states; a call has %d", extent, len(k.worlds), len(m.protocols))
		})
	}
}

// TestModelMutants: without any one of the rules the model fails.
func TestModelMutants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule    string
		without rules
		stamps  int
		fails   string
	}{
		{"the fence", rules{noFence: true}, 2, "a stored key is dropped"},
		{"the holder per call", rules{oneHolder: true}, 2, "two certificates"},
		{"Empty by version", rules{blindEmpty: true}, 2, "a stored key is dropped"},
		{"Clear's wait", rules{clearAtOnce: true}, 2, "two certificates"},
		{"the digest's host", rules{anyHost: true}, 1, "two certificates"},
		{"the listing after the link", rules{noListing: true}, 2, "two certificates"},
		{"the wait after a conflict", rules{blindToConflict: true}, 1, "a stale Load ends a call"},
		{"the key that wins", rules{keyOnlyByHolder: true}, 1, "a key is not stored over the record of its Stamp"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			m := newModel(2, c.stamps)
			m.rules = c.without
			m.clears, m.prunes = c.without.clearAtOnce, c.without.noListing
			if c.without.anyHost {
				m.hosts[1] = 1
			}
			k := &check{m: m, limit: 300_000}
			found := k.run()
			require.Contains(t, found, c.fails)
			t.Logf("%d states\n%s", len(k.worlds), found)
		})
	}
}
