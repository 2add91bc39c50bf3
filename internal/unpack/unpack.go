// Package unpack finds out by its bytes what a body of an HTTP message is.
// A proxy may compress a body and not say so, or say so of one that is not
// compressed; the header is no witness.
//
// Its callers are the packages that read from a network. It imports the
// standard library alone, so it knows gzip and deflate. docs/errors.md names
// the way out for Brotli and Zstandard.
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

// Forms returns what data may stand for, the likeliest first: data itself, and
// what comes out of it by gzip, by deflate with the header of zlib or without,
// and by two of these in turn. No form but data itself has more than limit
// bytes: of a longer one it has the first limit. Of data that is cut off or
// damaged, a form is whatever came out before.
//
// It is for the caller to say which of them makes sense: data that was never
// compressed has a first form only, or by chance some noise behind it.
func Forms(data []byte, limit int) [][]byte {
	forms := [][]byte{data}
	for range depth {
		form := decode(forms[len(forms)-1], limit)
		if len(form) == 0 {
			break
		}
		forms = append(forms, form)
	}
	return forms
}

// decode takes one coding off, or returns nothing. What has a magic number is
// known by it; deflate without a header has none, so it comes last.
func decode(data []byte, limit int) []byte {
	for _, open := range []func(io.Reader) (io.Reader, error){
		func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil },
	} {
		r, err := open(bytes.NewReader(data))
		if err != nil {
			continue // it has another magic number, or none
		}
		var out bytes.Buffer
		// An error is the end of what there is.
		if _, _ = io.Copy(&out, io.LimitReader(r, int64(limit))); out.Len() > 0 {
			return out.Bytes()
		}
	}
	return nil
}
