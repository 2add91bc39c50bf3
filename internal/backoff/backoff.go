// Package backoff says how long to wait before a call is sent again, and how
// often it may be. Whether it may be sent again at all is decided elsewhere. The
// package imports nothing of this module.
package backoff

import (
	"math/rand/v2"
	"time"
)

// A Policy bounds attempts and delays; 0 stands for a default.
type Policy struct {
	MaxAttempts        int // the first one included
	MinDelay, MaxDelay time.Duration
}

const (
	defaultMaxAttempts = 4
	defaultMinDelay    = time.Second
	defaultMaxDelay    = 10 * time.Second
)

// Check says what is wrong with p, if anything is.
func (p Policy) Check() string {
	switch {
	case p.MaxAttempts < 0:
		return "has a negative MaxAttempts"
	case p.MinDelay < 0 || p.MaxDelay < 0:
		return "has a negative delay"
	case p.MaxDelay > 0 && p.MinDelay > p.MaxDelay:
		return "has a MinDelay above MaxDelay"
	}
	return ""
}

// WithDefaults is p with the defaults in the place of zeros. A default delay
// gives way to the other delay.
func (p Policy) WithDefaults() Policy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = defaultMaxAttempts
	}
	if p.MinDelay == 0 {
		p.MinDelay = defaultMinDelay
		if p.MaxDelay > 0 {
			p.MinDelay = min(p.MinDelay, p.MaxDelay)
		}
	}
	if p.MaxDelay == 0 {
		p.MaxDelay = max(defaultMaxDelay, p.MinDelay)
	}
	return p
}

// Delay is how long to wait after the attempt-th attempt, counted from 1: a
// random 50 to 100 % of a delay that doubles from MinDelay to MaxDelay, or
// retryAfter up to MaxDelay if that is longer.
func (p Policy) Delay(attempt int, retryAfter time.Duration) time.Duration {
	d := p.MinDelay
	for i := 1; i < attempt && d < p.MaxDelay; i++ {
		if d > p.MaxDelay/2 {
			d = p.MaxDelay
			break
		}
		d *= 2
	}
	d = min(d, p.MaxDelay)
	if half := d / 2; half > 0 {
		d = half + rand.N(d-half+1)
	}
	return max(d, min(retryAfter, p.MaxDelay))
}
