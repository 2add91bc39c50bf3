package baas

import (
	"github.com/antchain-go/baas/internal/atmostonce"
	"github.com/antchain-go/baas/internal/codes"
	"github.com/antchain-go/baas/internal/envelope"
)

// A Reason says why an attempt was judged as it was. New ones may come, so have
// a default.
type Reason string

// What a reply can mean, in the order in which it is asked.
const (
	ReasonReplied           Reason = "replied"           // the reply that was asked for
	ReasonSalvaged          Reason = "salvaged"          // the key, in a reply that is broken or no success
	ReasonThrottled         Reason = "throttled"         // flow control
	ReasonRedirect          Reason = "redirect"          // status 3xx, which is not followed
	ReasonServerError       Reason = "serverError"       // status 5xx, a code that says that the service was at fault, or 408 or 499 with a code
	ReasonNonceUsed         Reason = "nonceUsed"         // an earlier copy has arrived
	ReasonClockOff          Reason = "clockOff"          // the timestamp was refused; the reply's Date corrects the clock
	ReasonRefused           Reason = "refused"           // a code that says that the request was at fault
	ReasonUnrecognizedCode  Reason = "unrecognizedCode"  // a refusal whose code says neither: see WithRefusalCodes
	ReasonTooLarge          Reason = "tooLarge"          // more than 1 MiB
	ReasonCutOff            Reason = "cutOff"            // the reply was cut off before the key was complete
	ReasonBusy              Reason = "busy"              // 408, 421, 425 or 429 of a load balancer
	ReasonNoRequestID       Reason = "noRequestID"       // a code, and nothing that shows that the gateway sent it
	ReasonFailed            Reason = "failed"            // the reply says that it failed, and not why, or also that it did not
	ReasonNoBody            Reason = "noBody"            // nothing
	ReasonNotJSON           Reason = "notJSON"           // a page of a proxy, say
	ReasonUnexpectedStatus  Reason = "unexpectedStatus"  // JSON with a status that it does not fit
	ReasonNoKey             Reason = "noKey"             // a success without the private key
	ReasonNoResult          Reason = "noResult"          // a success without a result
	ReasonNoReply           Reason = "noReply"           // the connection failed, or the attempt timed out
	ReasonNotSent           Reason = "notSent"           // there was no connection
	ReasonResultMismatch    Reason = "resultMismatch"    // the result does not fit the caller's type
	ReasonNotRepeatable     Reason = "notRepeatable"     // WithResume: the same bytes cannot be made again
	ReasonStampTooOld       Reason = "stampTooOld"       // WithResume: the resend window is over
	ReasonStampInFuture     Reason = "stampInFuture"     // WithResume: ahead of this machine's clock
	ReasonPreparationFailed Reason = "preparationFailed" // WithResume: no credentials, or the context ended before anything was sent
)

// String is the reason as the log has it.
func (r Reason) String() string { return string(r) }

// received is what came back of an attempt.
type received struct {
	status       int
	body         []byte
	cutOff       bool
	tooLarge     bool
	tellsTime    bool     // its Date puts the clock off
	refusalCodes []string // of WithRefusalCodes
}

// A verdict is what a reply means.
type verdict struct {
	event  atmostonce.Event
	reason Reason
	reply  envelope.Envelope
	result []byte // of Answered: JSON
}

// classify judges a reply, from what is known of the action and what was
// received. The bytes are judged before the end of the reply is: one that holds
// the key is success.
func classify(s *semantics, in *received) verdict {
	f := gather(s, in)
	v := verdict{reply: f.e, result: f.e.Result}
	for _, row := range table {
		if row.is(f) {
			v.event, v.reason = row.event, row.reason
			break
		}
	}
	switch {
	case v.event != atmostonce.Answered:
		v.result = nil
	case v.reason == ReasonSalvaged && !(s.keys.Any && envelope.Salvage(v.result, s.keys) != nil):
		v.result = envelope.Salvage(in.body, s.keys)
	}
	return v
}

// facts is what the rows of the table ask.
type facts struct {
	*semantics
	*received
	e       envelope.Envelope
	sound   bool // one JSON object, to its end
	refusal bool // it has the form of a refusal by the gateway or the service
}

