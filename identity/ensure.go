package identity

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

type (
	request  = baas.ApplyAntChainCertificateWithKeyAutoCreationRequest
	response = baas.ApplyAntChainCertificateWithKeyAutoCreationResponse
)

// An applyFunc is one call of the typed method: a fresh one with a journal, or
// the resumption of a Stamp.
type applyFunc func(ctx context.Context, req *request, journal func(context.Context, baas.Stamp) error, resume *baas.Stamp) (*response, error)

func clientApply(c *baas.Client) applyFunc {
	return func(ctx context.Context, req *request, journal func(context.Context, baas.Stamp) error, resume *baas.Stamp) (*response, error) {
		if resume != nil {
			return c.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req, baas.WithResume(*resume))
		}
		return c.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req, baas.WithJournal(journal))
	}
}

// Ensure returns the TLS identity in store. If there is none it applies for one,
// once per store, whatever crashes, restarts or runs beside it; if files are
// missing it gets them. It is what a service calls at every start, in every
// replica. ctx bounds it all, except that a key, and what else must not be lost, is
// tried to be stored for 10 seconds more. A waiter may need 7 minutes.
//
// A store with a complete identity is only read. It must be of the request's
// chain and consortium. The password of the request must be the same at each
// call until the identity is complete.
//
// The bundle is complete, except for the trust store if that could not be had.
// With an error it is nil, with two exceptions: with a *KeyError it is the Bundle
// of that error; if only copying the files out of a Dir has failed, it is complete.
//
// Errors, for errors.As and errors.Is:
//
//   - *DoubtError, ErrInDoubt: a certificate may have been issued, and its key is
//     lost. A person has to decide: see DoubtError.
//   - *KeyError, certbundle.ErrKeyNotStored: the store refused the key. The error
//     holds the only copy.
//   - ErrInProgress: ctx ended while another holder was enrolling, or this call had
//     taken over from one and waited whether it stores its key. It may match
//     baas.ErrOutcomeUnknown, too: call again all the same.
//   - certbundle.ErrExists: a Dir has other files under the names of this identity,
//     which is complete in the record. Move them away and call again.
//   - ErrConflict: the store holds an identity of another chain or consortium.
//   - Those of the typed method and of the store: no certificate was issued that
//     the store does not know of. Calling again is safe, as it always is.
//
// Ensure is safe for concurrent use, in one process and in many.
func Ensure(
	ctx context.Context, client *baas.Client, store Store,
	req *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest, opts ...Option,
) (*certbundle.Bundle, error) {
	if err := checkArguments(ctx, client, store, req); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	if o.apply == nil {
		o.apply = clientApply(client)
	}
	if o.ownKey {
		o.apply = onlyResume(o.apply)
	}
	copied := *req
	wall, _ := o.clock.now()
	e := &enrollment{options: o, ctx: ctx, client: client, store: store, req: &copied}
	e.p.self = Record{
		Chain: copied.AntChainID, Consortium: copied.ConsortiumID, Subject: subject(&copied),
		Holder: newHolder(), Since: wall.UTC().Truncate(time.Second),
	}
	if o.ownKey {
		if err := e.useOwnKey(); err != nil {
			return nil, err
		}
	}
	e.run()
	return e.result()
}

// Inspect returns what is in the store, and changes nothing. The Record holds
// the key where there is one.
func Inspect(ctx context.Context, store Loader) (Record, error) {
	if err := checkStore(ctx, store); err != nil {
		return Record{}, err
	}
	r, _, err := store.Load(ctx)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return r, storeFault("load", err)
	}
	return r, nil
}

func subject(r *request) string {
	return fmt.Sprintf("CN=%s, OU=%s, O=%s, L=%s, ST=%s, C=%s", r.CommonName, r.OrganizationUnitName,
		r.OrganizationName, r.LocalityName, r.StateOrProvinceName, r.CountryName)
}

// An enrollment is one call of Ensure: it does what the protocol says.
type enrollment struct {
	*options
	ctx    context.Context
	client *baas.Client
	store  Store
	req    *request

	p     protocol
	links baas.DownloadPath // of the reply to this call
	watch watchLog
	wrote bool // a record

	grace    context.Context // see storeContext
	endGrace context.CancelFunc
	left     bool // a message in flight, to be resumed
}

// run goes through the protocol to its end.
func (e *enrollment) run() {
	defer func() {
		if e.endGrace != nil {
			e.endGrace()
		}
	}()
	for m := e.drive(e.ctx, event{kind: began}); m != finish; {
		switch m {
		case apply, resume:
			m = e.drive(e.ctx, e.call(m == resume))
		case fetch:
			m = e.drive(e.ctx, e.complete())
		default:
			panic(fmt.Sprintf("identity: move %d where no call is running", m))
		}
	}
}

// drive feeds ev to the protocol, and does what it says as long as that is
// between it and the store.
func (e *enrollment) drive(ctx context.Context, ev event) move {
	for {
		if ev.kind != loaded {
			ev.wall, ev.mono = e.clock.now()
		}
		var m move
		e.p, m = e.p.next(ev)
		switch m {
		case load:
			ev = e.load(ctx)
		case swap:
			ev = e.swap(ctx)
		case pause:
			ev = e.pause(ctx)
		default:
			return m
		}
	}
}

// storeContext is longer than ctx where something would be lost without the
// store. There is one for all tries, and the pauses between them.
func (e *enrollment) storeContext(ctx context.Context) context.Context {
	switch e.p.at {
	case emptying, doubting, storing:
		if e.grace == nil {
			e.grace, e.endGrace = grace(ctx)
		}
		return e.grace
	}
	return ctx
}

