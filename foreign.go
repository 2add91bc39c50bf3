package baas

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"reflect"
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
	if !isKnown(err) {
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
	if isKnown(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
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
	for _, child := range children(err) {
		parts = append(parts, knownParts(child, s)...)
	}
	return parts
}

// isKnown says whether err and everything it wraps are errors of the standard
// library that hold no more than addresses, names and certificates.
func isKnown(err error) bool {
	switch err {
	case io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, io.ErrNoProgress, io.ErrShortBuffer, io.ErrShortWrite,
		context.Canceled, x509.ErrUnsupportedAlgorithm:
		return true
	}
	if _, ok := err.(*tls.CertificateVerificationError); ok {
		return true // whatever it wraps is of crypto/x509
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.PkgPath() {
	case "net", "syscall", "os", "internal/poll", "crypto/tls", "crypto/x509", "io", "context":
	default:
		return false
	}
	for _, child := range children(err) {
		if !isKnown(child) {
			return false
		}
	}
	return true
}

func children(err error) []error {
	var list []error
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		list = []error{u.Unwrap()}
	case interface{ Unwrap() []error }:
		list = u.Unwrap()
	}
	children := list[:0:0]
	for _, c := range list {
		if c != nil {
			children = append(children, c)
		}
	}
	return children
}
