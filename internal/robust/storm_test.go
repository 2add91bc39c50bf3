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

const stormCallers = 20

// TestStorm cancels calls at random moments, from before they begin until
// after they have ended.
func TestStorm(t *testing.T) {
	w := watch(t)
	random := newRandom(t)
	calls := 500
	if *full {
		calls = 10000
	}
	r := newRig(t, sharedServer, false)
	sum := tally{before: sharedServer.Issued()}
	var callers []*caller
	for _, s := range setups() {
		callers = append(callers, r.caller(t, s, baas.WithAttemptTimeout(usualTimeout)))
	}
	type cancellation struct {
		call int
		at   time.Duration
	}
	cancellations := make(chan cancellation)
	var running sync.WaitGroup
	for i := range stormCallers {
		running.Go(func() {
			for n := range cancellations {
				ctx, cancel := context.WithCancel(t.Context())
				timer := time.AfterFunc(n.at, cancel)
				if n.at == 0 {
					cancel()
				}
				c := callers[i%len(callers)]
				sum.add(c.apply(ctx, fmt.Sprintf("storm-%d.example.com", n.call), fmt.Sprintf("canceled after %v", n.at)))
				timer.Stop()
				cancel()
			}
		})
	}
	usual := usualCall(t, callers)
	for i := range calls {
		cancellations <- cancellation{i, momentOf(random, usual)}
	}
	close(cancellations)
	running.Wait()
	for _, c := range callers {
		c.closeIdle()
	}
	r.close()
	w.nothingLeft(t)
	sum.issued += len(callers) // those of usualCall
	sum.check(t, r, r.ledger.issued, slack, 0)
	sum.requireIssued(t, sharedServer)
	t.Logf("%d cancellations; %v", calls, &sum)
}

// usualCall is how long a call takes when it is alone.
func usualCall(t *testing.T, callers []*caller) time.Duration {
	start := time.Now()
	for i, c := range callers {
		got := c.apply(t.Context(), fmt.Sprintf("usual-%d.example.com", i), "before the storm")
		require.NoError(t, got.err)
	}
	return time.Since(start) / time.Duration(len(callers))
}

// momentOf is when to cancel. A call among others takes several times as long
// as one alone, and most of what may go wrong is over early: so the magnitude is
// random, and then the moment in it.
func momentOf(random *mathrand.Rand, usual time.Duration) time.Duration {
	most := usual * stormCallers / 2 >> random.IntN(12)
	return time.Duration(random.Int64N(int64(most)))
}
