package baas

import "time"

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
