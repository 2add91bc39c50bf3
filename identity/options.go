package identity

import (
	"context"
	"log/slog"
	"time"

	"github.com/antchain-go/baas/certbundle"
)

// An Option changes one call of Ensure. Nil options are skipped; the last of a
// kind wins.
type Option func(*options)

type options struct {
	logger   *slog.Logger
	download []certbundle.Option
	clock    clock
	apply    applyFunc
	poll     time.Duration

	resumable, ownKey bool
}

// WithLogger logs what Ensure waits for, and for how long, at level Info; a
// doubt and what could not be had at level Warn. No record holds a secret. By
// default nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.logger = l }
}

// WithDownload sets how the files are downloaded, as for certbundle.Fetch.
func WithDownload(opts ...certbundle.Option) Option {
	return func(o *options) { o.download = opts }
}

// WithResumable is for programs that are stopped and started again, such as a
// pod or a command under Ctrl-C. If ctx ends while an application is in flight,
// the store is left as a crash would leave it, and not in doubt: in the five
// minutes in which the same message may be sent again, the next Ensure takes
// over, and may still bring the key. Only if it brings none the store becomes in
// doubt.
//
// Ensure returns a *DoubtError all the same, whose Record is still Applying.
func WithResumable() Option {
	return func(o *options) { o.resumable = true }
}

// pollInterval is how long a waiter pauses between two looks at the record, give
// or take a quarter.
const pollInterval = time.Second

func newOptions(opts []Option) *options {
	o := &options{clock: systemClock(), poll: pollInterval}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	if o.logger == nil {
		o.logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// A clock tells the time and waits.
type clock struct {
	now   func() (wall time.Time, mono time.Duration)
	sleep func(context.Context, time.Duration) // until ctx ends at the latest
}

func systemClock() clock {
	start := time.Now()
	return clock{
		now: func() (time.Time, time.Duration) {
			now := time.Now()
			return now.Round(0), now.Sub(start)
		},
		sleep: sleep,
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// graceTime is how long what must not be lost is still tried to be stored when
// the context has ended.
const graceTime = 10 * time.Second

// grace is a context that ends graceTime after ctx.
func grace(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(longer, graceTime)
		cancel()
	})
	return longer, func() { stop(); cancel() }
}