func gather(s *semantics, in *received) facts {
	f := facts{semantics: s, received: in, e: envelope.Parse(in.body, s.keys)}
	f.e.Code = codes.Decisive(f.e.Codes, f.e.Code)
	f.sound = f.e.Whole && !f.cutOff && !f.tooLarge
	f.refusal = f.sound && f.e.Code != "" && f.e.RequestID != "" && (f.status/100 == 4 || f.status == 200 && !f.e.IsDisputed())
	return f
}

// table is the order in which a reply is judged: the first row that fits.
var table = []struct {
	reason Reason
	event  atmostonce.Event
	is     func(facts) bool
}{
	{ReasonReplied, atmostonce.Answered, facts.isAnswer},
	{ReasonSalvaged, atmostonce.Answered, facts.isSalvaged},
	{ReasonThrottled, atmostonce.Throttled, func(f facts) bool {
		return f.sound && f.e.RequestID != "" && codes.IsThrottling(f.e.Code) && codes.Sum(f.e.Codes, f.refusalCodes, "", 0) != codes.Service
	}},
	{ReasonRedirect, atmostonce.Unrecognized, func(f facts) bool { return f.status/100 == 3 }},
	{ReasonServerError, atmostonce.ReplyLost, func(f facts) bool { return f.status >= 500 || f.blamed() == codes.Service }},
	{ReasonNonceUsed, atmostonce.NonceUsed, func(f facts) bool { return f.refusal && f.e.Code == codes.NonceUsed }},
	{ReasonClockOff, atmostonce.ClockOff, func(f facts) bool {
		return f.refusal && f.e.Code == codes.TimestampExpired && f.tellsTime
	}},
	{ReasonRefused, atmostonce.Refused, func(f facts) bool { return f.refusal && f.blamed() == codes.Request }},
	{ReasonUnrecognizedCode, atmostonce.Unrecognized, func(f facts) bool { return f.refusal }},
	{ReasonTooLarge, atmostonce.Unrecognized, func(f facts) bool { return f.tooLarge }},
	{ReasonCutOff, atmostonce.ReplyLost, func(f facts) bool { return f.cutOff }},
	{ReasonBusy, atmostonce.ReplyLost, func(f facts) bool {
		return f.status == 408 || f.status == 421 || f.status == 425 || f.status == 429
	}},
	{ReasonNoRequestID, atmostonce.Unrecognized, func(f facts) bool { return f.sound && f.e.Code != "" && f.e.RequestID == "" }},
	{ReasonFailed, atmostonce.Unrecognized, func(f facts) bool { return f.sound && (f.e.Failed || f.status/100 == 2 && f.e.SaysFailure()) }},
	{ReasonNoBody, atmostonce.Unrecognized, func(f facts) bool { return len(f.body) == 0 }},
	{ReasonNotJSON, atmostonce.Unrecognized, func(f facts) bool { return !f.sound }},
	{ReasonUnexpectedStatus, atmostonce.Unrecognized, func(f facts) bool { return f.status/100 != 2 }},
	{ReasonNoKey, atmostonce.Unrecognized, func(f facts) bool { return len(f.keys.Names) > 0 }},
	{ReasonNoResult, atmostonce.Unrecognized, func(facts) bool { return true }},
}

func (f facts) isAnswer() bool {
	return f.sound && f.status/100 == 2 && !f.e.SaysFailure() && f.e.Result != nil && f.e.HasKeys
}

// isSalvaged looks for what is handed over once in a reply that is broken, or
// that says anything but success.
func (f facts) isSalvaged() bool {
	return !f.readOnly && envelope.Salvage(f.body, f.keys) != nil
}

func (f facts) blamed() codes.Blame {
	return codes.Sum(f.e.Codes, f.refusalCodes, f.e.HTTPStatus, f.status)
}

// kindOf says which sentinel a code and a status stand for, or nil.
func kindOf(code string, status int) error {
	switch {
	case codes.IsThrottling(code):
		return ErrThrottled
	case status >= 500 || codes.BlameOf(code) == codes.Service:
		return ErrUnavailable
	case codes.IsUnauthenticated(code), status == 401:
		return ErrUnauthenticated
	case codes.IsForbidden(code), status == 403:
		return ErrForbidden
	}
	return nil
}
