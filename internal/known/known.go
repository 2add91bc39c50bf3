// Package known tells errors that may stand in the chain of an error of this
// module as they are from those that may not: what another package puts into
// an error's text could be a secret.
package known

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"reflect"
)

// Is reports whether err and all it wraps come from packages of the standard
// library that put addresses, names and certificates into errors, and nothing
// of a request.
func Is(err error) bool {
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
	for _, child := range Children(err) {
		if !Is(child) {
			return false
		}
	}
	return true
}

// Children lists what err wraps, without nil.
func Children(err error) []error {
	var list []error
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		list = []error{u.Unwrap()}
	case interface{ Unwrap() []error }:
		list = u.Unwrap()
	}
	var children []error
	for _, child := range list {
		if child != nil {
			children = append(children, child)
		}
	}
	return children
}
