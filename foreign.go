package baas

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/antchain-go/baas/internal/known"
)

// A foreignError is an error of another package in the chain of one of ours.
// What is known to hold no secret can be found in it by errors.Is and
// errors.As; of anything else it has the type and the scrubbed text.
//
// It has no Unwrap: a timeout of the network matches
// context.DeadlineExceeded, and only the caller's context may.
type foreignError struct {
	text    string
	known   []error // parts of the chain that are what they seem, as they are
	timeout bool
	ended   error // the error of the caller's context, if that is the cause
}

// foreign wraps err, which is not nil. ended is the error of the caller's
// context if that has ended, else nil.
func foreign(err, ended error, s *scrubber) *foreignError {
	// The text of a *url.Error holds the query.
	for {
		u, ok := err.(*url.Error)
		if !ok || u.Err == nil {
			break
		}
		err = u.Err
	}
	var t interface{ Timeout() bool }
	f := &foreignError{
		known:   knownParts(err, s),
		timeout: errors.As(err, &t) && t.Timeout(),
		ended:   ended,
	}
	if ended != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		f.text = ended.Error()
		return f
	}
	f.text = s.text(err.Error(), maxServerText)
	if !known.Is(err) {
		f.text = fmt.Sprintf("%T: %s", err, f.text)
	}
	return f
}

func (f *foreignError) Error() string { return f.text }

func (f *foreignError) Is(target error) bool {
	if target == context.Canceled || target == context.DeadlineExceeded {
		return f.ended != nil && errors.Is(f.ended, target)
	}
	for _, err := range f.known {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func (f *foreignError) As(target any) bool {
	for _, err := range f.known {
		if errors.As(err, target) {
			return true
		}
	}
	return false
}

// Timeout reports whether the cause is a timeout, as net.Error does.
func (f *foreignError) Timeout() bool { return f.timeout }

// knownParts lists the largest parts of err's tree in which every error is
// known.
func knownParts(err error, s *scrubber) []error {
	if known.Is(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return []error{err}
	}
	// A *net.OpError may wrap anything, such as the words of a proxy, or a
	// timeout that passes for that of a context.
	if op, ok := err.(*net.OpError); ok && op.Err != nil {
		c := *op
		c.Err = foreign(op.Err, nil, s)
		return []error{&c}
	}
	var parts []error
	for _, child := range known.Children(err) {
		parts = append(parts, knownParts(child, s)...)
	}
	return parts
}
