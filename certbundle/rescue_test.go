package certbundle_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestWriteBeside(t *testing.T) {
	b := &certbundle.Bundle{PrivateKey: []byte("the key")}
	written := func(t *testing.T, path string) {
		data, err := os.ReadFile(filepath.Join(path, certbundle.ClientKeyFile))
		require.NoError(t, err)
		require.Equal(t, "the key", string(data))
	}
	t.Run("beside the folder, named after it", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "id")
		path, err := b.WriteBeside(dir)
		require.NoError(t, err)
		require.Regexp(t, `^\Q`+dir+`\E\.key-\d+$`, path)
		written(t, path)
		again, err := b.WriteBeside(dir)
		require.NoError(t, err)
		require.NotEqual(t, path, again)
	})
	t.Run("however the folder is named", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "id")
		require.NoError(t, os.Mkdir(dir, 0o700))
		t.Chdir(dir)
		for _, name := range []string{".", "", dir + "/", "../id/"} {
			path, err := b.WriteBeside(name)
			require.NoError(t, err)
			require.Equal(t, filepath.Dir(dir), filepath.Dir(path), "%q", name)
			written(t, path)
		}
	})
	t.Run("else in the folder for temporary files", func(t *testing.T) {
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		t.Setenv("TMP", temp)
		path, err := b.WriteBeside(filepath.Join(t.TempDir(), "none", "id"))
		require.NoError(t, err)
		require.Equal(t, temp, filepath.Dir(path))
		written(t, path)
	})
	t.Run("nowhere", func(t *testing.T) {
		none := filepath.Join(t.TempDir(), "none")
		t.Setenv("TMPDIR", none)
		t.Setenv("TMP", none)
		path, err := b.WriteBeside(filepath.Join(none, "id"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		for line := range strings.Lines(err.Error()) {
			require.True(t, strings.HasPrefix(line, "certbundle: "), line)
		}
		require.Empty(t, path)
	})
}
