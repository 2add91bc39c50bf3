// Package codings decompresses Brotli and Zstandard, for the commands: their
// users cannot add a decompressor to a client. Libraries do not import it, since
// it costs two modules.
package codings

import (
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is how far back Zstandard may refer to. Each decoder can need as
// much memory. It is what RFC 8878, section 3.1.1.1.2, asks of every decoder.
const maxWindow = 8 << 20

// Brotli returns a reader of what r decompresses to.
func Brotli(r io.Reader) (io.ReadCloser, error) {
	return io.NopCloser(brotli.NewReader(r)), nil
}

// Zstandard returns a reader of what r decompresses to.
func Zstandard(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}
