package baas

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// A RetryPolicy says how often and after which delays a call is sent again.
// Whether it may be sent again at all is not a matter of policy: see the
// package documentation.
type RetryPolicy struct {
	// MaxAttempts counts the first one too. 0 means 4; 1 sends once, whatever
	// happens.
	MaxAttempts int

	// Delays double from MinDelay to MaxDelay, of which a random part between
	// half and the whole is waited. A Retry-After of the service is honored up
	// to MaxDelay. A MinDelay of 0 means 1 s, or MaxDelay if that is shorter;
	// a MaxDelay of 0 means 10 s, or MinDelay if that is longer.
	MinDelay, MaxDelay time.Duration
}

const (
	defaultMaxAttempts = 4
	defaultMinDelay    = time.Second
	defaultMaxDelay    = 10 * time.Second

	// resendWindow is how long after their first time the same bytes may be
	// sent. The gateway remembers a nonce for 15 minutes and refuses a
	// timestamp older than that, so it still knows the first copy.
	resendWindow = 5 * time.Minute

	// A refusal is believed to be the clock's fault only if the clock is
	// further off than minSkew: the gateway allows 15 minutes. Beyond maxSkew
	// rather the Date header is wrong.
	minSkew = 14 * time.Minute
	maxSkew = 24 * time.Hour
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

// An event is what became of an attempt, or what ends a call between two.
type event int

const (
	answered  event = iota // a reply that holds what the call is for
	notSent                // the transport never took the request
	throttled              // refused by flow control
	clockOff               // refused for its timestamp, and the reply tells the time
	nonceUsed              // refused since the gateway has seen these bytes before
	lost                   // sent, and no usable reply: reset, timeout, cut-off, 5xx
	refused                // any other refusal
	strange                // a reply that is neither an answer nor a refusal
	stopped                // between attempts: the context ended, or a resend would come too late
)

// A move is what to do about an event.
type move int

const (
	succeed        move = iota // return the reply
	fail                       // return the last error: nothing was carried out
	failInDoubt                // return an OutcomeUnknownError
	retryFresh                 // wait, then send with a fresh nonce, timestamp and signature
	retryCorrected             // at once, with the service's time
	resendSame                 // wait, then send the same bytes on a new connection
)

// String says what happens next, for the log.
func (m move) String() string {
	switch m {
	case succeed:
		return "return the reply"
	case fail:
		return "return the error"
	case failInDoubt:
		return "return that the outcome is unknown"
	case retryFresh:
		return "send again"
	case retryCorrected:
		return "send again with the clock corrected"
	case resendSame:
		return "send the same bytes again"
	}
	return "move " + strconv.Itoa(int(m))
}

// callState is what the next move depends on.
//
// A call is in doubt from the first attempt that may have reached the gateway
// without a reply proving that it was not carried out. From then on a fresh
// nonce could issue a second certificate; the same bytes cannot, for the
// gateway takes a nonce once.
type callState struct {
	readOnly  bool // repeating the call changes nothing
	left      int  // attempts that may still be made
	inDoubt   bool
	corrected bool // the clock was corrected once in this call
}

// next is the whole policy: it has no other inputs and no effects.
func (s callState) next(e event) (callState, move) {
	switch e {
	case answered:
		return s, succeed
	case stopped:
		return s, s.giveUp()
	}
	s.left--
	switch e {
	case lost, strange, nonceUsed:
		// Only a copy of our own bytes can have used the nonce.
		s.inDoubt = !s.readOnly
	}
	final := e == refused ||
		e == clockOff && (s.inDoubt || s.corrected) ||
		s.inDoubt && (e == strange || e == nonceUsed)
	switch {
	case final || s.left <= 0:
		return s, s.giveUp()
	case e == clockOff:
		s.corrected = true
		return s, retryCorrected
	case s.inDoubt:
		return s, resendSame
	default:
		return s, retryFresh
	}
}

func (s callState) giveUp() move {
	if s.inDoubt {
		return failInDoubt
	}
	return fail
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
