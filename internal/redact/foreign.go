package redact

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// An Error is an error of another package in the chain of one of ours.
// What is known to hold no secret can be found in it by errors.Is and
// errors.As; of anything else it has the type and the scrubbed text.
//
// It has no Unwrap: a timeout of the network matches
// context.DeadlineExceeded, and only the caller's context may.
type Error struct {
	text    string
	known   []error // parts of the chain that are what they seem, as they are
	timeout bool
	ended   error // the error of the caller's context, if that is the cause
}

// Timeout returns an Error of ours for what has taken too long.
func Timeout(text string) *Error { return &Error{text: text, timeout: true} }

// Wrap makes an Error of err, which is not nil. ended is the error of the
// caller's context if that has ended, else nil. s takes the secrets out of its
// text.
func Wrap(err, ended error, s *Scrubber) *Error {
	// The text of a *url.Error holds the query.
	for {
		u, ok := err.(*url.Error)
		if !ok || u.Err == nil {
			break
		}
		err = u.Err
	}
	var t interface{ Timeout() bool }
	f := &Error{
		known:   knownParts(err, s),
		timeout: errors.As(err, &t) && t.Timeout(),
		ended:   ended,
	}
	if ended != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		f.text = ended.Error()
		return f
	}
	f.text = s.Text(err.Error(), MaxText)
	if !isKnown(err) {
		f.text = fmt.Sprintf("%T: %s", err, f.text)
	}
	return f
}

func (f *Error) Error() string { return f.text }

func (f *Error) Is(target error) bool {
	if isContextError(target) {
		return errors.Is(f.ended, target)
	}
	for _, err := range f.known {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func (f *Error) As(target any) bool {
	for _, err := range f.known {
		if errors.As(err, target) {
			return true
		}
	}
	return false
}

// Timeout reports whether the cause is a timeout, as net.Error does.
func (f *Error) Timeout() bool { return f.timeout }

// A callersError is an error that the caller's own code has returned.
type callersError struct {
	text       string
	err, ended error
}

// WrapCallers makes an error of err, which the caller's own code has returned.
// errors.Is and errors.As find in it all that they find in err, except that the
// end of a context is the one of ended, as Wrap has it. s takes the secrets out of
// its text.
func WrapCallers(err, ended error, s *Scrubber) error {
	return &callersError{text: s.Text(err.Error(), MaxText), err: err, ended: ended}
}

func (e *callersError) Error() string { return e.text }

func (e *callersError) Is(target error) bool {
	if isContextError(target) {
		return errors.Is(e.ended, target)
	}
	return errors.Is(e.err, target)
}

func (e *callersError) As(target any) bool { return errors.As(e.err, target) }

// isContextError reports whether target is the error of a context that has ended.
func isContextError(target error) bool {
	return target == context.Canceled || target == context.DeadlineExceeded
}

// knownParts lists the largest parts of err's tree in which every error is
// known.
func knownParts(err error, s *Scrubber) []error {
	if isKnown(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return []error{err}
	}
	// A *net.OpError may wrap anything, such as the words of a proxy, or a
	// timeout that passes for that of a context.
	if op, ok := err.(*net.OpError); ok && op.Err != nil {
		c := *op
		c.Err = Wrap(op.Err, nil, s)
		return []error{&c}
	}
	var parts []error
	for _, child := range children(err) {
		parts = append(parts, knownParts(child, s)...)
	}
	return parts
}
