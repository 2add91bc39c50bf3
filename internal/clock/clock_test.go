package clock

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func header(name string, t time.Time) http.Header {
	return http.Header{name: {t.Format(http.TimeFormat)}}
}

func TestSince(t *testing.T) {
	t.Parallel()
	at := Instant{Wall: noon, Mono: time.Hour}
	for name, tt := range map[string]struct {
		now  Instant
		want time.Duration
	}{
		"both clocks agree":            {Instant{noon.Add(time.Minute), time.Hour + time.Minute}, time.Minute},
		"the wall clock was set back":  {Instant{noon.Add(-time.Hour), time.Hour + time.Minute}, time.Minute},
		"the machine has slept":        {Instant{noon.Add(time.Hour), time.Hour + time.Minute}, time.Hour},
		"both say that nothing passed": {at, 0},
	} {
		require.Equal(t, tt.want, tt.now.Since(at), name)
	}
}

func TestOffsetFrom(t *testing.T) {
	t.Parallel()
	now := Instant{Wall: noon}
	for name, tt := range map[string]struct {
		h    http.Header
		used time.Duration
		want time.Duration
		ok   bool
	}{
		"no Date":                          {http.Header{}, 0, 0, false},
		"a Date that is none":              {http.Header{"Date": {"noon"}}, 0, 0, false},
		"within what the gateway allows":   {header("Date", noon.Add(14*time.Minute)), 0, 14 * time.Minute, false},
		"more than that, behind":           {header("Date", noon.Add(15*time.Minute)), 0, 15 * time.Minute, true},
		"more than that, ahead":            {header("Date", noon.Add(-15*time.Minute)), 0, -15 * time.Minute, true},
		"an offset that was used and fits": {header("Date", noon.Add(time.Hour)), time.Hour, time.Hour, false},
		"an offset that has become wrong":  {header("Date", noon), time.Hour, 0, true},
		"more than is plausible":           {header("Date", noon.Add(24*time.Hour)), 0, 24 * time.Hour, false},
	} {
		offset, ok := now.OffsetFrom(tt.h, tt.used)
		require.Equal(t, tt.ok, ok, name)
		require.Equal(t, tt.want, offset, name)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := func() Instant { return Instant{Wall: noon} }
	for name, tt := range map[string]struct {
		h    http.Header
		want time.Duration
	}{
		"no header":          {http.Header{}, 0},
		"seconds":            {http.Header{"Retry-After": {"19"}}, 19 * time.Second},
		"the largest number": {http.Header{"Retry-After": {"2147483647"}}, 2147483647 * time.Second},
		"a larger number":    {http.Header{"Retry-After": {"2147483648"}}, 0},
		"a date":             {header("Retry-After", noon.Add(time.Minute)), time.Minute},
		"a date in the past": {header("Retry-After", noon.Add(-time.Minute)), 0},
		"a negative number":  {http.Header{"Retry-After": {"-7"}}, 0},
		"too large a number": {http.Header{"Retry-After": {"99999999999"}}, 0},
		"something else":     {http.Header{"Retry-After": {"soon"}}, 0},
	} {
		require.Equal(t, tt.want, RetryAfter(tt.h, now), name)
	}
}

func TestGateway(t *testing.T) {
	t.Parallel()
	var g Gateway
	at := Instant{Wall: noon, Mono: time.Hour}
	require.False(t, g.Known())
	require.Equal(t, noon, g.NotAhead(noon, at), "nothing is known")

	g.Note("", func() Instant { return at })
	require.True(t, g.Known(), "a reply without a Date is one")
	require.Equal(t, noon, g.NotAhead(noon, at))

	g.Note(noon.Add(-time.Minute).Format(http.TimeFormat), func() Instant { return at })
	require.Equal(t, noon.Add(-time.Minute), g.NotAhead(noon, at), "the gateway's clock is behind")
	later := Instant{Wall: noon, Mono: time.Hour + 30*time.Second}
	require.Equal(t, noon.Add(-30*time.Second), g.NotAhead(noon, later), "the monotonic time since counts")
	require.Equal(t, noon.Add(-time.Hour), g.NotAhead(noon.Add(-time.Hour), at), "this clock is behind")
}
