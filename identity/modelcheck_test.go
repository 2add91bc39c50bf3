package identity

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var wholeModel = flag.Bool("identity.model", false, "check the model of three holders as a whole")

// A check explores a model, breadth first.
type check struct {
	m       *model
	number  map[world]int32
	worlds  []world
	parent  []int32
	label   []string
	back    [][2]int32 // progress: from, to
	limit   int        // of states; 0 is none
	cut     bool
	reports int
}

// run returns what is wrong, with the trace to it, or "".
func (c *check) run() string {
	c.number = map[world]int32{}
	c.visit(c.m.initial(), -1, "")
	for n := int32(0); int(n) < len(c.worlds); n++ {
		if c.limit > 0 && len(c.worlds) > c.limit {
			c.cut = true
			break
		}
		edges := c.m.edgesOf(c.worlds[n])
		for _, e := range edges {
			to := c.visit(e.to, n, e.label)
			if e.violation != "" {
				return e.violation + ":\n" + c.trace(n) + e.label
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

func (c *check) visit(w world, from int32, label string) int32 {
	n, ok := c.number[w]
	if !ok {
		n = int32(len(c.worlds))
		c.number[w] = n
		c.worlds = append(c.worlds, w)
		c.parent = append(c.parent, from)
		c.label = append(c.label, label)
	}
	return n
}

func (c *check) trace(n int32) string {
	var steps []string
	for ; n > 0; n = c.parent[n] {
		steps = append(steps, c.label[n])
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

type judgedEdge struct {
	edge
	violation string
}

// edgesOf lists the edges with what each of them violates.
func (m *model) edgesOf(w world) []judgedEdge {
	var out []judgedEdge
	m.violations = nil
	for i, e := range m.edges(w) {
		out = append(out, judgedEdge{edge: e, violation: m.violations[i]})
	}
	return out
}

func TestModel(t *testing.T) {
	t.Parallel()
	run := func(name string, m *model, limit int) {
		t.Run(name, func(t *testing.T) {
			c := &check{m: m, limit: limit}
			require.Empty(t, c.run())
			t.Logf("%d states, %d steps without a fault, %d states of a call%s", len(c.worlds), len(c.back), len(m.protocols),
				map[bool]string{true: " (cut off)"}[c.cut])
		})
	}
	two := newModel(2, 2)
	two.clears, two.prunes = true, false
	run("two holders", two, 0)
}

func TestModelMutants(t *testing.T) {
	t.Parallel()
	_ = fmt.Sprint
}
