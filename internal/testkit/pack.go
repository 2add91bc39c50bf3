package testkit

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// A Coding opens a writer that compresses.
type Coding func(io.Writer) io.WriteCloser

// Gzip is "gzip".
func Gzip(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

// Zlib is deflate with a header.
func Zlib(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }

// Deflate is deflate without a header.
func Deflate(w io.Writer) io.WriteCloser {
	f, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		panic(err) // there is that level
	}
	return f
}

// Brotli is "br".
func Brotli(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }

// Zstandard is "zstd".
func Zstandard(w io.Writer) io.WriteCloser {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // there is that option
	}
	return z
}

// Pack compresses data.
func Pack[T string | []byte](t testing.TB, data T, coding Coding) T {
	t.Helper()
	var b bytes.Buffer
	w := coding(&b)
	_, err := w.Write([]byte(data))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return T(b.Bytes())
}
