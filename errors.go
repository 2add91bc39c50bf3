package baas

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/antchain-go/baas/internal/credential"
)

// The kinds of errors that a call can end in, for errors.Is.
//
// ErrOutcomeUnknown is the one error of a call that is not ReadOnly after
// which the call may have been carried out, and a certificate may exist. After
// every other error nothing was carried out.
var (
	// ErrInvalidRequest: an option, an argument or a field is at fault and
	// nothing was sent; the error is a *ValidationError.
	ErrInvalidRequest = errors.New("baas: invalid request")

	// ErrInvalidResponse: the reply is not what the API promises, such as an
	// HTML page, a cut-off or too large body, or one without a result.
	ErrInvalidResponse = errors.New("baas: invalid response")

	// ErrOutcomeUnknown: the service may have carried the call out, and its
	// reply is lost; the error is an *OutcomeUnknownError.
	ErrOutcomeUnknown = errors.New("baas: outcome unknown")

	// ErrUnauthenticated: the credentials are wrong, unknown, inactive or
	// expired, or the signature is wrong.
	ErrUnauthenticated = errors.New("baas: unauthenticated")

	// ErrForbidden: the credentials lack the permission for the action.
	ErrForbidden = errors.New("baas: forbidden")

	// ErrThrottled: the service throttled every attempt, the last one included.
	ErrThrottled = errors.New("baas: throttled")

	// ErrUnavailable: the service could not be reached, or it answered a
	// ReadOnly call with a server error until the last attempt.
	ErrUnavailable = errors.New("baas: unavailable")

	// ErrCredentials: no credentials were supplied and nothing was carried
	// out; the error is a *CredentialsError.
	ErrCredentials = errors.New("baas: no credentials")
)

// An APIError is a refusal by the service. Its texts are what the service
// sent, without secrets and at most 1 KiB each.
//
// It matches ErrUnauthenticated, ErrForbidden, ErrThrottled or ErrUnavailable
// as its Code and StatusCode say. Inside an OutcomeUnknownError it is found by
// errors.As, but matches none of them.
type APIError struct {
	Action    string // the action that was called
	Code      string // for example "Forbidden.RAM"
	Message   string // meant for people
	RequestID string // what the service's support asks for
	HostID    string // the endpoint that answered
	Recommend string // a page about the error, if any

	StatusCode int // of the HTTP response; 200 is possible

	// RetryAfter is how long the service asks to wait; zero if it does not.
	RetryAfter time.Duration

	// AccessDeniedDetail says which permission is missing, if the service
	// tells.
	AccessDeniedDetail map[string]string
}

func (e *APIError) Error() string { return prefix(e.Action) + e.detail() }

func (e *APIError) detail() string {
	text := e.Code
	if e.Message != "" {
		text += ": " + e.Message
	}
	var origin []string
	if e.StatusCode != 0 {
		origin = append(origin, "HTTP "+strconv.Itoa(e.StatusCode))
	}
	if e.RequestID != "" {
		origin = append(origin, "request ID "+e.RequestID)
	}
	if origin != nil {
		text += " (" + strings.Join(origin, ", ") + ")"
	}
	return text
}

// Is reports whether target is the kind of error that the code and the status
// stand for.
func (e *APIError) Is(target error) bool {
	kind := kindOf(e.Code, e.StatusCode)
	return kind != nil && kind == target
}

// An OutcomeUnknownError says that the service may have carried the call out,
// and that its reply is lost. Do not simply call again: that could issue a
// second certificate. Look the chain up in the console, or give the service's
// support SignatureNonce and RequestID; call again when it is clear that nothing was
// issued, or that another certificate does no harm.
type OutcomeUnknownError struct {
	Action         string
	SignatureNonce string // of the request in doubt
	RequestID      string // of the first doubtful reply that had one, else of a later reply; often empty
	Reason         Reason // why the outcome is unknown: what the first doubtful attempt came to
	Code           string // of the first doubtful reply, if it bore one
	Attempts       int    // how many were made in all
	Err            error  // of the first doubtful attempt

	ended error // the error of the caller's context, if that ended the call
}

