package redact

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"reflect"
)

// isKnown reports whether err and all it wraps come from packages of the standard
// library that put addresses, names and certificates into errors, and nothing
// of a request.
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

// children lists what err wraps, without nil.
func children(err error) []error {
	var list []error
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		list = []error{u.Unwrap()}
	case interface{ Unwrap() []error }:
		list = u.Unwrap()
	}
	var kept []error
	for _, child := range list {
		if child != nil {
			kept = append(kept, child)
		}
	}
	return kept
}
