package certbundle_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// withoutKey is the result with fresh links, after the reply is gone.
func (i identity) withoutKey() baas.CertificateResult {
	return baas.CertificateResult{DownloadPath: i.result.DownloadPath}
}

// TestLinksMayBelongToAnotherKey: where a crash has left another key beside
// client.key, no link tells which of them its certificate belongs to.
func TestLinksMayBelongToAnotherKey(t *testing.T) {
	t.Parallel()
	mine, other := identities()[0], identities()[1]
	for _, name := range []string{"client.key.0123456789abcdef", "client.key.abc.tmp"} {
		for content, refused := range map[string]bool{
			other.result.PrivateKey: true, other.result.PrivateKey[:200]: true,
			mine.result.PrivateKey: false, mine.result.PrivateKey[:200]: false, "": false,
		} {
			dir := t.TempDir()
			plant(t, dir, certbundle.ClientKeyFile, mine.result.PrivateKey)
			plant(t, dir, name, content)
			s := &storage{files: mine.files}
			_, err := certbundle.Save(t.Context(), dir, mine.withoutKey(), s.client())
			if !refused {
				require.NoError(t, err)
				continue
			}
			requireSafe(t, err)
			require.ErrorIs(t, err, certbundle.ErrExists)
			require.ErrorContains(t, err, "certbundle: "+name+": may be the key that the links belong to")
			require.Empty(t, s.requests)

			_, err = certbundle.Save(t.Context(), dir, mine.result, s.client())
			require.NoError(t, err, "with its key, a reply's links are its own")
		}
	}
	t.Run("client.crt is there already", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		plant(t, dir, certbundle.ClientKeyFile, mine.result.PrivateKey)
		plant(t, dir, "client.key.0123456789abcdef", other.result.PrivateKey)
		plant(t, dir, certbundle.ClientCertFile, mine.files[certbundle.ClientCertFile])
		_, err := certbundle.Save(t.Context(), dir, mine.withoutKey(), (&storage{files: mine.files}).client())
		require.NoError(t, err, "the rest is the chain's")
	})
	t.Run("a folder of that name", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		plant(t, dir, certbundle.ClientKeyFile, mine.result.PrivateKey)
		require.NoError(t, os.Mkdir(filepath.Join(dir, "client.key.old"), 0o700))
		_, err := certbundle.Save(t.Context(), dir, mine.withoutKey(), (&storage{files: mine.files}).client())
		require.ErrorIs(t, err, certbundle.ErrExists, "nobody knows what is in it")
	})
}

// TestKeyNeverLeavesTheDisk: once a new key has been on disk, it is at every
// step, also if another one takes its name meanwhile.
func TestKeyNeverLeavesTheDisk(t *testing.T) {
	t.Parallel()
	mine, other := identities()[0], identities()[1]
	for _, taken := range []string{"client.key", "client.key and the first name beside it"} {
		t.Run(taken, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			onDisk := func() bool {
				names, err := filepath.Glob(filepath.Join(dir, "client.key*"))
				require.NoError(t, err)
				for _, name := range names {
					if data, err := os.ReadFile(name); err == nil && string(data) == mine.result.PrivateKey {
						return true
					}
				}
				return false
			}
			was, links := false, 0
			err := mine.bundle().WriteDirWithSteps(dir, func(step, path string) error {
				if step == "link" {
					if links++; links == 1 || links == 2 && taken != "client.key" {
						plant(t, dir, filepath.Base(path), other.result.PrivateKey)
					}
				}
				is := onDisk()
				require.False(t, was && !is, "%s %s", step, path)
				was = is
				return nil
			})
			require.ErrorIs(t, err, certbundle.ErrExists)
			require.NotErrorIs(t, err, certbundle.ErrKeyNotStored)
			require.True(t, onDisk())
			left, globErr := filepath.Glob(filepath.Join(dir, "*.tmp"))
			require.NoError(t, globErr)
			require.Empty(t, left)
		})
	}
}

// TestLargeKeyIsTheSameAgain: what is stored byte for byte is known again,
// whatever its size.
func TestLargeKeyIsTheSameAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := &certbundle.Bundle{PrivateKey: []byte(strings.Repeat("x", 1<<20+1))}
	require.NoError(t, b.WriteDir(dir))
	require.NoError(t, b.WriteDir(dir))
	requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: string(b.PrivateKey)})
}

// TestOneFolderForAllSteps: the system takes link/.. for another folder than
// the name without both.
func TestOneFolderForAllSteps(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	parent := t.TempDir()
	dir := filepath.Join(parent, "missing") + "/../certs"
	require.NoError(t, certbundle.Prepare(dir))
	_, err := certbundle.Save(t.Context(), dir, id.result, (&storage{files: id.files}).client())
	require.NoError(t, err)
	_, err = certbundle.Load(dir)
	require.NoError(t, err)
	require.NoError(t, id.bundle().WriteDir(dir))
	requireFiles(t, filepath.Join(parent, "certs"), id.files)
}

// TestNewFoldersAreSynced, also those that somebody else has made meanwhile, or
// before.
func TestNewFoldersAreSynced(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	parent := t.TempDir()
	dir := filepath.Join(parent, "one", "two")
	log := &steps{}
	require.NoError(t, os.Mkdir(filepath.Dir(dir), 0o700))
	require.NoError(t, id.bundle().WriteDirWithSteps(dir, func(step, path string) error {
		if step == "mkdir" {
			require.NoError(t, os.Mkdir(dir, 0o700))
		}
		return log.add(step, path)
	}))
	require.Equal(t, []string{"sync folder " + filepath.Base(parent), "mkdir two", "sync folder one"}, log.list[:3])
}

// TestFaultOfTheFolderIsTold, also beside that of another key.
func TestFaultOfTheFolderIsTold(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "new")
	err := identities()[0].bundle().WriteDirWithSteps(dir, func(step, path string) error {
		if step == "sync folder" && path == parent {
			plant(t, dir, certbundle.ClientKeyFile, "x")
			return syscall.EIO
		}
		return nil
	})
	require.ErrorIs(t, err, certbundle.ErrExists)
	require.ErrorIs(t, err, syscall.EIO)
}