func (e *OutcomeUnknownError) Error() string {
	cause := ""
	if e.Err != nil {
		cause = detailOf(e.Err)
	}
	text := prefix(e.Action) + "outcome unknown, the call may have been carried out (attempts: " + strconv.Itoa(e.Attempts) +
		", nonce " + e.SignatureNonce
	if e.RequestID != "" && !strings.Contains(cause, e.RequestID) {
		text += ", request ID " + e.RequestID
	}
	text += ")"
	if cause != "" {
		text += ": " + cause
	}
	if e.ended != nil && !errors.Is(e.Err, e.ended) {
		text += "; given up: " + e.ended.Error()
	}
	return text
}

// Is matches ErrOutcomeUnknown, the error of the caller's context if that
// ended the call, and whatever Err matches. The kinds of error that mean
// "nothing was carried out" it never matches.
func (e *OutcomeUnknownError) Is(target error) bool {
	switch target {
	case ErrOutcomeUnknown:
		return true
	case ErrThrottled, ErrUnavailable, ErrForbidden, ErrUnauthenticated, ErrInvalidRequest, ErrCredentials:
		return false
	}
	return errors.Is(e.Err, target) || errors.Is(e.ended, target)
}

// As finds what errors.As finds in Err. There is no Unwrap, so that what Is
// denies stays denied.
func (e *OutcomeUnknownError) As(target any) bool {
	return errors.As(e.Err, target)
}

// A ValidationError names every field or option at fault; nothing was sent.
type ValidationError struct {
	Action string // empty for an option
	Fields []FieldError
}

// A FieldError is one field or option at fault.
type FieldError struct {
	Field  string // as the Go source spells it: "AntChainID", "WithRegion"
	Reason string // "is required"; it never holds the value
}

func (e *ValidationError) Error() string {
	begin := prefix(e.Action) + "invalid request: "
	if e.Action == "" {
		begin = "baas: invalid options: "
	}
	faults := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		faults[i] = f.Field + " " + f.Reason
	}
	return begin + strings.Join(faults, ", ")
}

// Is matches ErrInvalidRequest.
func (e *ValidationError) Is(target error) bool { return target == ErrInvalidRequest }

// A CredentialsError says that credentials-go could not supply credentials, or
// supplied some that SignatureV3 cannot send; nothing was carried out. Its text
// leaves what credentials-go says out, and errors.Is and errors.As do not look into
// Err, since credentials-go quotes files and replies: read the field where it is
// safe to show.
type CredentialsError struct {
	Provider string // "default" for the default provider chain, else the credential's name or Go type
	Err      error  `json:"-"`

	action string
}

func (e *CredentialsError) Error() string { return prefix(e.action) + e.detail() }

func (e *CredentialsError) detail() string {
	return (&credential.Error{Provider: e.Provider, Err: e.Err}).Error()
}

// Is matches ErrCredentials.
func (e *CredentialsError) Is(target error) bool { return target == ErrCredentials }

// Format prints the error's text for every verb, so that none shows Err.
func (e CredentialsError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// LogValue is the error's text.
func (e CredentialsError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// A callError is every other way for a call to fail.
type callError struct {
	action    string
	requestID string
	text      string
	kind      error // one of the sentinels; nil if the context ended the call
	cause     error // of package redact, or the error of the attempt before; may be nil
	ended     error // the error of the caller's context, if that ended the call
}

func (e *callError) Error() string { return prefix(e.action) + e.detail() }

func (e *callError) detail() string {
	s := e.text
	if e.cause != nil {
		s += ": " + detailOf(e.cause)
	}
	if e.requestID != "" {
		s += " (request ID " + e.requestID + ")"
	}
	return s
}

func (e *callError) Is(target error) bool {
	return e.kind != nil && target == e.kind || errors.Is(e.ended, target)
}

func (e *callError) Unwrap() error { return e.cause }

// prefix is how every error begins.
func prefix(action string) string {
	if action == "" {
		return "baas: "
	}
	return "baas: " + action + ": "
}

// detailOf is the text of err without the prefix, to stand inside another
// error's text.
func detailOf(err error) string {
	if d, ok := err.(interface{ detail() string }); ok {
		return d.detail()
	}
	return err.Error()
}
