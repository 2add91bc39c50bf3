package robust

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// anHour between attempts: whoever waits at all does not come through, since
// no wait may end later than the resend window.
var anHour = baas.RetryPolicy{MinDelay: time.Hour, MaxDelay: time.Hour}

// hitReused arms the gate: every connection that has carried a call before is
// closed as the next request arrives, and others are left alone.
func (c *caller) hitReused(do action) {
	armed := true // while arm gives plans to the connections that are open
	c.gate.proxy.arm(true, func(int) *plan {
		if !armed {
			return nil
		}
		return &plan{dir: request, at: 0, do: do}
	})
	c.gate.proxy.mu.Lock()
	armed = false
	c.gate.proxy.mu.Unlock()
}

// callOverClosingConnections makes calls, each of which finds its idle
// connection closed, if it has one, and returns how many were hit.
func callOverClosingConnections(t *testing.T, c *caller, calls int, limit time.Duration) (hit int) {
	t.Helper()
	c.rig.quick = new(quickGateway).answer
	for i := range calls {
		c.hitReused([]action{cut, reset}[i/2%2])
		ctx, cancel := context.WithCancel(t.Context())
		if limit > 0 {
			ctx, cancel = context.WithTimeout(t.Context(), limit)
		}
		got := c.apply(ctx, fmt.Sprintf("idle-%d.example.com", i), "an idle connection closed")
		cancel()
		struck, _ := c.gate.proxy.hits()
		hit += struck
		require.NoError(t, got.err, "call %d, %d closed connections", i, struck)
		require.Equal(t, c.rig.ledger.keys(got.name), []string{got.key})
		require.Empty(t, got.leak)
	}
	c.closeIdle()
	return hit
}

// TestIdleConnectionIsClosedJustAsTheRequestIsSent: the first resend goes out
// at once, in each of 2,000 calls.
func TestIdleConnectionIsClosedJustAsTheRequestIsSent(t *testing.T) {
	for _, s := range setups() {
		if s.protocol != http1 {
			continue
		}
		s.keeps = s.wrapped
		t.Run(s.name, func(t *testing.T) {
			w := watch(t)
			calls := 200
			if *full || len(s.options) == 0 && s.own() {
				calls = 2000
			}
			r := newRig(t, sharedServer, false)
			hit := callOverClosingConnections(t, r.caller(t, s, baas.WithRetryPolicy(anHour)), calls, 0)
			r.close()
			w.nothingLeft(t)
			require.GreaterOrEqual(t, hit, calls/3, "calls that were hit")
			t.Logf("%d calls, %d of them hit", calls, hit)
		})
	}
}

// inBubble runs test with a rig in memory, where time passes only while all
// wait.
func inBubble(t *testing.T, s setup, test func(t *testing.T, r *rig, c *caller), options ...baas.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := newServer()
		defer server.Close()
		r := newRig(t, server, true)
		defer r.close()
		c := r.caller(t, s, options...)
		defer c.closeIdle()
		test(t, r, c)
	})
}

// bubbleSetups are those that can be told to dial in memory.
var bubbleSetups = []setup{
	{name: "given transport", given: true},
	{name: "wrapped transport", wrapped: true, keeps: true},
	{name: "given transport, query", given: true, options: []baas.Option{baas.WithParamsInQuery()}},
	{name: "given transport, version 3", given: true, options: []baas.Option{baas.WithSignatureVersion(baas.SignatureV3)}},
}

// TestIdleConnectionIsClosedWithAContextOf500ms: no call ends in doubt.
func TestIdleConnectionIsClosedWithAContextOf500ms(t *testing.T) {
	for _, s := range bubbleSetups {
		t.Run(s.name, func(t *testing.T) {
			inBubble(t, s, func(t *testing.T, _ *rig, c *caller) {
				hit := callOverClosingConnections(t, c, 2000, 500*time.Millisecond)
				require.GreaterOrEqual(t, hit, 600, "calls that were hit")
			}, baas.WithRetryPolicy(baas.RetryPolicy{}))
		})
	}
}

