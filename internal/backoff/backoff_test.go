package backoff

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDelays(t *testing.T) {
	t.Parallel()
	p := Policy{}.WithDefaults()
	require.Equal(t, Policy{MaxAttempts: 4, MinDelay: time.Second, MaxDelay: 10 * time.Second}, p)
	for attempt, whole := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second,
		5: 10 * time.Second, 6: 10 * time.Second, 1000: 10 * time.Second,
	} {
		low, high := whole, time.Duration(0)
		for range 2000 {
			d := p.Delay(attempt, 0)
			require.GreaterOrEqual(t, d, whole/2)
			require.LessOrEqual(t, d, whole)
			low, high = min(low, d), max(high, d)
		}
		require.Less(t, low, whole*6/10, "the jitter reaches down to half")
		require.Greater(t, high, whole*9/10, "and up to the whole")
	}
	require.Equal(t, 7*time.Second, p.Delay(1, 7*time.Second), "Retry-After is honored")
	require.Equal(t, 10*time.Second, p.Delay(1, time.Hour), "up to MaxDelay")
	require.GreaterOrEqual(t, p.Delay(4, time.Second), 4*time.Second, "a short Retry-After shortens nothing")

	huge := Policy{MinDelay: 1, MaxDelay: 1<<63 - 1}
	require.Positive(t, huge.Delay(500, 0), "no overflow")
	require.Equal(t, 200*time.Millisecond, Policy{MaxDelay: 200 * time.Millisecond}.WithDefaults().MinDelay)
	require.Equal(t, time.Minute, Policy{MinDelay: time.Minute}.WithDefaults().MaxDelay)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy Policy
		want   string
	}{
		"nothing is said":              {Policy{}, ""},
		"one attempt":                  {Policy{MaxAttempts: 1, MinDelay: time.Second, MaxDelay: time.Second}, ""},
		"a MinDelay above the default": {Policy{MinDelay: time.Minute}, ""},
		"negative attempts":            {Policy{MaxAttempts: -1}, "has a negative MaxAttempts"},
		"a negative MinDelay":          {Policy{MinDelay: -1}, "has a negative delay"},
		"a negative MaxDelay":          {Policy{MaxDelay: -1}, "has a negative delay"},
		"MinDelay above MaxDelay":      {Policy{MinDelay: 2, MaxDelay: 1}, "has a MinDelay above MaxDelay"},
	} {
		require.Equal(t, tt.want, tt.policy.Check(), name)
	}
}
