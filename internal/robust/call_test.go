package robust

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// A result is what became of one call.
type result struct {
	name    string // the CommonName of the call
	what    string // of the test, for messages
	key     string
	err     error
	took    time.Duration
	issued  int    // certificates, as counted in the end
	garbled bool   // the key may differ in the byte that the fault has changed
	leak    string // the secret that an error or a formatted response shows
}

// apply makes a call and checks what can be checked at once.
func (c *caller) apply(ctx context.Context, name, what string) result {
	start := time.Now()
	resp, err := c.client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest(name))
	r := result{name: name, what: what, err: err, took: time.Since(start)}
	secrets := append(c.rig.ledger.signatures(name), c.rig.secrets...)
	if err != nil {
		r.leak = leak(shown(err), secrets)
		return r
	}
	r.key = resp.Result.PrivateKey
	// Not the links: one whose question mark was garbled is no URL with a query.
	resp.Result.DownloadPath = baas.DownloadPath{}
	r.leak = leak(shown(resp)+shown(*resp), secrets)
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

// fault says which promise the call has broken, given the keys that the server
// sent.
func (r *result) fault(keys []string, limit time.Duration) string {
	switch {
	case r.leak != "":
		return r.leak + " is shown"
	case r.issued > 1:
		return fmt.Sprintf("%d certificates were issued", r.issued)
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
	case r.issued > 0:
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

// A tally collects results and counts them. Those that were checked are only
// counted: a full sweep makes hundreds of thousands of calls.
type tally struct {
	before int // how many certificates there were

	mu      sync.Mutex
	results []result
	calls   int
	counts  map[string]int
	issued  int
}

func (s *tally) add(r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, r)
	s.count(r.outcome(), 1)
}

// count counts calls by their outcome. The lock is held.
func (s *tally) count(outcome string, n int) {
	if s.counts == nil {
		s.counts = make(map[string]int)
	}
	s.counts[outcome] += n
	s.calls += n
}

// merge adds the counts of another tally.
func (s *tally) merge(other *tally) {
	for outcome, n := range other.counts {
		s.count(outcome, n)
	}
	s.issued += other.issued
}

func (s *tally) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d calls: %v; %d certificates", s.calls, s.counts, s.issued)
}

// check asserts that no call broke a promise and that the log has no secret,
// except for the latest calls, so many, of which a request may still be on its
// way. issued says how many certificates there are for a call.
func (s *tally) check(t *testing.T, r *rig, issued func(name string) int, limit time.Duration, latest int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	signatures := make(map[string]bool)
	for _, got := range s.results {
		for _, signature := range r.ledger.signatures(got.name) {
			signatures[signature] = true
		}
	}
	logged := r.logs.take()
	if f := leak(logged, r.secrets); f != "" {
		t.Errorf("%s is shown in the log", f)
	}
	for _, word := range signatureLike.FindAllString(logged, -1) {
		if signatures[word] {
			t.Errorf("the signature %s is shown in the log", word)
		}
	}
	over := max(len(s.results)-latest, 0)
	for _, got := range s.results[:over] {
		got.issued = issued(got.name)
		s.issued += got.issued
		if f := got.fault(r.ledger.keys(got.name), limit); f != "" {
			t.Errorf("%s: %s", got.what, f)
		}
		r.ledger.forget(got.name)
	}
	s.results = append([]result(nil), s.results[over:]...)
}

// signatureLike matches the signatures of both versions, Base64 and hex.
var signatureLike = regexp.MustCompile(`[A-Za-z0-9+/]{27}=|[0-9a-f]{64}`)

// requireIssued asserts that the certificates of the calls are all that there
// are: none was issued for a call that had been checked before.
func (s *tally) requireIssued(t *testing.T, server *baastest.Server) {
	t.Helper()
	require.Equal(t, server.Issued()-s.before, s.issued, "certificates in all")
}
