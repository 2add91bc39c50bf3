// Package unpack finds out by its bytes what a body of an HTTP message is.
// A proxy may compress a body and not say so, or say so of one that is not
// compressed; the header is no witness.
//
// Its callers are the packages that read from a network. It imports the
// standard library alone, so it knows gzip and deflate; other codings are for
// the caller to bring.
package unpack

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
)

// depth is how many codings are taken off, one after another: a server's and
// a proxy's.
const depth = 2

// A Coding opens a reader of what r decompresses to. It may fail, or read
// nonsense, if r is something else.
type Coding = func(r io.Reader) (io.ReadCloser, error)

// known are gzip, and deflate with the header of zlib and without.
var known = []Coding{
	func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) },
	zlib.NewReader,
	func(r io.Reader) (io.ReadCloser, error) { return flate.NewReader(r), nil },
}

// Find returns what data stands for: data itself, or what comes out of it by
// one coding or by two in turn, whichever is good first. It tries gzip and
// deflate, then more. What comes out has at most limit bytes: of a longer one
// it is the first limit. Of data that is cut off or damaged it is whatever
// came out before. If nothing is good, ok is false.
func Find(data []byte, limit int, good func([]byte) bool, more ...Coding) (found []byte, ok bool) {
	return find(data, limit, depth, good, more)
}

func find(data []byte, limit, depth int, good func([]byte) bool, more []Coding) ([]byte, bool) {
	if good(data) {
		return data, true
	}
	if depth == 0 {
		return nil, false
	}
	for _, codings := range [][]Coding{known, more} {
		for _, open := range codings {
			out := decode(open, data, limit)
			if len(out) == 0 {
				continue
			}
			if found, ok := find(out, limit, depth-1, good, more); ok {
				return found, true
			}
		}
	}
	return nil, false
}

// decode takes one coding off, as far as that goes.
func decode(open Coding, data []byte, limit int) []byte {
	r, err := open(bytes.NewReader(data))
	if err != nil {
		return nil // another coding, or none
	}
	defer func() { _ = r.Close() }()
	var out bytes.Buffer
	// An error is the end of what there is.
	_, _ = io.Copy(&out, io.LimitReader(r, int64(limit)))
	return out.Bytes()
}
