package baas

import (
	"net/http"
	"strconv"
	"time"

	"github.com/antchain-go/baas/internal/atmostonce"
)

// An instant is read off both clocks. They disagree when the wall clock is set
// and when the machine sleeps.
type instant struct {
	wall time.Time
	mono time.Duration
}

// systemClock reads the clocks of the machine.
func systemClock() func() instant {
	start := time.Now()
	return func() instant {
		now := time.Now()
		return instant{wall: now.Round(0), mono: now.Sub(start)}
	}
}

// since is the time from t to i by whichever clock says more.
func (i instant) since(t instant) time.Duration {
	return max(i.wall.Sub(t.wall), i.mono-t.mono)
}

// offsetFrom is what has to be added to the wall clock to get the time of the
// Date header of a reply that was received now. It is worth a try only if the
// time that was sent, that of now and the offset used so far, was off by more
// than the gateway allows, and if this machine's clock is off by no more than is
// plausible. What an earlier reply made of the offset does not matter: that may
// have been forged.
func (i instant) offsetFrom(h http.Header, used time.Duration) (time.Duration, bool) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	offset := date.Sub(i.wall)
	return offset, (offset-used).Abs() > atmostonce.MinSkew && offset.Abs() < atmostonce.MaxSkew
}

// retryAfter reads a Retry-After header, seconds or a date.
func retryAfter(h http.Header, clock func() instant) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(clock().wall), 0)
	}
	return 0
}
