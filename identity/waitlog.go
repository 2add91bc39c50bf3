package identity

import (
	"log/slog"
	"time"
)

// waitLogInterval is how often a wait is logged that goes on.
const waitLogInterval = 15 * time.Second

// A watchLog keeps what was logged about a wait.
type watchLog struct {
	holder, nonce string
	began, last   time.Duration
}

// logWait makes a wait visible: for whom, for what, and how long already.
func (e *enrollment) logWait() {
	_, now := e.clock.now()
	r := &e.p.record
	fault, err := "", e.p.err
	switch {
	case e.p.at == storing:
		fault = "the store has not taken the key yet: trying again"
	case e.p.stale:
		fault, err = "waiting until the store shows its latest record", errStale
	}
	if fault != "" {
		if e.watch.last == 0 || now-e.watch.last >= waitLogInterval {
			e.watch.last = now
			e.logger.LogAttrs(e.ctx, slog.LevelWarn, fault, slog.Any("error", err))
		}
		return
	}
	if r.State != Applying {
		return
	}
	w := &e.watch
	fresh := w.holder != r.Holder || !r.hasNonce(w.nonce)
	if !fresh && now-w.last < waitLogInterval {
		return
	}
	if fresh {
		*w = watchLog{holder: r.Holder, nonce: r.Stamp.Nonce, began: now}
	}
	w.last = now
	e.logger.LogAttrs(e.ctx, slog.LevelInfo, "another holder is enrolling: waiting for its key",
		slog.String("holder", r.Holder), slog.String("nonce", r.Stamp.Nonce), slog.Time("since", r.Since),
		slog.Duration("waited", now-w.began), slog.Duration("takeover after silence of", quietTime),
		slog.Time("in doubt after", r.Stamp.Time.Add(callTime)))
}