func (e *enrollment) load(ctx context.Context) event {
	ctx = e.storeContext(ctx)
	// What counts is when the Load began.
	ev := event{kind: loaded}
	ev.wall, ev.mono = e.clock.now()
	var err error
	if ev.record, ev.version, err = e.store.Load(ctx); err != nil {
		return event{kind: loadFailed, err: storeFault("load", err)}
	}
	return ev
}

func (e *enrollment) swap(ctx context.Context) event {
	ctx = e.storeContext(ctx)
	r := e.p.want
	if e.resumable && e.p.at == doubting && e.ctx.Err() != nil && e.inWindow(r.Stamp) {
		e.left = true
		return event{kind: expired, err: e.ctx.Err()}
	}
	r.Bundle = cloneBundle(r.Bundle)
	version, err := e.store.Swap(ctx, r, e.p.from)
	if err != nil {
		e.logger.LogAttrs(e.ctx, slog.LevelDebug, "record not written", slog.String("state", r.State.String()), slog.String("error", err.Error()))
		return event{kind: swapFailed, err: storeFault("write", err)}
	}
	e.logger.LogAttrs(e.ctx, slog.LevelDebug, "record written", slog.String("state", r.State.String()), slog.String("version", version))
	e.wrote = true
	return event{kind: swapped, version: version}
}

// inWindow reports whether the message of s may still be sent.
func (e *enrollment) inWindow(s *baas.Stamp) bool {
	wall, _ := e.clock.now()
	return wall.Sub(s.Time) < resendWindow
}

func (e *enrollment) pause(ctx context.Context) event {
	e.logWait()
	ctx = e.storeContext(ctx)
	e.clock.sleep(ctx, e.poll*3/4+rand.N(e.poll/2+1))
	if err := ctx.Err(); err != nil {
		return event{kind: expired, err: err}
	}
	return event{kind: waited}
}

// call makes one call of the typed method.
func (e *enrollment) call(resuming bool) event {
	var stamp *baas.Stamp
	var journal func(context.Context, baas.Stamp) error
	if resuming {
		s := e.p.sent
		stamp = &s
		e.logger.LogAttrs(e.ctx, slog.LevelInfo, "taking over from a holder that is gone: sending its message again", slog.String("nonce", s.Nonce))
	} else {
		journal = func(ctx context.Context, s baas.Stamp) error {
			s.Time = s.Time.UTC()
			if e.drive(ctx, event{kind: journaled, stamp: s}) == send {
				return nil
			}
			if e.p.err != nil {
				return e.p.err
			}
			return errNotJournaled
		}
	}
	resp, err := e.apply(e.ctx, e.req, journal, stamp)
	if err == nil {
		e.links = resp.Result.DownloadPath
		return event{kind: gotKey, bundle: certbundle.Bundle{PrivateKey: []byte(resp.Result.PrivateKey)}}
	}
	if errors.Is(err, baas.ErrOutcomeUnknown) {
		ev := event{kind: lost, err: err}
		var unknown *baas.OutcomeUnknownError
		if errors.As(err, &unknown) {
			ev.requestID = unknown.RequestID
		}
		return ev
	}
	return event{kind: nothing, err: err}
}

var errNotJournaled = errors.New("identity: the record could not be written, so nothing was sent")

// result is what Ensure returns.
func (e *enrollment) result() (*certbundle.Bundle, error) {
	p := &e.p
	switch p.end {
	case hasIdentity:
		b := cloneBundle(p.record.Bundle)
		return &b, e.copyOut(&b)
	case doubtful:
		r := p.record
		if r.State != InDoubt {
			r = p.inDoubt()
		}
		if e.left {
			r.State = Applying
		}
		err := &DoubtError{Record: r, Err: p.err}
		e.logger.LogAttrs(e.ctx, slog.LevelWarn, "in doubt", slog.String("error", err.Error()))
		return nil, err
	case inProgress:
		err := &progressError{record: p.record, err: errors.Join(e.ctx.Err(), p.err)}
		if p.afterTakeover() {
			err.takenFrom = p.takenFrom
		}
		return nil, err
	case notStored:
		b := cloneBundle(p.bundle)
		err := errors.Join(p.err, e.ctx.Err())
		return &b, &KeyError{Record: p.record, Bundle: b, Err: err}
	}
	if p.err == nil {
		p.err = errors.New("identity: the record is not what this call has written: somebody else has changed it")
	}
	return nil, p.err
}

// copyOut copies the files out. Who only reads a store may be unable to.
func (e *enrollment) copyOut(b *certbundle.Bundle) error {
	c, ok := e.store.(copier)
	if !ok {
		return nil
	}
	err := c.copyOut(b)
	if err != nil && !e.wrote && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		e.logger.LogAttrs(e.ctx, slog.LevelWarn, "files not copied out", slog.String("error", err.Error()))
		return nil
	}
	return err
}

func cloneBundle(b certbundle.Bundle) certbundle.Bundle {
	return certbundle.Bundle{
		PrivateKey: slices.Clone(b.PrivateKey), ClientCert: slices.Clone(b.ClientCert),
		CACert: slices.Clone(b.CACert), TrustStore: slices.Clone(b.TrustStore),
	}
}

// A copier is a store with a second place for the files.
type copier interface {
	copyOut(b *certbundle.Bundle) error
}
