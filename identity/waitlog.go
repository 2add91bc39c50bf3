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
	case e.p.at == emptying:
		fault = "the store has not taken yet that nothing was issued: trying again"
	case e.p.stale:
		fault, err = "waiting until the store shows its latest record", errStale
	case e.p.at == doubting:
		fault = "the store does not show the doubt yet: looking again"
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
	attrs := []slog.Attr{
		slog.String("nonce", r.Stamp.Nonce), slog.Duration("waited", now-w.began), slog.Time("in doubt after", r.Stamp.Time.Add(callTime)),
	}
	if e.p.afterTakeover() {
		e.logger.LogAttrs(e.ctx, slog.LevelInfo,
			"this call took over and sent the message again, without getting the key: waiting whether the first holder stores it",
			append(attrs, slog.String("first holder", e.p.takenFrom), slog.Time("sent", r.Stamp.Time), slog.Any("error", e.p.err))...)
		return
	}
	attrs = append(attrs, slog.String("holder", r.Holder), slog.Time("since", r.Since))
	if !r.hasNonce(e.p.spent) && !r.hasNonce(e.p.doubted) {
		attrs = append(attrs, slog.Duration("takeover after silence of", quietTime))
	}
	e.logger.LogAttrs(e.ctx, slog.LevelInfo, "another holder is enrolling: waiting for its key", attrs...)
}
