package certbundle_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func requireMode(t *testing.T, want fs.FileMode, info fs.FileInfo) {
	t.Helper()
	if runtime.GOOS != "windows" {
		require.Equal(t, want, info.Mode())
	}
}

func TestPrepareMakesFolders(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "one", "two")
	require.NoError(t, certbundle.Prepare(dir))
	for _, made := range []string{dir, filepath.Dir(dir)} {
		info, err := os.Stat(made)
		require.NoError(t, err)
		requireMode(t, fs.ModeDir|0o700, info)
	}
	requireFiles(t, dir, map[string]string{})
	require.NoError(t, certbundle.Prepare(dir), "a second time")
	require.NoError(t, certbundle.Prepare(dir+string(filepath.Separator)))
}

func TestPrepareRefusesTakenNames(t *testing.T) {
	t.Parallel()
	for _, name := range append([]string{certbundle.ClientKeyFile + ".abc.tmp"}, names...) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			plant(t, dir, "unrelated", "")
			require.NoError(t, certbundle.Prepare(dir))
			plant(t, dir, name, "")
			err := certbundle.Prepare(dir)
			require.ErrorIs(t, err, certbundle.ErrExists)
			require.True(t, strings.HasPrefix(err.Error(), "certbundle: "+name+": "), "%v", err)
			requireFiles(t, dir, map[string]string{"unrelated": "", name: ""})
		})
	}
	t.Run("all of them", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		require.NoError(t, identities()[0].bundle().WriteDir(dir))
		err := certbundle.Prepare(dir)
		for _, name := range names {
			require.ErrorContains(t, err, name)
		}
	})
}

func TestPrepareRefusesWhatIsNoFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plant(t, dir, "file", "")
	for name, dir := range map[string]string{
		"no name": "", "a file": filepath.Join(dir, "file"), "below a file": filepath.Join(dir, "file", "dir"),
	} {
		err := certbundle.Prepare(dir)
		require.Error(t, err, name)
		require.True(t, strings.HasPrefix(err.Error(), "certbundle: "), "%v", err)
	}
}

// TestPrepareProvesThatFilesCanBeWritten, and leaves nothing of the proof.
func TestPrepareProvesThatFilesCanBeWritten(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"create", "write", "sync", "link", "remove", "sync folder"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			err := certbundle.PrepareWithSteps(dir, func(at, path string) error {
				if at == step {
					return &fs.PathError{Op: step, Path: path, Err: syscall.EROFS}
				}
				return nil
			})
			require.ErrorIs(t, err, syscall.EROFS)
			require.True(t, strings.HasPrefix(err.Error(), "certbundle: "+dir+": cannot be written: "), "%v", err)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Equal(t, step == "remove", len(entries) > 0)
		})
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for _, name := range names {
		t.Run(name+" missing", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, id.bundle().WriteDir(dir))
			require.NoError(t, os.Remove(filepath.Join(dir, name)))
			b, err := certbundle.Load(dir)
			if name == certbundle.TrustStoreFile {
				require.NoError(t, err, "only Java reads it")
			} else {
				require.ErrorIs(t, err, fs.ErrNotExist)
				require.EqualError(t, err, "certbundle: "+name+": not in "+dir)
			}
			requireBundle(t, id.without(name), b)
		})
		t.Run(name+" alone", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			plant(t, dir, name, id.files[name])
			b, err := certbundle.Load(dir)
			require.ErrorIs(t, err, fs.ErrNotExist)
			text, _, _ := strings.Cut(err.Error(), " not in ")
			for _, other := range names {
				require.Equal(t, other != name && other != certbundle.TrustStoreFile, strings.Contains(text, other))
			}
			requireBundle(t, id.only(name), b)
		})
		t.Run(name+" empty", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, id.bundle().WriteDir(dir))
			require.NoError(t, os.Truncate(filepath.Join(dir, name), 0))
			b, err := certbundle.Load(dir)
			if name == certbundle.TrustStoreFile {
				require.NoError(t, err, "only Java reads it")
			} else {
				require.ErrorIs(t, err, certbundle.ErrMalformed)
				require.NotErrorIs(t, err, fs.ErrNotExist)
				require.EqualError(t, err, "certbundle: "+name+": is empty")
			}
			requireBundle(t, id.without(name), b)
		})
	}
	t.Run("too large", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		require.NoError(t, id.bundle().WriteDir(dir))
		require.NoError(t, os.Truncate(filepath.Join(dir, certbundle.CACertFile), 1<<20+1))
		b, err := certbundle.Load(dir)
		require.ErrorIs(t, err, certbundle.ErrMalformed)
		require.EqualError(t, err, "certbundle: ca.crt: has more than 1 MiB")
		requireBundle(t, id.without(certbundle.CACertFile), b)
	})
	t.Run("trustCa too large", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		require.NoError(t, id.bundle().WriteDir(dir))
		require.NoError(t, os.Truncate(filepath.Join(dir, certbundle.TrustStoreFile), 1<<20+1))
		b, err := certbundle.Load(dir)
		require.NoError(t, err)
		requireBundle(t, id.without(certbundle.TrustStoreFile), b)
	})
	t.Run("no folder", func(t *testing.T) {
		t.Parallel()
		for _, dir := range []string{"", filepath.Join(t.TempDir(), "none")} {
			b, err := certbundle.Load(dir)
			require.Error(t, err)
			require.Equal(t, dir != "", errors.Is(err, fs.ErrNotExist))
			require.Equal(t, &certbundle.Bundle{}, b)
		}
	})
	t.Run("what an interrupted Save has left is named", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		plant(t, dir, "client.key.xyz.tmp", "")
		_, err := certbundle.Load(dir)
		require.ErrorContains(t, err, "client.key.xyz.tmp")
	})
}

