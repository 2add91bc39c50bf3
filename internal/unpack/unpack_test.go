package unpack_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/unpack"
)

const limit = 1 << 20

type coding func(t testing.TB, data []byte) []byte

func pack(t testing.TB, data []byte, open func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := open(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	return pack(t, data, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func zlibbed(t testing.TB, data []byte) []byte {
	t.Helper()
	return pack(t, data, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func deflated(t testing.TB, data []byte) []byte {
	t.Helper()
	return pack(t, data, func(w io.Writer) io.WriteCloser {
		f, err := flate.NewWriter(w, flate.DefaultCompression)
		require.NoError(t, err)
		return f
	})
}

func TestForms(t *testing.T) {
	t.Parallel()
	plain := []byte(strings.Repeat("-----BEGIN CERTIFICATE-----\nMIIB\n", 50))
	codings := map[string]coding{"gzip": gzipped, "zlib": zlibbed, "raw deflate": deflated}
	for name, code := range codings {
		packed := code(t, plain)
		require.Equal(t, [][]byte{packed, plain}, unpack.Forms(packed, limit)[:2], name)
		for outer, again := range codings {
			require.Contains(t, unpack.Forms(again(t, packed), limit), plain, "%s in %s", name, outer)
		}
	}
	require.NotContains(t, unpack.Forms(gzipped(t, gzipped(t, gzipped(t, plain))), limit), plain, "three deep")
	require.Equal(t, plain, unpack.Forms(plain, limit)[0], "said to be compressed and is not")
	require.Equal(t, [][]byte{nil}, unpack.Forms(nil, limit))

	two := append(gzipped(t, plain), gzipped(t, plain)...)
	require.Equal(t, append(plain[:len(plain):len(plain)], plain...), unpack.Forms(two, limit)[1], "two members of gzip")
}

// TestCutOff: what came before the cut counts, also without the checksum.
func TestCutOff(t *testing.T) {
	t.Parallel()
	plain := make([]byte, 4096)
	for i := range plain {
		plain[i] = byte('a' + i*i%23)
	}
	for name, code := range map[string]coding{"gzip": gzipped, "zlib": zlibbed} {
		packed := code(t, plain)
		require.Equal(t, plain, unpack.Forms(packed[:len(packed)-3], limit)[1], "%s: a part of the checksum", name)
		part := unpack.Forms(packed[:len(packed)-20], limit)[1]
		require.NotEmpty(t, part, name)
		require.True(t, bytes.HasPrefix(plain, part), name)
		wrong := bytes.Clone(packed)
		wrong[len(wrong)-1] ^= 1
		require.Equal(t, plain, unpack.Forms(wrong, limit)[1], "%s: a wrong checksum", name)
	}
	require.Len(t, unpack.Forms(gzipped(t, plain)[:12], limit), 1, "nothing came")
}

// TestBombs: what is read is bounded, whatever it would become. Not parallel:
// what others allocate would count.
func TestBombs(t *testing.T) {
	bomb := gzipped(t, make([]byte, 32<<20))
	double := gzipped(t, bomb)
	for name, data := range map[string][]byte{"a bomb": bomb, "a bomb in gzip": double} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		forms := unpack.Forms(data, limit)
		runtime.ReadMemStats(&after)
		require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), name)
		for _, form := range forms[1:] {
			require.LessOrEqual(t, len(form), limit, name)
		}
	}
	require.Len(t, unpack.Forms(bomb, limit)[1], limit)
}

func FuzzForms(f *testing.F) {
	for _, code := range []coding{gzipped, zlibbed, deflated} {
		f.Add(code(f, []byte("text that is compressed, text that is compressed")))
		f.Add(code(f, gzipped(f, []byte("text"))))
	}
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1000
		forms := unpack.Forms(data, limit)
		require.Equal(t, data, forms[0])
		require.LessOrEqual(t, len(forms), 3)
		for _, form := range forms[1:] {
			require.NotEmpty(t, form)
			require.LessOrEqual(t, len(form), limit)
		}
	})
}
