package baas

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// APIVersion is the version of the API that this package calls.
const APIVersion = "2018-12-21"

// Client calls the BaaS API. It is safe for concurrent use; one client for a
// whole program is best, since connections are kept open between calls. Make
// it with NewClient.
type Client struct {
	endpoint       endpoint
	transport      transporter
	keys           keySource
	attemptTimeout time.Duration
	retry          RetryPolicy
	logger         *slog.Logger
	request        *http.Request // what all requests have in common
	paramsInQuery  bool

	clock func() instant
	nonce func() string

	// offset is what has to be added to the wall clock, in nanoseconds, as
	// learned from the service.
	offset atomic.Int64
}

func newNonce() string { return rand.Text() }

// CloseIdleConnections closes the connections of the client's own transport
// that no call is using. It does nothing to a transport that came with
// WithHTTPClient. The client remains usable.
func (c *Client) CloseIdleConnections() {
	if c != nil && c.transport.own != nil {
		c.transport.own.CloseIdleConnections()
	}
}

// Format implements fmt.Formatter. It shows the endpoint and none of what the
// client holds, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) {
	if c == nil {
		_, _ = io.WriteString(f, "<nil>")
		return
	}
	_, _ = fmt.Fprintf(f, "baas.Client(%s://%s)", c.endpoint.scheme, c.endpoint.host)
}

// An Operation is a call of an RPC action of the API. Printed or logged, it
// does not show the values that Secrets names.
type Operation struct {
	// Action is the name of the action, such as "DescribeAntChains".
	Action string

	// Params are the action's own parameters, without the common ones, such
	// as Version or Timestamp, which the client adds. They are copied before Do sends anything, and never
	// marshaled.
	Params url.Values `json:"-"`

	// Secrets names the Params whose values are never shown. "Password"
	// always is one.
	Secrets []string

	// ReadOnly says that repeating the call changes nothing, so that it is
	// retried freely. Said of a call that does change something, it may be
	// carried out once for each attempt. Without it the rules for an
	// application hold.
	ReadOnly bool
}

// Do calls any RPC action of the API and decodes the normalized reply,
// {"RequestId":…,"Result":…} whatever shape it came in, into result: a pointer
// to a struct, a map or a json.RawMessage; nil discards it. A reply without a
// Result, or with one that does not fit result, is ErrInvalidResponse, inside an
// OutcomeUnknownError unless the call is ReadOnly. So take what cannot be had
// again into a json.RawMessage.
//
// The errors are those of ApplyAntChainCertificateWithKeyAutoCreation. A ReadOnly
// call never returns an OutcomeUnknownError, but may return ErrInvalidResponse,
// or ErrUnavailable after server errors. Do is safe for concurrent
// use; result must not be touched until it returns.
func (c *Client) Do(ctx context.Context, op Operation, result any) error {
	o, secrets, faults := prepare(op)
	if result != nil && !isPointer(result) {
		faults = append(faults, FieldError{"result", "is not a non-nil pointer"})
	}
	k, err := c.newCall(ctx, o, faults, secrets...)
	if err != nil {
		return err
	}
	defer k.release()
	r, err := k.run()
	if err != nil || result == nil {
		return err
	}
	normalized, err := r.normalized()
	if err == nil {
		err = json.Unmarshal(normalized, result)
	}
	if err != nil {
		return k.undecodable(r, err)
	}
	return nil
}

// newCall checks what all calls have in common. All faults are named at once.
// secrets are the values among the parameters that are never shown.
func (c *Client) newCall(ctx context.Context, op operation, faults []FieldError, secrets ...string) (*call, error) {
	if c == nil || c.keys == nil {
		faults = append(faults, FieldError{"Client", "was not made by NewClient"})
	}
	if ctx == nil {
		faults = append(faults, FieldError{"ctx", "is nil"})
	}
	if faults != nil {
		return nil, &ValidationError{Action: op.action, Fields: faults}
	}
	k := &call{
		c:      c,
		ctx:    ctx,
		op:     op,
		state:  callState{readOnly: op.readOnly, left: c.retry.MaxAttempts},
		offset: time.Duration(c.offset.Load()),
	}
	k.scrub.secrets = append(k.room[:0], secrets...)
	return k, nil
}

// A call is one call in progress.
type call struct {
	c     *Client
	ctx   context.Context
	op    operation
	state callState
	scrub scrubber  // grows with every secret met
	room  [4]string // for the secrets of a usual call

	buffer  *[]byte // of the last reply
	attempt int     // how many have begun
	logged  bool    // the latest will be
	message message
	conns   connections

	offset      time.Duration // of the clock, in this call
	offsetIsNew bool          // and not yet proven right
	last        error         // what the latest attempt ended in
	doubt       error         // what the first doubtful attempt ended in
	requestID   string        // of the first doubtful reply, or else the latest, that bore one
}

