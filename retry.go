package baas

import (
	"math/rand/v2"
	"time"
)

// A RetryPolicy says how often and after which delays a call is sent again.
// Whether it may be sent again at all is not a matter of policy: see the
// package documentation.
type RetryPolicy struct {
	// MaxAttempts counts the first one too. 0 means 4; 1 sends once, whatever
	// happens.
	MaxAttempts int

	// Delays double from MinDelay to MaxDelay; each wait is a random 50 to
	// 100 % of the delay. A Retry-After of the service is honored up to
	// MaxDelay. A MinDelay of 0 means 1 s, or MaxDelay if that is shorter; a
	// MaxDelay of 0 means 10 s, or MinDelay if that is longer.
	MinDelay, MaxDelay time.Duration
}

const (
	defaultMaxAttempts = 4
	defaultMinDelay    = time.Second
	defaultMaxDelay    = 10 * time.Second
)

func (p RetryPolicy) withDefaults() RetryPolicy {
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

// delay is how long to wait after the attempt-th attempt, counted from 1.
func (p RetryPolicy) delay(attempt int, retryAfter time.Duration) time.Duration {
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

// check says what is wrong with p, if anything is.
func (p RetryPolicy) check() string {
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
