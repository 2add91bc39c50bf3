// Package atmostonce is the policy of a call: what to do after each attempt, so
// that no call is carried out twice and none is denied that was carried out.
//
// It is pure: no clock, no network, no state but what it is given. It imports
// nothing of this module, and of the standard library what time needs.
package atmostonce

import (
	"strconv"
	"time"
)

const (
	// ResendWindow is how long after their first time the same bytes may be
	// sent. The gateway remembers a nonce for 15 minutes and refuses a
	// timestamp older than that, so it still knows the first copy.
	ResendWindow = 5 * time.Minute

	// MaxAhead is how far a stamp may be ahead of this machine's clock before
	// it is taken for another clock's.
	MaxAhead = time.Minute

	// MinSkew is how far the clock has to be off before a refusal is believed
	// to be its fault: the gateway allows 15 minutes.
	MinSkew = 14 * time.Minute

	// MaxSkew is how far the clock can be off: beyond it the Date header is
	// rather wrong.
	MaxSkew = 24 * time.Hour
)

// An Event is what became of an attempt, or what ends a call between two.
type Event int

const (
	Answered     Event = iota // a reply that holds what the call is for
	NotSent                   // the request was certainly not sent
	Throttled                 // refused by flow control
	ClockOff                  // refused for its timestamp, and the reply tells the time
	NonceUsed                 // refused since the gateway has seen these bytes before
	Dropped                   // a connection that was used before ended without a byte of a reply
	ReplyLost                 // sent, and no usable reply: reset, timeout, cut-off, 5xx
	Refused                   // any other refusal
	Unrecognized              // a reply that is neither an answer nor a refusal
	Stopped                   // between attempts: the context ended, or a resend would come too late
)

var eventNames = [...]string{
	"answered", "not sent", "throttled", "clock off", "nonce used", "dropped", "reply lost", "refused", "unrecognized", "stopped",
}

// String is the event's name, for the log.
func (e Event) String() string {
	if e < 0 || int(e) >= len(eventNames) {
		return "event " + strconv.Itoa(int(e))
	}
	return eventNames[e]
}

// A Move is what to do about an event.
type Move int

const (
	Succeed        Move = iota // return the reply
	Fail                       // return the last error: nothing was carried out
	FailInDoubt                // return that the outcome is unknown
	RetryFresh                 // wait, then send with a fresh nonce, timestamp and signature
	RetryAtOnce                // the same without waiting
	RetryCorrected             // at once, with the service's time
	ResendSame                 // wait, then send the same bytes
	ResendAtOnce               // the same without waiting
)

var moveNames = [...]string{
	"return the reply", "return the error", "return that the outcome is unknown",
	"send again with a fresh nonce", "send again at once with a fresh nonce", "send again with the clock corrected",
	"send the same bytes again", "send the same bytes again at once",
}

// String says what happens next, for the log.
func (m Move) String() string {
	if m < 0 || int(m) >= len(moveNames) {
		return "move " + strconv.Itoa(int(m))
	}
	return moveNames[m]
}

// Resends reports whether m sends the same bytes again.
func (m Move) Resends() bool { return m == ResendSame || m == ResendAtOnce }

// Waits reports whether the delay comes before m.
func (m Move) Waits() bool { return m == RetryFresh || m == ResendSame }

// Ends reports whether the call is over with m.
func (m Move) Ends() bool { return m == Succeed || m == Fail || m == FailInDoubt }

// WhySafe says why it is safe to send again by m after e, for the log; empty if m
// sends nothing.
func (m Move) WhySafe(e Event) string {
	switch {
	case m.Ends():
		return ""
	case m.Resends():
		return "the gateway takes a nonce once, so it takes one copy of these bytes at most"
	case e == NotSent:
		return "nothing was sent"
	case e == Throttled, e == ClockOff:
		return "the gateway refused it before it was carried out"
	}
	return "the action changes nothing"
}

// A State is what the next move depends on.
//
// A call is in doubt once an attempt may have reached the gateway and no reply
// proves that it was refused. From then on a fresh nonce could issue a second
// certificate. The same bytes cannot: the gateway takes a nonce once.
type State struct {
	ReadOnly bool // repeating the call changes nothing
	Left     int  // attempts that may still be made
	Once     bool // no second attempt, whatever happens
	InDoubt  bool

	Corrected bool // the clock was corrected once in this call
	Redialed  bool // a dropped connection was made up for once in this call
}

// New is the state of a call that has not begun. maxAttempts counts the first.
func New(readOnly bool, maxAttempts int) State {
	return State{ReadOnly: readOnly, Left: maxAttempts, Once: maxAttempts == 1}
}

// Next is the whole policy: it has no other inputs and no effects.
func (s State) Next(e Event) (State, Move) {
	switch e {
	case Answered:
		return s, Succeed
	case Stopped:
		return s, s.giveUp()
	case Dropped, ReplyLost, Unrecognized, NonceUsed:
		// Only a copy of our own bytes can have used the nonce.
		s.InDoubt = !s.ReadOnly
	}
	if e == Dropped && !s.Redialed && !s.Once {
		// Idle connections end as a matter of course: it costs no attempt.
		s.Redialed = true
		if s.InDoubt {
			return s, ResendAtOnce
		}
		return s, RetryAtOnce
	}
	s.Left--
	final := e == Refused ||
		e == ClockOff && (s.InDoubt || s.Corrected) ||
		s.InDoubt && (e == Unrecognized || e == NonceUsed)
	switch {
	case final || s.Left <= 0:
		return s, s.giveUp()
	case e == ClockOff:
		s.Corrected = true
		return s, RetryCorrected
	case s.InDoubt:
		return s, ResendSame
	}
	return s, RetryFresh
}

func (s State) giveUp() Move {
	if s.InDoubt {
		return FailInDoubt
	}
	return Fail
}
