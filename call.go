package baas

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/antchain-go/baas/internal/atmostonce"
	"github.com/antchain-go/baas/internal/clock"
	"github.com/antchain-go/baas/internal/codes"
	"github.com/antchain-go/baas/internal/redact"
	"github.com/antchain-go/baas/internal/send"
	"github.com/antchain-go/baas/internal/sign"
)

// A call is one call in progress: sign, send, read, classify, decide, until the
// policy says that it is over.
type call struct {
	c     *core
	ctx   context.Context
	in    input
	opts  callOptions
	state atmostonce.State
	scrub redact.Scrubber // knows every secret met so far
	usual [10]sign.Pair   // the parameters of a usual request, to be allocated with the call

	message  message
	reply    send.Reply // the latest
	received received
	attempt  int  // how many have begun
	logged   bool // the latest will be

	offset      time.Duration // of the clock, in this call
	offsetIsNew bool          // and not yet proven right
	last        error         // what the latest attempt ended in
	lastReason  Reason
	doubt       *doubt // what the first doubtful attempt ended in
	requestID   string // of the first doubtful reply, or else the latest, that bore one
}

// An answer is what a call ends in.
type answer struct {
	requestID string
	result    []byte // JSON, good until the call is released
}

// An outcome is what became of an attempt.
type outcome struct {
	event  atmostonce.Event
	reason Reason
	err    error // nil for an answer that is as it should be
	answer answer

	status          int
	code, requestID string // scrubbed
	retryAfter      time.Duration
	duration        time.Duration

	offset           time.Duration // of ClockOff
	timestampRefused bool
}

// begin checks what all calls have in common, and names all faults of a call at
// once.
func (k *call) begin(ctx context.Context, c *Client, opts []CallOption) error {
	if !c.made() {
		k.in.fault("Client", "was not made by NewClient")
	}
	if ctx == nil {
		k.in.fault("ctx", "is nil")
	}
	k.opts = callOptionsOf(opts)
	k.opts.check(&k.in)
	if k.in.faults != nil {
		return k.opts.invalid(&ValidationError{Action: k.in.name, Fields: k.in.faults})
	}
	k.c, k.ctx = c.core(), ctx
	k.in.addRegion(k.c.region)
	k.state = atmostonce.New(k.in.readOnly, k.c.retry.MaxAttempts)
	k.state.InDoubt = k.opts.resume != nil
	k.offset = time.Duration(k.c.offset.Load())
	for _, p := range k.in.params {
		if k.in.isSecret(p.Name) {
			k.scrub.Add(p.Value)
		}
	}
	return nil
}

// run makes attempts until the policy says that it is over.
func (k *call) run() (answer, error) {
	if err := k.ctx.Err(); err != nil {
		return answer{}, k.beforehand(k.ended(err, nil))
	}
	for move := atmostonce.RetryFresh; ; {
		if !move.Resends() {
			if err := k.newMessage(); err != nil {
				return answer{}, k.beforehand(err)
			}
		}
		k.attempt++
		o := k.send(move.Resends() || k.attempt > 1)
		k.note(&o)
		k.keepOffset(&o)
		k.state, move = k.state.Next(o.event)
		if move == atmostonce.RetryCorrected {
			k.offset, k.offsetIsNew = o.offset, true
		}
		pause := k.pause(move, o.retryAfter)
		if !k.mayGoOn(move, pause) {
			k.state, move = k.state.Next(atmostonce.Stopped)
			pause = 0
		}
		k.logAttempt(&o, move, pause)
		if !k.wait(move, pause) {
			k.state, move = k.state.Next(atmostonce.Stopped)
		}
		switch move {
		case atmostonce.Succeed:
			if o.err != nil {
				k.warn("reply salvaged", "reason", detailOf(o.err))
			}
			return o.answer, nil
		case atmostonce.Fail:
			return answer{}, k.failure(o.event)
		case atmostonce.FailInDoubt:
			return answer{}, k.unknown()
		}
	}
}

// send sends the message once, reads the reply and judges it. A retry goes out
// on a new connection, a resend not after its time.
func (k *call) send(retry bool) (o outcome) {
	if k.logged = k.c.logger.Enabled(k.ctx, slog.LevelDebug); k.logged {
		begun := k.c.clock()
		defer func() { o.duration = k.c.clock().Since(begun) }()
	}
	ctx, cancel := context.WithTimeout(k.ctx, k.c.attemptTimeout)
	defer cancel()
	m := send.Message{
		Template: k.c.request,
		URL:      url.URL{Scheme: k.c.endpoint.Scheme, Host: k.c.endpoint.Host, Path: "/", RawQuery: k.message.Query},
		Header:   k.message.header,
		Body:     k.message.Body,
	}
	a := k.c.sender.Send(ctx, &m, send.Terms{Retry: retry, Resend: k.state.InDoubt, Limit: k})
	defer func() { a.Close(o.reason == ReasonReplied) }() // also if a decompressor panics
	if a.Earlier {
		k.note(&outcome{event: atmostonce.ReplyLost, reason: ReasonNoReply, err: &callError{
			action: k.in.name, text: "no reply to a copy of the request", kind: ErrUnavailable,
		}})
		k.state.InDoubt = !k.state.ReadOnly
	}
	if a.Err != nil {
		return k.undelivered(ctx, a)
	}
	k.reply.Read(a.Response, k.c.decompressors...)
	return k.judge(ctx, a.Response)
}

