package baas

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