// run makes attempts until the policy says that it is over.
func (k *call) run() (reply, error) {
	if err := k.ctx.Err(); err != nil {
		return reply{}, k.ended(err, nil)
	}
	for m := retryFresh; ; {
		if m != resendSame {
			if err := k.newMessage(); err != nil {
				return reply{}, err
			}
		}
		k.attempt++
		o := k.send(m == resendSame)
		k.note(&o)
		k.state, m = k.state.next(o.event)
		if m == retryCorrected {
			k.offset, k.offsetIsNew = o.offset, true
		}
		pause := k.pause(m, o.retryAfter)
		if !k.mayGoOn(m, pause) {
			k.state, m = k.state.next(stopped)
			pause = 0
		}
		k.logAttempt(&o, m, pause)
		if !k.wait(m, pause) {
			k.state, m = k.state.next(stopped)
		}
		switch m {
		case succeed:
			if o.salvaged {
				k.warn("reply salvaged", "reason", o.err.Error())
			}
			return o.reply, nil
		case fail:
			return reply{}, k.failure(o.event)
		case failInDoubt:
			return reply{}, k.unknown()
		}
	}
}

// note keeps what later moves and errors need of an attempt.
func (k *call) note(o *outcome) {
	k.last = o.err
	if o.requestID != "" && (k.doubt == nil || k.requestID == "") {
		k.requestID = o.requestID
	}
	switch o.event {
	case lost, strange, nonceUsed:
		if k.doubt == nil {
			k.doubt = o.err
			k.requestID = o.requestID
		}
	case answered, refused:
		// The gateway checks the timestamp before anything that a refusal
		// could be about, but for flow control.
		if k.offsetIsNew && !o.timestampRefused {
			k.c.offset.Store(int64(k.offset))
		}
	}
}

// pause is how long to wait before m.
func (k *call) pause(m move, retryAfter time.Duration) time.Duration {
	if m == retryFresh || m == resendSame {
		return k.c.retry.delay(k.attempt, retryAfter)
	}
	return 0
}

// mayGoOn reports whether the wait before m may begin.
func (k *call) mayGoOn(m move, pause time.Duration) bool {
	switch m {
	case retryFresh, retryCorrected:
		return k.ctx.Err() == nil
	case resendSame:
		return k.ctx.Err() == nil && k.age()+pause <= resendWindow
	}
	return true
}

// wait waits before an attempt and reports whether that may begin.
func (k *call) wait(m move, pause time.Duration) bool {
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-k.ctx.Done():
		}
	}
	return k.mayGoOn(m, 0)
}

// age is how long ago the message was made, which is before it was first sent.
func (k *call) age() time.Duration { return k.c.clock().since(k.message.made) }

func (k *call) tooOld() bool { return k.age() > resendWindow }

// failure is the error of a call of which nothing was carried out, and whose
// latest attempt came to e.
func (k *call) failure(e event) error {
	if err := k.ctx.Err(); err != nil && e != refused {
		return k.ended(err, k.last)
	}
	return k.last
}

// ended is the error of a call that the caller's context ended. Of the attempt
// before, if any, it keeps the error.
func (k *call) ended(err, last error) error {
	e := &callError{action: k.op.action, text: err.Error(), ended: err}
	if k.attempt > 0 && last != nil && !errors.Is(last, err) {
		e.text, e.cause = err.Error()+", after", last
	}
	return e
}

// unknown is the error of a call that ended in doubt.
func (k *call) unknown() error {
	e := &OutcomeUnknownError{
		Action:         k.op.action,
		SignatureNonce: k.message.nonce,
		RequestID:      k.requestID,
		Attempts:       k.attempt,
		Err:            k.doubt,
		ended:          k.ctx.Err(),
	}
	k.warn("outcome unknown", "nonce", e.SignatureNonce, "attempts", e.Attempts, "reason", detailOf(e.Err))
	return e
}

// undecodable is the error of a call whose answer does not fit the caller's
// result.
func (k *call) undecodable(r reply, err error) error {
	k.scrub.add(r.privateKey)
	k.requestID = k.scrub.identifier(r.requestID)
	k.doubt = &callError{
		action: k.op.action, requestID: k.requestID, kind: ErrInvalidResponse,
		text: "the reply does not fit the result", cause: foreign(err, nil, &k.scrub),
	}
	if k.op.readOnly {
		return k.doubt
	}
	return k.unknown()
}

func (k *call) warn(msg string, args ...any) {
	args = append([]any{"action", k.op.action, "host", k.c.endpoint.host, "requestID", k.requestID}, args...)
	k.c.logger.WarnContext(k.ctx, "baas: "+msg, args...)
}

// logAttempt writes the record of an attempt.
func (k *call) logAttempt(o *outcome, next move, pause time.Duration) {
	if !k.logged {
		return
	}
	k.c.logger.LogAttrs(k.ctx, slog.LevelDebug, "baas: attempt",
		slog.String("action", k.op.action),
		slog.Int("attempt", k.attempt),
		slog.String("host", k.c.endpoint.host),
		slog.Int("status", o.status),
		slog.String("code", o.code),
		slog.String("requestID", o.requestID),
		slog.Duration("duration", o.duration),
		slog.String("next", next.String()),
		slog.Duration("pause", pause),
	)
}
