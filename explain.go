package baas

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/antchain-go/baas/internal/atmostonce"
	"github.com/antchain-go/baas/internal/redact"
)

// A doubt is what has brought a call in doubt.
type doubt struct {
	reason Reason
	code   string
	err    error
}

// explain makes the error of a reply that is not the answer, or not as it
// should be. Code and message of a reply are in it whatever it means.
func (k *call) explain(o *outcome, v *verdict, resp *http.Response, in *received, cause error) error {
	if v.event != atmostonce.Answered && v.reply.Code != "" && v.reply.Whole && !in.cutOff && !in.tooLarge {
		return k.apiError(o, v)
	}
	e := &callError{
		action: k.in.name, requestID: o.requestID, kind: ErrInvalidResponse, cause: cause,
		text: "HTTP " + strconv.Itoa(o.status) + " " + k.describe(v.reason, in),
	}
	if o.status >= 500 {
		e.kind = ErrUnavailable
	}
	if location, err := url.Parse(resp.Header.Get("Location")); err == nil && o.status/100 == 3 {
		e.text += ", a redirect to " + k.scrub.Text(location.Host, redact.MaxExcerpt)
	}
	if o.code != "" {
		e.text += ", code " + o.code + ": " + k.scrub.Text(v.reply.Message, redact.MaxText)
	}
	return e
}

// describe says what is wrong with a reply.
func (k *call) describe(reason Reason, in *received) string {
	switch {
	case in.tooLarge:
		return "with a reply larger than 1 MiB"
	case in.cutOff:
		return "with a reply that was cut off"
	}
	switch reason {
	case ReasonSalvaged:
		return "with a private key in a reply that is not a regular success"
	case ReasonFailed:
		return "with a reply that says that it failed"
	case ReasonNoKey:
		return "without a private key"
	case ReasonNoResult:
		return "without a result"
	}
	return k.scrub.Excerpt(in.body)
}

func (k *call) apiError(o *outcome, v *verdict) *APIError {
	a := &APIError{
		Action:     k.in.name,
		Code:       o.code,
		Message:    k.scrub.Text(v.reply.Message, redact.MaxText),
		RequestID:  o.requestID,
		HostID:     k.scrub.Identifier(v.reply.HostID),
		Recommend:  k.scrub.Text(v.reply.Recommend, redact.MaxText),
		StatusCode: o.status,
		RetryAfter: o.retryAfter,
	}
	for name, value := range v.reply.AccessDeniedDetail {
		if a.AccessDeniedDetail == nil {
			a.AccessDeniedDetail = make(map[string]string)
		}
		a.AccessDeniedDetail[k.scrub.Identifier(name)] = k.scrub.Text(value, redact.MaxText)
	}
	return a
}

// failure is the error of a call of which nothing was carried out, and whose
// latest attempt came to e.
func (k *call) failure(e atmostonce.Event) error {
	if err := k.ctx.Err(); err != nil && e != atmostonce.Refused {
		return k.ended(err, k.last)
	}
	return k.last
}

// ended is the error of a call that the caller's context ended. Of the attempt
// before, if any, it keeps the error.
func (k *call) ended(err, last error) error {
	e := &callError{action: k.in.name, text: err.Error(), ended: err}
	if k.attempt > 0 && last != nil && !errors.Is(last, err) {
		e.text, e.cause = err.Error()+", after", last
	}
	return e
}

// unknown is the error of a call that ended in doubt.
func (k *call) unknown() error {
	if k.doubt == nil { // it was resumed in doubt
		k.doubt = &doubt{reason: k.lastReason, err: k.last}
	}
	e := &OutcomeUnknownError{
		Action:         k.in.name,
		SignatureNonce: k.message.nonce,
		RequestID:      k.requestID,
		Reason:         k.doubt.reason,
		Code:           k.doubt.code,
		Attempts:       k.attempt,
		Err:            k.doubt.err,
		ended:          k.ctx.Err(),
	}
	k.warn("outcome unknown", "nonce", e.SignatureNonce, "attempts", e.Attempts,
		"reason", e.Reason.String(), "code", e.Code, "error", detailOf(e.Err))
	return e
}

// undecodable is the error of a call whose answer does not fit the caller's
// result.
func (k *call) undecodable(a answer, err error) error {
	k.requestID = k.scrub.Identifier(a.requestID)
	mismatch := &callError{
		action: k.in.name, requestID: k.requestID, kind: ErrInvalidResponse,
		text: "the reply does not fit the result", cause: redact.Wrap(err, nil, &k.scrub),
	}
	if k.in.readOnly {
		return mismatch
	}
	k.doubt = &doubt{reason: ReasonResultMismatch, err: mismatch}
	return k.unknown()
}

func (k *call) warn(msg string, args ...any) {
	args = append([]any{"action", k.in.name, "host", k.c.endpoint.Host, "requestID", k.requestID}, args...)
	k.c.logger.WarnContext(k.ctx, "baas: "+msg, args...)
}

// logAttempt writes the record of an attempt.
func (k *call) logAttempt(o *outcome, next atmostonce.Move, pause time.Duration) {
	if !k.logged {
		return
	}
	k.c.logger.LogAttrs(k.ctx, slog.LevelDebug, "baas: attempt",
		slog.String("action", k.in.name),
		slog.Int("attempt", k.attempt),
		slog.String("host", k.c.endpoint.Host),
		slog.Int("status", o.status),
		slog.String("code", o.code),
		slog.String("requestID", o.requestID),
		slog.Duration("duration", o.duration),
		slog.String("event", o.event.String()),
		slog.String("reason", o.reason.String()),
		slog.String("next", next.String()),
		slog.String("safe", next.WhySafe(o.event)),
		slog.Duration("pause", pause),
	)
}
