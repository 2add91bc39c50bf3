package unpack_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/testkit"
	"github.com/antchain-go/baas/internal/unpack"
)

const limit = 1 << 20

type coding func(t testing.TB, data []byte) []byte

func packer(c testkit.Coding) coding {
	return func(t testing.TB, data []byte) []byte { return testkit.Pack(t, data, c) }
}

var gzipped, zlibbed, deflated = packer(testkit.Gzip), packer(testkit.Zlib), packer(testkit.Deflate)

// is is what a caller asks for that knows what it wants.
func is(want []byte) func([]byte) bool {
	return func(form []byte) bool { return bytes.Equal(form, want) }
}

// rot is a coding that the package does not know.
func rot(data []byte) []byte {
	out := bytes.Clone(data)
	for i := range out {
		out[i] ^= 0x55
	}
	return out
}

func unrot(r io.Reader) (io.ReadCloser, error) {
	data, err := io.ReadAll(r)
	return io.NopCloser(bytes.NewReader(rot(data))), err
}

func TestFind(t *testing.T) {
	t.Parallel()
	plain := []byte(strings.Repeat("-----BEGIN CERTIFICATE-----\nMIIB\n", 50))
	requireFound := func(t *testing.T, data []byte, what string, more ...unpack.Coding) {
		t.Helper()
		found, ok := unpack.Find(data, limit, is(plain), more...)
		require.True(t, ok, what)
		require.Equal(t, plain, found, what)
	}
	codings := map[string]coding{
		"nothing": func(_ testing.TB, data []byte) []byte { return data },
		"gzip":    gzipped, "zlib": zlibbed, "raw deflate": deflated,
	}
	for inner, code := range codings {
		for outer, again := range codings {
			requireFound(t, again(t, code(t, plain)), inner+" in "+outer)
		}
		requireFound(t, rot(code(t, plain)), inner+" in another coding", unrot)
		requireFound(t, code(t, rot(plain)), "another coding in "+inner, unrot)
	}
	failing := func(io.Reader) (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
	requireFound(t, rot(plain), "after one that fails", failing, unrot)

	for what, data := range map[string][]byte{
		"three deep": gzipped(t, gzipped(t, gzipped(t, plain))), "an unknown coding": rot(plain), "nothing": nil,
	} {
		found, ok := unpack.Find(data, limit, is(plain))
		require.False(t, ok, what)
		require.Nil(t, found, what)
	}
	requireFound(t, append(gzipped(t, plain[:99]), gzipped(t, plain[99:])...), "two members of gzip")
}

// TestClosed: what is opened is closed.
func TestClosed(t *testing.T) {
	t.Parallel()
	opened, closed := 0, 0
	open := func(r io.Reader) (io.ReadCloser, error) {
		opened++
		return struct {
			io.Reader
			io.Closer
		}{r, closer(func() { closed++ })}, nil
	}
	_, ok := unpack.Find([]byte("text"), limit, is([]byte("other")), open)
	require.False(t, ok)
	require.Positive(t, opened)
	require.Equal(t, opened, closed)
}

type closer func()

func (c closer) Close() error { c(); return nil }

// TestCutOff: what came before the cut counts, also without the checksum.
func TestCutOff(t *testing.T) {
	t.Parallel()
	plain := make([]byte, 4096)
	for i := range plain {
		plain[i] = byte('a' + i*i%23)
	}
	for name, code := range map[string]coding{"gzip": gzipped, "zlib": zlibbed} {
		packed := code(t, plain)
		wrong := bytes.Clone(packed)
		wrong[len(wrong)-1] ^= 1
		for what, data := range map[string][]byte{"a part of the checksum": packed[:len(packed)-3], "a wrong checksum": wrong} {
			_, ok := unpack.Find(data, limit, is(plain))
			require.True(t, ok, "%s: %s", name, what)
		}
		part, ok := unpack.Find(packed[:len(packed)-20], limit, func(form []byte) bool { return bytes.HasPrefix(plain, form) })
		require.True(t, ok, name)
		require.NotEmpty(t, part, name)
	}
	_, ok := unpack.Find(gzipped(t, plain)[:12], limit, func(form []byte) bool { return len(form) > 12 })
	require.False(t, ok, "nothing came")
}

// TestBombs: what is read is bounded, whatever it would become. Not parallel:
// what others allocate would count.
func TestBombs(t *testing.T) {
	bomb := gzipped(t, make([]byte, 32<<20))
	double := gzipped(t, bomb)
	for name, data := range map[string][]byte{"a bomb": bomb, "a bomb in gzip": double} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		longest, forms := 0, 0
		_, ok := unpack.Find(data, limit, func(form []byte) bool {
			if forms++; forms > 1 {
				longest = max(longest, len(form))
			}
			return false
		})
		runtime.ReadMemStats(&after)
		require.False(t, ok, name)
		require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), name)
		require.Equal(t, limit, longest, name)
	}
}

func FuzzFind(f *testing.F) {
	for _, code := range []coding{gzipped, zlibbed, deflated} {
		f.Add(code(f, []byte("text that is compressed, text that is compressed")))
		f.Add(code(f, gzipped(f, []byte("text"))))
	}
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1000
		var forms [][]byte
		_, ok := unpack.Find(data, limit, func(form []byte) bool { forms = append(forms, form); return false }, unrot)
		require.False(t, ok)
		require.Equal(t, data, forms[0])
		require.LessOrEqual(t, len(forms), 1+4+4*4)
		for _, form := range forms[1:] {
			require.NotEmpty(t, form)
			require.LessOrEqual(t, len(form), limit)
		}
		for _, want := range forms {
			found, ok := unpack.Find(data, limit, is(want), unrot)
			require.True(t, ok)
			require.Equal(t, want, found)
		}
	})
}
