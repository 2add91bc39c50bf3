package atmostonce

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPolicyTable is the at-most-once table, with the rows' own words.
func TestPolicyTable(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		event   Event
		sure    Move // not in doubt so far
		doubt   Move // already in doubt
		sets    bool // the call is in doubt afterwards
		repeats Move // of a ReadOnly call
	}{
		{"a reply that holds the whole key", Answered, Succeed, Succeed, false, Succeed},
		{"not sent", NotSent, RetryFresh, ResendSame, false, RetryFresh},
		{"Throttling*, any status", Throttled, RetryFresh, ResendSame, false, RetryFresh},
		{"InvalidTimeStamp.Expired", ClockOff, RetryCorrected, FailInDoubt, false, RetryCorrected},
		{"SignatureNonceUsed", NonceUsed, FailInDoubt, FailInDoubt, true, RetryFresh},
		{"a reused connection ended without a byte", Dropped, ResendAtOnce, ResendAtOnce, true, RetryAtOnce},
		{"reset, timeout, cut-off without a key, 5xx", ReplyLost, ResendSame, ResendSame, true, RetryFresh},
		{"any other refusal", Refused, Fail, FailInDoubt, false, Fail},
		{"anything else", Unrecognized, FailInDoubt, FailInDoubt, true, RetryFresh},
		{"attempts exhausted, or the context ends", Stopped, Fail, FailInDoubt, false, Fail},
	} {
		t.Run(row.name, func(t *testing.T) {
			after, m := New(false, 4).Next(row.event)
			require.Equal(t, row.sure, m, "not in doubt so far")
			require.Equal(t, row.sets, after.InDoubt)

			after, m = State{Left: 4, InDoubt: true}.Next(row.event)
			require.Equal(t, row.doubt, m, "already in doubt")
			require.True(t, after.InDoubt, "doubt ends only with the key")

			after, m = New(true, 4).Next(row.event)
			require.Equal(t, row.repeats, m, "read-only")
			require.False(t, after.InDoubt)
		})
	}
}

func TestPolicyOnceACall(t *testing.T) {
	t.Parallel()
	t.Run("the clock is corrected once", func(t *testing.T) {
		s, m := New(false, 4).Next(ClockOff)
		require.Equal(t, RetryCorrected, m)
		_, m = s.Next(ClockOff)
		require.Equal(t, Fail, m)
	})
	t.Run("the resend at once is the first one, and costs no attempt", func(t *testing.T) {
		s, m := New(false, 2).Next(Dropped)
		require.Equal(t, ResendAtOnce, m)
		s, m = s.Next(Dropped)
		require.Equal(t, ResendSame, m)
		_, m = s.Next(Dropped)
		require.Equal(t, FailInDoubt, m)
	})
	t.Run("except with MaxAttempts 1", func(t *testing.T) {
		_, m := New(false, 1).Next(Dropped)
		require.Equal(t, FailInDoubt, m)
		_, m = New(true, 1).Next(Dropped)
		require.Equal(t, Fail, m)
	})
}

// TestPolicyWalk walks every sequence of up to five events, with every number
// of attempts, in doubt from the start or not.
func TestPolicyWalk(t *testing.T) {
	t.Parallel()
	for attempts := 1; attempts <= 5; attempts++ {
		walk(t, New(false, attempts), history{attempts: attempts})
		walk(t, New(true, attempts), history{attempts: attempts, readOnly: true})
		resumed := New(false, attempts)
		resumed.InDoubt = true
		walk(t, resumed, history{attempts: attempts, doubtful: true})
	}
}

// history is what a sequence has come to, kept apart from State.
type history struct {
	events   []Event
	attempts int
	readOnly bool
	doubtful bool // an attempt may have been carried out
	clockOff int
	dropped  int
}

func walk(t *testing.T, s State, h history) {
	if len(h.events) == 5 {
		return
	}
	for e := Answered; e <= Stopped; e++ {
		next := h
		next.events = append(append([]Event(nil), h.events...), e)
		switch e {
		case ReplyLost, Unrecognized, NonceUsed:
			next.doubtful = !h.readOnly
		case Dropped:
			next.doubtful = !h.readOnly
			next.dropped++
		case ClockOff:
			next.clockOff++
		}
		after, m := s.Next(e)
		if checkMove(t, next, e, m) {
			walk(t, after, next)
		}
	}
}

