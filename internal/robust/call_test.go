package robust

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// A result is what became of one call.
type result struct {
	name    string // the CommonName of the call
	what    string // of the test, for messages
	key     string
	err     error
	took    time.Duration
	garbled bool // the key may differ in the byte that the fault has changed
	hidden  string
}

// apply makes a call and checks what can be checked at once.
func (c *caller) apply(ctx context.Context, name, what string) result {
	start := time.Now()
	resp, err := c.client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest(name))
	r := result{name: name, what: what, err: err, took: time.Since(start)}
	var text string
	if err != nil {
		text = shown(err)
	} else {
		r.key = resp.Result.PrivateKey
		text = shown(resp) + shown(*resp)
	}
	r.hidden = leak(text, append(c.rig.ledger.signatures(name), c.rig.secrets...))
	return r
}

// outcome is how a call ended, for the counts.
func (r *result) outcome() string {
	switch {
	case r.err == nil:
		return "key"
	case errors.Is(r.err, baas.ErrOutcomeUnknown):
		return "outcome unknown"
	case errors.Is(r.err, context.Canceled):
		return "canceled, nothing issued"
	case errors.Is(r.err, context.DeadlineExceeded):
		return "timed out, nothing issued"
	}
	var refusal *baas.APIError
	if errors.As(r.err, &refusal) {
		return "refused"
	}
	return "not sent"
}

// fault says which promise the call has broken, given how many certificates
// were issued for it and which keys the server sent.
func (r *result) fault(issued int, keys []string, limit time.Duration) string {
	switch {
	case r.hidden != "":
		return r.hidden + " comes out"
	case issued > 1:
		return fmt.Sprintf("%d certificates were issued", issued)
	case r.took > limit:
		return fmt.Sprintf("it took %v", r.took)
	case r.err == nil:
		return r.keyFault(keys)
	case errors.Is(r.err, baas.ErrOutcomeUnknown):
		for _, denied := range []error{baas.ErrThrottled, baas.ErrUnavailable, baas.ErrForbidden, baas.ErrUnauthenticated} {
			if errors.Is(r.err, denied) {
				return fmt.Sprintf("the doubt matches %q", denied)
			}
		}
	case issued > 0:
		return fmt.Sprintf("a certificate was issued, and the error denies it: %v", r.err)
	}
	return ""
}

func (r *result) keyFault(keys []string) string {
	for _, key := range keys {
		if r.key == key || r.garbled && hasEnd(r.key) && nearly(r.key, key) {
			return ""
		}
	}
	return fmt.Sprintf("the key of %d bytes, ending in %q, is not the one that was issued", len(r.key), r.key[max(0, len(r.key)-40):])
}

// nearly reports whether a and b differ in one place, by what one byte of JSON
// can stand for.
func nearly(a, b string) bool {
	const most = 12 // an escape sequence, \uXXXX, of a character of some bytes
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return max(len(a), len(b))-head-tail <= most
}

// A tally collects results and counts them.
type tally struct {
	mu      sync.Mutex
	results []result
	counts  map[string]int
}

func (s *tally) add(r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, r)
	if s.counts == nil {
		s.counts = make(map[string]int)
	}
	s.counts[r.outcome()]++
}

func (s *tally) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d calls: %v", len(s.results), s.counts)
}

// require asserts that no promise was broken. issued says how many
// certificates there are for a call; the rig is closed.
func (s *tally) require(t *testing.T, r *rig, issued func(name string) int, limit time.Duration) {
	t.Helper()
	total := 0
	for _, got := range s.results {
		n := issued(got.name)
		total += n
		if f := got.fault(n, r.ledger.keys(got.name), limit); f != "" {
			t.Errorf("%s: %s", got.what, f)
		}
	}
	require.Equal(t, r.server.Issued(), total, "certificates in all: the test itself has miscounted")
	var signatures []string
	for _, got := range s.results {
		signatures = append(signatures, r.ledger.signatures(got.name)...)
	}
	require.Empty(t, leak(r.logs.take(), append(signatures, r.secrets...)), "in the log")
}
