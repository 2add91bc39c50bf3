// Package clock reads this machine's clocks, and the gateway's off its replies.
// It imports internal/atmostonce for the bounds of time, and nothing else of this
// module.
package clock

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/antchain-go/baas/internal/atmostonce"
)

// An Instant is read off both clocks. They disagree when the wall clock is set
// and when the machine sleeps.
type Instant struct {
	Wall time.Time
	Mono time.Duration
}

// System reads the clocks of the machine.
func System() func() Instant {
	start := time.Now()
	return func() Instant {
		now := time.Now()
		return Instant{Wall: now.Round(0), Mono: now.Sub(start)}
	}
}

// Since is the time from t to i by whichever clock says more.
func (i Instant) Since(t Instant) time.Duration {
	return max(i.Wall.Sub(t.Wall), i.Mono-t.Mono)
}

// OffsetFrom is what has to be added to the wall clock to get the time of the
// Date header of a reply that was received now. It is worth a try only if the
// time that was sent, that of now and the offset used so far, was off by more
// than the gateway allows, and if this machine's clock is off by no more than is
// plausible. What an earlier reply made of the offset does not matter: that may
// have been forged.
func (i Instant) OffsetFrom(h http.Header, used time.Duration) (time.Duration, bool) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	offset := date.Sub(i.Wall)
	return offset, (offset-used).Abs() > atmostonce.MinSkew && offset.Abs() < atmostonce.MaxSkew
}

// RetryAfter reads a Retry-After header, seconds or a date.
func RetryAfter(h http.Header, clock func() Instant) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(clock().Wall), 0)
	}
	return 0
}

// A Gateway is what the latest reply of any kind has told of the gateway's
// time. The zero value knows nothing. It is safe for concurrent use.
type Gateway struct {
	mu   sync.Mutex
	date string // its Date header
	at   Instant
	ever bool // there was a reply
}

// Note keeps what a reply has told.
func (g *Gateway) Note(date string, clock func() Instant) {
	now := clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.date, g.at, g.ever = date, now, true
}

// Known reports whether there was a reply.
func (g *Gateway) Known() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ever
}

// NotAhead is t, or the gateway's time if that is earlier. A reply without a
// Date, which the gateway does not send, tells nothing.
func (g *Gateway) NotAhead(t time.Time, now Instant) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	date, err := http.ParseTime(g.date)
	if err != nil {
		return t
	}
	if theirs := date.Add(now.Mono - g.at.Mono); theirs.Before(t) {
		return theirs
	}
	return t
}
