package baas

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var eventNames = map[event]string{
	answered: "answered", notSent: "not sent", throttled: "throttled", clockOff: "clock off",
	nonceUsed: "nonce used", lost: "lost", refused: "refused", strange: "strange", stopped: "stopped",
}

// TestPolicyTable is the at-most-once table of the package documentation.
func TestPolicyTable(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		event   event
		sure    move // not in doubt so far
		doubt   move // already in doubt
		sets    bool // the call is in doubt afterwards
		repeats move // of a ReadOnly call
	}{
		{answered, succeed, succeed, false, succeed},
		{notSent, retryFresh, resendSame, false, retryFresh},
		{throttled, retryFresh, resendSame, false, retryFresh},
		{clockOff, retryCorrected, failInDoubt, false, retryCorrected},
		{nonceUsed, failInDoubt, failInDoubt, true, retryFresh},
		{lost, resendSame, resendSame, true, retryFresh},
		{refused, fail, failInDoubt, false, fail},
		{strange, failInDoubt, failInDoubt, true, retryFresh},
		{stopped, fail, failInDoubt, false, fail},
	} {
		t.Run(eventNames[row.event], func(t *testing.T) {
			after, m := callState{left: 4}.next(row.event)
			require.Equal(t, row.sure, m, "not in doubt so far")
			require.Equal(t, row.sets, after.inDoubt)

			after, m = callState{left: 4, inDoubt: true}.next(row.event)
			require.Equal(t, row.doubt, m, "already in doubt")
			require.True(t, after.inDoubt, "doubt ends only with the key")

			after, m = callState{left: 4, readOnly: true}.next(row.event)
			require.Equal(t, row.repeats, m, "read-only")
			require.False(t, after.inDoubt)
		})
	}
	t.Run("the clock is corrected once a call", func(t *testing.T) {
		s, m := callState{left: 4}.next(clockOff)
		require.Equal(t, retryCorrected, m)
		_, m = s.next(clockOff)
		require.Equal(t, fail, m)
	})
}

// TestPolicyWalk walks every sequence of up to four events, with every number
// of attempts.
func TestPolicyWalk(t *testing.T) {
	t.Parallel()
	for _, readOnly := range []bool{false, true} {
		for attempts := 1; attempts <= 5; attempts++ {
			walk(t, callState{readOnly: readOnly, left: attempts}, history{attempts: attempts})
		}
	}
}

// history is what a sequence has come to, kept apart from callState.
type history struct {
	events   []event
	attempts int
	doubtful bool // an attempt may have been carried out
	clockOff int
}

func walk(t *testing.T, s callState, h history) {
	if len(h.events) == 4 {
		return
	}
	for e := range eventNames {
		next := h
		next.events = append(append([]event(nil), h.events...), e)
		if e == lost || e == strange || e == nonceUsed {
			next.doubtful = !s.readOnly
		}
		if e == clockOff {
			next.clockOff++
		}
		after, m := s.next(e)
		if checkMove(t, next, e, m) {
			walk(t, after, next)
		}
	}
}

// checkMove asserts what must hold for every move, and reports whether the
// call goes on.
func checkMove(t *testing.T, h history, e event, m move) (goesOn bool) {
	t.Helper()
	text := ""
	for _, e := range h.events {
		text += eventNames[e] + ", "
	}
	text = fmt.Sprintf("%sthen %v, of %d attempts", text, m, h.attempts)
	sent := len(h.events)
	if e == stopped {
		sent--
	}
	switch m {
	case retryFresh, retryCorrected:
		require.False(t, h.doubtful, "different bytes while in doubt: %s", text)
		require.Less(t, sent, h.attempts, "too many attempts: %s", text)
		require.NotEqual(t, refused, e, text)
		if m == retryCorrected {
			require.Equal(t, 1, h.clockOff, text)
		}
	case resendSame:
		require.True(t, h.doubtful, "the same bytes without need: %s", text)
		require.Less(t, sent, h.attempts, "too many attempts: %s", text)
	case failInDoubt:
		require.True(t, h.doubtful, "an outcome that is known: %s", text)
	case fail:
		require.False(t, h.doubtful, "an end in doubt that is not an OutcomeUnknownError: %s", text)
	case succeed:
		require.Equal(t, answered, e, text)
	}
	if e == stopped || e == refused && !h.doubtful {
		require.Contains(t, []move{fail, failInDoubt}, m, text)
	}
	return m == retryFresh || m == retryCorrected || m == resendSame
}

func TestRetryPolicyDelays(t *testing.T) {
	t.Parallel()
	p := RetryPolicy{}.withDefaults()
	require.Equal(t, RetryPolicy{MaxAttempts: 4, MinDelay: time.Second, MaxDelay: 10 * time.Second}, p)
	for attempt, whole := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second,
		5: 10 * time.Second, 6: 10 * time.Second, 1000: 10 * time.Second,
	} {
		low, high := whole, time.Duration(0)
		for range 2000 {
			d := p.delay(attempt, 0)
			require.GreaterOrEqual(t, d, whole/2)
			require.LessOrEqual(t, d, whole)
			low, high = min(low, d), max(high, d)
		}
		require.Less(t, low, whole*6/10, "the jitter reaches down to half")
		require.Greater(t, high, whole*9/10, "and up to the whole")
	}
	require.Equal(t, 7*time.Second, p.delay(1, 7*time.Second), "Retry-After is honored")
	require.Equal(t, 10*time.Second, p.delay(1, time.Hour), "up to MaxDelay")
	require.GreaterOrEqual(t, p.delay(4, time.Second), 4*time.Second, "a short Retry-After shortens nothing")

	huge := RetryPolicy{MinDelay: 1, MaxDelay: 1<<63 - 1}
	require.Positive(t, huge.delay(500, 0), "no overflow")
	require.Equal(t, 200*time.Millisecond, RetryPolicy{MaxDelay: 200 * time.Millisecond}.withDefaults().MinDelay)
	require.Equal(t, time.Minute, RetryPolicy{MinDelay: time.Minute}.withDefaults().MaxDelay)
}
