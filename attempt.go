package baas

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxReply      = 1 << 20 // bytes of a reply that are used
	firstRead     = 4 << 10 // bytes to begin with; a usual reply has 3 KiB
	maxEmptyReads = 100     // in a row, from a broken body
)

// An outcome is what became of one attempt.
type outcome struct {
	event    event
	reply    reply // of answered
	salvaged bool  // the reply is broken, but holds the key
	err      error // of any other event, and what is wrong with a salvaged reply

	status          int
	code, requestID string // scrubbed
	retryAfter      time.Duration
	duration        time.Duration

	offset           time.Duration // of clockOff
	timestampRefused bool
}

// send makes one attempt with the message. A resend, in doubt, goes out on a
// connection that no earlier attempt used, and not after its time.
func (k *call) send(resend bool) (o outcome) {
	k.logged = k.c.logger.Enabled(k.ctx, slog.LevelDebug)
	if k.logged {
		begun := k.c.clock()
		defer func() { o.duration = k.c.clock().since(begun) }()
	}
	ctx, cancel := context.WithTimeout(k.ctx, k.c.attemptTimeout)
	defer cancel()
	own := k.c.transport.own != nil
	d := &delivery{empty: k.message.body == "", rest: k.message.body, asked: own, abort: cancel}
	d.plain = own && !resend && !d.empty
	if !own {
		d.conns = &k.conns
	}
	transport := k.c.transport.base()
	if resend {
		d.hold = k.tooOld
		fresh, release := k.c.transport.fresh()
		defer release()
		transport = fresh
	}
	traced := ctx
	if !own || d.empty || d.plain {
		traced = httptrace.WithClientTrace(ctx, d.trace())
	}
	resp, err := transport.RoundTrip(k.request(traced, d))
	if err == nil && resp == nil {
		err = errors.New("the transport returned neither a response nor an error")
	}
	if err != nil {
		return k.undelivered(ctx, d.seal(), err)
	}
	body, err := k.readReply(resp)
	d.seal()
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err != nil && err != errTooLarge {
		err = k.cause(ctx, err)
	}
	return k.judge(resp, body, err)
}

// undelivered is the outcome of an attempt without a response.
func (k *call) undelivered(ctx context.Context, unsent bool, err error) outcome {
	e := &callError{action: k.op.action, text: "no reply", kind: ErrUnavailable, cause: k.cause(ctx, err)}
	if !unsent {
		return outcome{event: lost, err: e}
	}
	e.text = "could not be reached"
	if ended := k.ctx.Err(); ended != nil {
		return outcome{event: notSent, err: k.ended(ended, nil)}
	}
	return outcome{event: notSent, err: e}
}

// cause is err fit for the chain of an error. ctx is the attempt's.
func (k *call) cause(ctx context.Context, err error) error {
	ended := k.ctx.Err()
	if ended == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &foreignError{text: fmt.Sprintf("attempt timed out after %v", k.c.attemptTimeout), timeout: true}
	}
	return foreign(err, ended, &k.scrub)
}

// errTooLarge ends the reading of a reply that is larger than maxReply.
var errTooLarge = errors.New("the reply is larger than 1 MiB")

// replyBuffers hold replies while they are decoded.
var replyBuffers = sync.Pool{New: func() any { return new([]byte) }}

// release gives the buffer of the last reply back. Nothing that was read from
// it may be used any more.
func (k *call) release() {
	if k.buffer != nil && cap(*k.buffer) <= maxScratch {
		replyBuffers.Put(k.buffer)
	}
	k.buffer = nil
}

// readReply reads as much of the body as is used. What was read is good, even
// with an error, until the next reply is read or the call released.
func (k *call) readReply(resp *http.Response) ([]byte, error) {
	if resp.Body == nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, nil
	}
	from := io.Reader(resp.Body)
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		// Nobody asked for it, but the key may be in it.
		unzip, err := gzip.NewReader(from)
		if err != nil {
			return nil, err
		}
		from = unzip
	}
	if k.buffer == nil {
		k.buffer = replyBuffers.Get().(*[]byte)
	}
	b := slices.Grow((*k.buffer)[:0], firstRead)
	defer func() { *k.buffer = b[:0] }()
	for empty := 0; ; {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := from.Read(b[len(b):min(cap(b), maxReply+1)])
		b = b[:len(b)+n]
		if n > 0 {
			empty = 0
		} else if empty++; empty > maxEmptyReads && err == nil {
			err = io.ErrNoProgress
		}
		switch {
		case len(b) > maxReply:
			return b[:maxReply], errTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		}
	}
}

