package baas

import (
	"time"

	"github.com/antchain-go/baas/internal/clock"
)

// WithClock replaces both clocks of a client: wall is the time of day, mono
// what a clock that is never set would say since some start.
func WithClock(now func() (wall time.Time, mono time.Duration)) func(*Client) {
	return func(c *Client) {
		c.core().clock = func() clock.Instant {
			wall, mono := now()
			return clock.Instant{Wall: wall, Mono: mono}
		}
	}
}

// WithNonce replaces the source of nonces.
func WithNonce(nonce func() string) func(*Client) {
	return func(c *Client) { c.core().nonce = nonce }
}