// checkMove asserts what must hold for every move, and reports whether the
// call goes on.
func checkMove(t *testing.T, h history, e Event, m Move) (goesOn bool) {
	t.Helper()
	text := fmt.Sprintf("%v, then %v, of %d attempts", h.events, m, h.attempts)
	sent := len(h.events)
	if e == Stopped {
		sent--
	}
	if h.dropped > 0 && h.attempts > 1 {
		sent-- // one is made up for
	}
	switch m {
	case RetryFresh, RetryAtOnce, RetryCorrected:
		require.False(t, h.doubtful, "different bytes while in doubt: %s", text)
		require.NotEqual(t, Refused, e, text)
	case ResendSame, ResendAtOnce:
		require.True(t, h.doubtful, "the same bytes without need: %s", text)
	case FailInDoubt:
		require.True(t, h.doubtful, "an outcome that is known: %s", text)
	case Fail:
		require.False(t, h.doubtful, "an end in doubt that is not an OutcomeUnknownError: %s", text)
	case Succeed:
		require.Equal(t, Answered, e, text)
	}
	if !m.Ends() {
		require.Less(t, sent, h.attempts, "too many attempts: %s", text)
	}
	if m == RetryCorrected {
		require.Equal(t, 1, h.clockOff, text)
	}
	if m == ResendAtOnce || m == RetryAtOnce {
		require.Equal(t, 1, h.dropped, text)
		require.Greater(t, h.attempts, 1, text)
	}
	if e == Stopped || e == Refused && !h.doubtful {
		require.True(t, m.Ends(), text)
	}
	return !m.Ends()
}

// TestNames: every event and every move has a name of its own for the log.
func TestNames(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for e := Answered; e <= Stopped; e++ {
		require.NotEmpty(t, e.String())
		require.False(t, seen[e.String()], e.String())
		seen[e.String()] = true
	}
	for m := Succeed; m <= ResendAtOnce; m++ {
		require.NotEmpty(t, m.String())
		require.False(t, seen[m.String()], m.String())
		seen[m.String()] = true
	}
	require.Len(t, eventNames, int(Stopped)+1)
	require.Len(t, moveNames, int(ResendAtOnce)+1)
	require.Equal(t, "event -1", Event(-1).String())
	require.Equal(t, "event 10", Event(10).String())
	require.Equal(t, "move -1", Move(-1).String())
	require.Equal(t, "move 8", Move(8).String())
}

// TestKindsOfMoves: what each move is, in so many words.
func TestKindsOfMoves(t *testing.T) {
	t.Parallel()
	for m, want := range map[Move]struct{ resends, waits, ends bool }{
		Succeed: {ends: true}, Fail: {ends: true}, FailInDoubt: {ends: true},
		RetryFresh: {waits: true}, RetryAtOnce: {}, RetryCorrected: {},
		ResendSame: {resends: true, waits: true}, ResendAtOnce: {resends: true},
	} {
		require.Equal(t, want.resends, m.Resends(), m)
		require.Equal(t, want.waits, m.Waits(), m)
		require.Equal(t, want.ends, m.Ends(), m)
	}
	require.Equal(t, "answered", Answered.String())
	require.Equal(t, "return the reply", Succeed.String())
}

// TestTimes: the gateway remembers a nonce, and accepts a timestamp, for 15
// minutes.
func TestTimes(t *testing.T) {
	t.Parallel()
	require.Equal(t, 5*time.Minute, ResendWindow)
	require.Equal(t, time.Minute, MaxAhead)
	require.Equal(t, 14*time.Minute, MinSkew)
	require.Equal(t, 24*time.Hour, MaxSkew)
}

// TestWhySafe: every move that sends has a reason, and none that ends.
func TestWhySafe(t *testing.T) {
	t.Parallel()
	for e := Answered; e <= Stopped; e++ {
		for m := Succeed; m <= ResendAtOnce; m++ {
			require.Equal(t, m.Ends(), m.WhySafe(e) == "", "%v after %v", m, e)
		}
	}
	for _, tt := range []struct {
		move  Move
		event Event
		want  string
	}{
		{ResendSame, ReplyLost, "the gateway takes a nonce once, so it takes one copy of these bytes at most"},
		{ResendAtOnce, NotSent, "the gateway takes a nonce once, so it takes one copy of these bytes at most"},
		{RetryFresh, NotSent, "nothing was sent"},
		{RetryFresh, Throttled, "the gateway refused it before it was carried out"},
		{RetryCorrected, ClockOff, "the gateway refused it before it was carried out"},
		{RetryFresh, ReplyLost, "the action changes nothing"},
		{RetryAtOnce, Dropped, "the action changes nothing"},
	} {
		require.Equal(t, tt.want, tt.move.WhySafe(tt.event), "%v after %v", tt.move, tt.event)
	}
}