// TestACallThatIsHitTakesLessThanTwiceAUsualOne, by the bubble's clock: the
// gateway takes its time, and nothing else may.
func TestACallThatIsHitTakesLessThanTwiceAUsualOne(t *testing.T) {
	for _, s := range bubbleSetups {
		t.Run(s.name, func(t *testing.T) {
			inBubble(t, s, func(t *testing.T, r *rig, c *caller) {
				gateway := new(quickGateway)
				r.quick = func(name, nonce string) (int, string) {
					time.Sleep(100 * time.Millisecond) // of the bubble
					return gateway.answer(name, nonce)
				}
				usual := c.apply(t.Context(), "usual.example.com", "usual")
				require.NoError(t, usual.err)
				c.hitReused(cut)
				hit := c.apply(t.Context(), "hit.example.com", "hit")
				require.NoError(t, hit.err)
				struck, _ := c.gate.proxy.hits()
				require.Equal(t, 1, struck)
				require.Less(t, hit.took, 2*usual.took)
			}, baas.WithRetryPolicy(baas.RetryPolicy{}))
		})
	}
}

// TestTheFirstResendIsNoAttempt: of two attempts that the policy allows, both
// are left after a closed idle connection.
func TestTheFirstResendIsNoAttempt(t *testing.T) {
	for _, s := range bubbleSetups {
		for name, c := range map[string]struct{ attempts, failures, requests int }{
			"two attempts":   {2, 1, 2},
			"three attempts": {3, 2, 3},
		} {
			t.Run(s.name+", "+name, func(t *testing.T) {
				requireComesThrough(t, s, c.attempts, c.failures, c.requests)
			})
		}
		t.Run(s.name+", one attempt sends once", func(t *testing.T) {
			inBubble(t, s, func(t *testing.T, r *rig, c *caller) {
				r.quick = new(quickGateway).answer
				require.NoError(t, c.apply(t.Context(), "first.example.com", "first").err)
				c.hitReused(cut)
				require.ErrorIs(t, c.apply(t.Context(), "hit.example.com", "hit").err, baas.ErrOutcomeUnknown)
				require.Empty(t, r.ledger.keys("hit.example.com"))
			}, baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
		})
	}
}

func requireComesThrough(t *testing.T, s setup, attempts, failures, requests int) {
	inBubble(t, s, func(t *testing.T, r *rig, c *caller) {
		gateway := new(quickGateway)
		r.quick = gateway.answer
		require.NoError(t, c.apply(t.Context(), "first.example.com", "first").err)
		seen := 0
		r.quick = func(name, nonce string) (int, string) {
			if seen++; seen <= failures {
				return 503, "busy"
			}
			return gateway.answer(name, nonce)
		}
		c.hitReused(cut)
		require.NoError(t, c.apply(t.Context(), "hit.example.com", "hit").err)
		require.Equal(t, requests, seen)
	}, baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: attempts}))
}

// TestATransportThatIsWrappedWithADozenDeadIdleConnections: the call comes
// through, and so do later ones.
func TestATransportThatIsWrappedWithADozenDeadIdleConnections(t *testing.T) {
	const dozen = 12
	for _, params := range slices.Concat(dimensions[1], dimensions[3]) {
		t.Run(params.name, func(t *testing.T) {
			w := watch(t)
			s := setup{wrapped: true, keeps: true}
			params.set(&s)
			r := newRig(t, sharedServer, false)
			c := r.caller(t, s, baas.WithAttemptTimeout(usualTimeout))
			together(t, r, c, dozen)
			c.hitReused(reset)
			r.quick = new(quickGateway).answer
			for i := range 3 {
				got := c.apply(t.Context(), fmt.Sprintf("dead-%d.example.com", i), "dead idle connections")
				require.NoError(t, got.err)
				require.Equal(t, []string{got.key}, r.ledger.keys(got.name))
			}
			c.closeIdle()
			r.close()
			w.nothingLeft(t)
		})
	}
}

// together makes n calls that all hold a connection at the same time, and
// waits until all of these are idle.
func together(t *testing.T, r *rig, c *caller, n int) {
	t.Helper()
	gateway, arrived := new(quickGateway), make(chan struct{})
	var waiting, calls, idle sync.WaitGroup
	waiting.Add(n)
	idle.Add(n)
	go func() { waiting.Wait(); close(arrived) }()
	r.quick = func(name, nonce string) (int, string) {
		waiting.Done()
		<-arrived
		return gateway.answer(name, nonce)
	}
	trace := &httptrace.ClientTrace{PutIdleConn: func(error) { idle.Done() }}
	for i := range n {
		calls.Go(func() {
			ctx := httptrace.WithClientTrace(t.Context(), trace)
			_, err := c.client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest(fmt.Sprintf("warm-%d.example.com", i)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	idle.Wait()
}