func requireBundle(t *testing.T, want map[string]string, b *certbundle.Bundle) {
	t.Helper()
	require.Equal(t, identity{files: want}.bundle().PrivateKey, append([]byte{}, b.PrivateKey...))
	require.Equal(t, identity{files: want}.bundle().ClientCert, append([]byte{}, b.ClientCert...))
	require.Equal(t, identity{files: want}.bundle().CACert, append([]byte{}, b.CACert...))
	require.Equal(t, identity{files: want}.bundle().TrustStore, append([]byte{}, b.TrustStore...))
}

func TestWriteDir(t *testing.T) {
	t.Parallel()
	ids := identities()
	t.Run("a whole bundle, the key first", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "new")
		var made []string
		require.NoError(t, ids[0].bundle().WriteDirWithSteps(dir, func(step, path string) error {
			if step == "link" {
				made = append(made, filepath.Base(path))
			}
			return nil
		}))
		require.Equal(t, names, made)
		requireFiles(t, dir, ids[0].files)
		require.NoError(t, ids[0].bundle().WriteDir(dir), "the same content is success")
	})
	t.Run("a part of a bundle", func(t *testing.T) {
		t.Parallel()
		for _, name := range names {
			dir := filepath.Join(t.TempDir(), "new")
			require.NoError(t, identity{files: ids[0].only(name)}.bundle().WriteDir(dir))
			requireFiles(t, dir, ids[0].only(name))
		}
	})
}

// TestWriteDirConflict: what is there is never replaced.
func TestWriteDirConflict(t *testing.T) {
	t.Parallel()
	ids := identities()
	t.Run("another key is there", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		plant(t, dir, certbundle.ClientKeyFile, ids[0].result.PrivateKey)
		err := ids[1].bundle().WriteDir(dir)
		require.ErrorIs(t, err, certbundle.ErrExists)
		requireSafe(t, err)
		key := ids[1].result.PrivateKey
		requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: ids[0].result.PrivateKey, beside(key): key})
	})
	t.Run("another file is there", func(t *testing.T) {
		t.Parallel()
		for _, name := range downloaded {
			dir := t.TempDir()
			plant(t, dir, name, "x")
			err := ids[0].bundle().WriteDir(dir)
			require.ErrorIs(t, err, certbundle.ErrExists)
			require.True(t, strings.HasPrefix(err.Error(), "certbundle: "+name+": "), "%v", err)
			want := ids[0].without(name)
			want[name] = "x"
			requireFiles(t, dir, want)
		}
	})
	t.Run("the key cannot be written", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		err := ids[0].bundle().WriteDirWithSteps(dir, func(step, _ string) error {
			if step == "write" {
				return syscall.ENOSPC
			}
			return nil
		})
		require.ErrorIs(t, err, syscall.ENOSPC)
		requireFiles(t, dir, map[string]string{})
	})
	t.Run("nothing to write, or nowhere to", func(t *testing.T) {
		t.Parallel()
		var none *certbundle.Bundle
		require.EqualError(t, none.WriteDir(t.TempDir()), "certbundle: the bundle is nil")
		requireSafe(t, ids[0].bundle().WriteDir(""))
		requireSafe(t, (&certbundle.Bundle{CACert: []byte("x")}).WriteDir(""))
	})
}

func TestPrepareTakesAKeyThatIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plant(t, dir, "client.key.0123456789abcdef", "x")
	require.NoError(t, certbundle.Prepare(dir), "it is not left over")
}

func TestLoadExactlyOneMiB(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plant(t, dir, certbundle.ClientKeyFile, strings.Repeat("x", 1<<20))
	b, err := certbundle.Load(dir)
	require.NotErrorIs(t, err, certbundle.ErrMalformed)
	require.Len(t, b.PrivateKey, 1<<20)
}