// judge decides what a reply means. readErr says that the body is not whole.
// The bytes are judged before that: a reply that holds the whole key is
// success.
func (k *call) judge(resp *http.Response, body []byte, readErr error) outcome {
	e := parseEnvelope(body)
	o := outcome{
		status:     resp.StatusCode,
		code:       k.scrub.identifier(e.code),
		requestID:  k.scrub.identifier(e.requestID),
		retryAfter: retryAfter(resp.Header, k.c.clock),
	}
	sound := e.whole && readErr == nil
	regular := sound && o.status/100 == 2 && !e.failed
	refusal := sound && e.code != "" && e.requestID != ""
	switch {
	case e.privateKey != "" && (k.op.wantsKey || !k.op.readOnly):
		o.event = answered
	case refusal && isThrottling(e.code):
		o.event = throttled
	case regular && e.result != nil && !k.op.wantsKey:
		o.event = answered
	case e.hasServerError(o.status):
		o.event = lost
	case refusal && (o.status/100 == 4 || o.status == http.StatusOK && e.failed):
		k.refusal(&o, resp, &e)
	case readErr != nil && readErr != errTooLarge:
		o.event = lost
	default:
		o.event = strange
	}
	o.salvaged = o.event == answered && !regular
	k.explain(&o, resp, &e, body, readErr)
	return o
}

// explain adds the reply or the error to what judge has decided.
func (k *call) explain(o *outcome, resp *http.Response, e *envelope, body []byte, readErr error) {
	if o.event == answered {
		o.reply = e.reply()
		if o.salvaged {
			o.err = k.malformed(o, e, body, readErr)
		}
		return
	}
	if e.whole && readErr == nil && e.code != "" && (o.event != strange || e.failed) {
		o.err = k.apiError(o, e)
		return
	}
	err := k.malformed(o, e, body, readErr)
	if location, parseErr := url.Parse(resp.Header.Get("Location")); parseErr == nil && o.status/100 == 3 {
		err.text += ", a redirect to " + k.scrub.text(location.Host, maxExcerpt)
	}
	o.err = err
}

// refusal tells the refusals that the policy treats in a way of their own.
func (k *call) refusal(o *outcome, resp *http.Response, e *envelope) {
	o.event = refused
	switch {
	case e.code == "SignatureNonceUsed":
		o.event = nonceUsed
	case strings.HasPrefix(e.code, "InvalidTimeStamp"):
		o.timestampRefused = true
		offset, ok := k.c.clock().offsetFrom(resp.Header, k.offset)
		if ok && e.code == "InvalidTimeStamp.Expired" {
			o.event, o.offset = clockOff, offset
		}
	}
}

func (k *call) apiError(o *outcome, e *envelope) *APIError {
	a := &APIError{
		Action:     k.op.action,
		Code:       o.code,
		Message:    k.scrub.text(e.message, maxServerText),
		RequestID:  o.requestID,
		HostID:     k.scrub.identifier(e.hostID),
		Recommend:  k.scrub.text(e.recommend, maxServerText),
		StatusCode: o.status,
		RetryAfter: o.retryAfter,
	}
	for name, value := range e.accessDeniedDetail {
		if a.AccessDeniedDetail == nil {
			a.AccessDeniedDetail = make(map[string]string)
		}
		a.AccessDeniedDetail[k.scrub.identifier(name)] = k.scrub.text(value, maxServerText)
	}
	return a
}

// malformed is the error of a reply that is no answer and no refusal. Of a
// body that is not JSON it quotes the beginning.
func (k *call) malformed(o *outcome, e *envelope, body []byte, readErr error) *callError {
	c := &callError{
		action:    k.op.action,
		requestID: o.requestID,
		text:      fmt.Sprintf("HTTP %d ", o.status),
		kind:      ErrInvalidResponse,
	}
	if o.status >= 500 {
		c.kind = ErrUnavailable
	}
	switch {
	case readErr == errTooLarge:
		c.text += "with a reply larger than 1 MiB"
	case readErr != nil:
		c.text += "with a reply that was cut off"
		c.cause = readErr
	case e.whole && e.failed:
		c.text += "with a reply that says it failed"
	case e.privateKey != "":
		c.text += "with a private key in a reply that is no success"
	case e.whole && k.op.wantsKey:
		c.text += "without a private key"
	case e.whole:
		c.text += "with a reply of an unexpected kind"
	case len(body) == 0:
		c.text += "without a body"
	case !isText(body):
		c.text += "with a reply that is not text"
	case strings.HasPrefix(strings.TrimSpace(string(body[:min(len(body), maxExcerpt)])), "{"):
		c.text += "with a reply that is not valid JSON" // but may hold anything
	default:
		c.text += `with a reply that is not JSON: "` + k.scrub.text(string(body), maxExcerpt) + `"`
	}
	return c
}

// isText reports whether the beginning of a body looks like text.
func isText(body []byte) bool {
	head := body[:min(len(body), maxExcerpt)]
	return bytes.IndexFunc(head, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f", r) }) < 0
}
