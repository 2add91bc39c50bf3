package console

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = null.Close() })
	closed := tempFile(t)
	require.NoError(t, closed.Close())
	for _, row := range []struct {
		name     string
		out, err *os.File
		want     string
	}{
		{"standard output", tempFile(t), tempFile(t), "standard output"},
		{"standard output takes nothing", closed, tempFile(t), "standard error"},
		{"standard output is the null device", null, tempFile(t), "standard error"},
		{"neither", closed, null, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, on(null, row.out, row.err).Keep("the key\n"))
			for where, file := range map[string]*os.File{"standard output": row.out, "standard error": row.err} {
				if file != null && file != closed {
					require.Equal(t, where == row.want, content(t, file) == "the key\n", where)
				}
			}
		})
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full")
	}
	defer full.Close()
	require.Equal(t, "standard error", on(null, full, tempFile(t)).Keep("the key\n"), "a full disk")
}