// undelivered is the outcome of an attempt without a response.
func (k *call) undelivered(ctx context.Context, a *send.Attempt) outcome {
	e := &callError{action: k.in.name, text: "no reply", kind: ErrUnavailable, cause: k.cause(ctx, a.Err)}
	switch {
	case a.Dropped:
		return outcome{event: atmostonce.Dropped, reason: ReasonNoReply, err: e}
	case a.Sent:
		return outcome{event: atmostonce.ReplyLost, reason: ReasonNoReply, err: e}
	}
	o := outcome{event: atmostonce.NotSent, reason: ReasonNotSent, err: e}
	e.text = "could not be reached"
	if ended := k.ctx.Err(); ended != nil {
		o.err = k.ended(ended, nil)
	}
	return o
}

// cause is err fit for the chain of an error. ctx is the attempt's.
func (k *call) cause(ctx context.Context, err error) error {
	ended := k.ctx.Err()
	if ended == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return redact.Timeout("attempt timed out after " + k.c.attemptTimeout.String())
	}
	return redact.Wrap(err, ended, &k.scrub)
}

// judge decides what a reply means.
func (k *call) judge(ctx context.Context, resp *http.Response) outcome {
	r, in := &k.reply, &k.received
	*in = received{status: r.Status, body: r.Body, cutOff: r.CutOff, tooLarge: r.TooLarge, refusalCodes: k.c.refusalCodes}
	var offset time.Duration
	if bytes.Contains(in.body, []byte(codes.TimestampExpired)) {
		offset, in.tellsTime = k.c.clock().OffsetFrom(resp.Header, k.offset)
	}
	v := classify(k.in.semantics, in)
	o := outcome{
		event: v.event, reason: v.reason,
		status:     in.status,
		code:       k.scrub.Identifier(v.reply.Code),
		requestID:  k.scrub.Identifier(v.reply.RequestID),
		retryAfter: clock.RetryAfter(resp.Header, k.c.clock),
		offset:     offset,

		timestampRefused: codes.IsTimestamp(v.reply.Code),
	}
	k.c.gateway.Note(resp.Header.Get("Date"), k.c.clock)
	o.answer = answer{requestID: v.reply.RequestID, result: v.result}
	if v.reason != ReasonReplied {
		var cause error
		if in.cutOff {
			cause = k.cause(ctx, r.Err)
		}
		o.err = k.explain(&o, &v, resp, in, cause)
	}
	return o
}

// note keeps what later errors need of an attempt.
func (k *call) note(o *outcome) {
	k.last, k.lastReason = o.err, o.reason
	if o.requestID != "" && (k.doubt == nil || k.requestID == "") {
		k.requestID = o.requestID
	}
	switch o.event {
	case atmostonce.Dropped, atmostonce.ReplyLost, atmostonce.Unrecognized, atmostonce.NonceUsed:
		if k.doubt == nil {
			k.doubt = &doubt{reason: o.reason, code: o.code, err: o.err}
			k.requestID = o.requestID
		}
	}
}

// keepOffset keeps an offset of the clock for later calls once it has proven
// right. Except for flow control, the gateway checks the timestamp before anything
// that a refusal could be about.
func (k *call) keepOffset(o *outcome) {
	judged := o.event == atmostonce.Answered || o.event == atmostonce.Refused
	if k.offsetIsNew && judged && !o.timestampRefused {
		k.c.offset.Store(int64(k.offset))
	}
}

// pause is how long to wait before move.
func (k *call) pause(move atmostonce.Move, retryAfter time.Duration) time.Duration {
	if move.Waits() {
		return k.c.retry.Delay(k.attempt, retryAfter)
	}
	return 0
}

// mayGoOn reports whether the wait before move may begin.
func (k *call) mayGoOn(move atmostonce.Move, pause time.Duration) bool {
	if move.Ends() {
		return true
	}
	inTime := !move.Resends() || k.age()+pause <= atmostonce.ResendWindow
	return inTime && k.ctx.Err() == nil
}

// wait waits before an attempt and reports whether that may begin.
func (k *call) wait(move atmostonce.Move, pause time.Duration) bool {
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-k.ctx.Done():
		}
	}
	return k.mayGoOn(move, 0)
}

// age is how long ago the message was made, which is before it was first sent.
func (k *call) age() time.Duration { return k.c.clock().Since(k.message.made) }

// TooLate reports whether the same bytes must not be sent any more: that the
// window is over, or that the clock has turned out not to be the stamp's.
func (k *call) TooLate() bool {
	age := k.age()
	return age > atmostonce.ResendWindow || age < -atmostonce.MaxAhead
}
