package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/antchain-go/baas/certbundle"
)

// A Source serves an identity that may change while the program runs: renewed
// in another store, or a Secret that is mounted anew.
//
// It polls what it was given. A new version is served once it verifies; one that
// does not is logged, judged again at the next poll, and never takes the place
// of a good one. What is served is judged again as well: an identity that expires
// is served until there is another that verifies. Connections that are open stay
// as they are.
//
// A Source is safe for concurrent use. Close it when done.
type Source struct {
	password string
	feeds    []*feed
	logger   *slog.Logger

	current atomic.Pointer[served]
	stop    context.CancelFunc
	done    chan struct{}

	mu      sync.Mutex
	changed chan struct{}
}

// served is an identity that has verified.
type served struct {
	bundle certbundle.Bundle
	cert   tls.Certificate
	report atomic.Pointer[certbundle.Report] // of the latest look
}

// feed is one of the places that a Source looks at.
type feed struct {
	name string
	load func(context.Context) (*certbundle.Bundle, error)

	good  *served // the latest that has verified
	fresh bool    // good still verifies

	// What was logged last about the latest version, and about good.
	fault, goodFault string
}

// A SourceOption configures a Source. Nil options are skipped. FromDir and
// FromStore add up; of the others the last one wins.
type SourceOption func(*sourceOptions)

type sourceOptions struct {
	feeds    []*feed
	interval time.Duration
	logger   *slog.Logger
	noStore  bool // FromStore was called without one
}

// sourceInterval is how often a Source looks, unless PollEvery says otherwise.
// The kubelet takes about a minute to renew a mounted Secret.
const sourceInterval = 30 * time.Second

// FromDir looks at the four files in a folder, as certbundle.Load reads them.
// Where the folder is a mounted Secret, whose files are links through ..data,
// all files are read from one version of it.
func FromDir(path string) SourceOption {
	return func(o *sourceOptions) {
		o.feeds = append(o.feeds, &feed{name: path, load: func(context.Context) (*certbundle.Bundle, error) {
			return certbundle.Load(path)
		}})
	}
}

// FromStore looks at a store. Only a record that is Complete is served. If l has a
// String method, errors and logs name it so.
func FromStore(l Loader) SourceOption {
	return func(o *sourceOptions) {
		if l == nil {
			o.noStore = true
			return
		}
		name := fmt.Sprintf("%T", l)
		if s, ok := l.(fmt.Stringer); ok {
			name = s.String()
		}
		o.feeds = append(o.feeds, &feed{name: name, load: func(ctx context.Context) (*certbundle.Bundle, error) {
			r, err := Inspect(ctx, l)
			if err == nil && r.State != Complete {
				err = errors.New("identity: the record is " + r.State.String() + ", not Complete")
			}
			return &r.Bundle, err
		}})
	}
}

// PollEvery sets the interval between two looks; 30 s by default. It must be
// positive.
func PollEvery(d time.Duration) SourceOption {
	return func(o *sourceOptions) { o.interval = d }
}

// WithSourceLogger logs new identities at level Info, and at level Warn versions
// that cannot be served and identities that have expired, once for each fault. By
// default nothing is logged.
func WithSourceLogger(l *slog.Logger) SourceOption {
	return func(o *sourceOptions) { o.logger = l }
}

// NewSource returns a Source that serves an identity, or an error that says why
// there is none to be served, as certbundle.Load, Loader and Bundle.Verify give it.
// password opens the private key of each version. Of several places, it serves the
// identity that verifies and has the latest NotBefore. ctx bounds the first look
// only.
func NewSource(ctx context.Context, password string, opts ...SourceOption) (*Source, error) {
	o := sourceOptions{interval: sourceInterval}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	switch {
	case ctx == nil:
		return nil, errNil("ctx")
	case o.noStore:
		return nil, errNil("FromStore: store")
	case len(o.feeds) == 0:
		return nil, errors.New("identity: NewSource needs FromDir or FromStore")
	case o.interval <= 0:
		return nil, errors.New("identity: PollEvery: the interval is not positive")
	}
	if o.logger == nil {
		o.logger = slog.New(slog.DiscardHandler)
	}
	s := &Source{password: password, feeds: o.feeds, logger: o.logger, done: make(chan struct{}), changed: make(chan struct{})}
	if err := s.look(ctx); s.current.Load() == nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.poll(life, o.interval)
	return s, nil
}

// Close ends the polling and waits until it has ended. What was served last is
// served on. Further calls do nothing. It returns nil.
func (s *Source) Close() error {
	s.stop()
	<-s.done
	return nil
}

// Report says what is being served, as Bundle.Verify found it at the latest look.
// It must not be modified.
func (s *Source) Report() *certbundle.Report { return s.current.Load().report.Load() }

// Changed returns a channel that is closed when another identity is served. Ask
// for it again each time, before looking at the Report.
func (s *Source) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Source) poll(ctx context.Context, interval time.Duration) {
	defer close(s.done)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = s.look(ctx) // has been logged
		}
	}
}

// look judges every place anew, and serves the newest identity that verifies. If
// none does, what was served stays.
func (s *Source) look(ctx context.Context) error {
	var errs []error
	var newest *served
	for _, from := range s.feeds {
		if err := s.judge(ctx, from); err != nil {
			errs = append(errs, err)
		}
		if from.fresh && (newest == nil || from.good.report.Load().NotBefore.After(newest.report.Load().NotBefore)) {
			newest = from.good
		}
	}
	if newest != nil && newest != s.current.Load() {
		s.serve(newest)
	}
	return errors.Join(errs...)
}

func (s *Source) serve(now *served) {
	s.current.Store(now)
	report := now.report.Load()
	s.logger.Info("serving an identity", slog.String("subject", report.Subject),
		slog.String("serial number", report.SerialNumber), slog.Time("not after", report.NotAfter))
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// judge loads what is in one place. What is no good leaves the last good one,
// which is judged again, since time has passed.
func (s *Source) judge(ctx context.Context, from *feed) error {
	b, err := from.load(ctx)
	known := err == nil && from.good != nil && equalBundles(b, &from.good.bundle)
	if err == nil && !known {
		var good *served
		if good, err = s.verify(b); err == nil {
			from.good, from.fresh, from.goodFault = good, true, ""
		}
	}
	if from.good != nil && (known || err != nil) {
		s.verifyAgain(from)
	}
	if err == nil {
		from.fault = ""
		return nil
	}
	err = fmt.Errorf("identity: %s: %w", from.name, err)
	if ctx.Err() == nil && from.fault != err.Error() {
		from.fault = err.Error()
		s.logger.Warn("an identity is not served", slog.String("error", from.fault))
	}
	return err
}

func (s *Source) verify(b *certbundle.Bundle) (*served, error) {
	report, err := b.Verify(s.password)
	if err != nil {
		return nil, err
	}
	cert, err := b.TLSCertificate(s.password)
	if err != nil {
		return nil, err
	}
	good := &served{bundle: cloneBundle(*b), cert: cert}
	good.report.Store(report)
	return good, nil
}

// verifyAgain judges what has verified before: it may have expired, or not be
// valid yet, as the clock is set.
func (s *Source) verifyAgain(from *feed) {
	report, err := from.good.bundle.Verify(s.password)
	if report != nil {
		from.good.report.Store(report)
	}
	from.fresh = err == nil
	if err == nil {
		from.goodFault = ""
		return
	}
	err = fmt.Errorf("identity: %s: %w", from.name, err)
	if from.goodFault != err.Error() {
		from.goodFault = err.Error()
		s.logger.Warn("an identity no longer verifies", slog.String("error", from.goodFault))
	}
}
