//go:build unix

package certbundle_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// A mount is a folder as kubelet makes it of a Secret: NAME -> ..data/NAME, and
// ..data -> a folder of this version.
type mount struct {
	dir     string
	version int
}

func newMount(t testing.TB) *mount {
	t.Helper()
	m := &mount{dir: t.TempDir()}
	m.exchange(t)
	for _, name := range names {
		require.NoError(t, os.Symlink("..data/"+name, filepath.Join(m.dir, name)))
	}
	return m
}

// exchange puts the next version in the place of the one there is, which is
// removed, as kubelet does.
func (m *mount) exchange(t testing.TB) {
	old := fmt.Sprint("..2026_", m.version)
	m.version++
	folder := fmt.Sprint("..2026_", m.version)
	if err := os.Mkdir(filepath.Join(m.dir, folder), 0o755); err != nil {
		t.Error(err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(m.dir, folder, name), fmt.Append(nil, m.version), 0o644); err != nil {
			t.Error(err)
		}
	}
	temp := filepath.Join(m.dir, "..data_tmp")
	if err := os.Symlink(folder, temp); err != nil {
		t.Error(err)
	}
	if err := os.Rename(temp, filepath.Join(m.dir, "..data")); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(filepath.Join(m.dir, old)); err != nil {
		t.Error(err)
	}
}

// requireOneVersion checks that all files are of one version, and which.
func requireOneVersion(t testing.TB, b *certbundle.Bundle) string {
	t.Helper()
	version := string(b.PrivateKey)
	require.NotEmpty(t, version)
	require.Equal(t, version, string(b.ClientCert))
	require.Equal(t, version, string(b.CACert))
	require.Equal(t, version, string(b.TrustStore))
	return version
}

func TestLoadFromAMount(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	b, err := certbundle.Load(m.dir)
	require.NoError(t, err)
	require.Equal(t, "1", requireOneVersion(t, b))
	m.exchange(t)
	b, err = certbundle.Load(m.dir + "/")
	require.NoError(t, err)
	require.Equal(t, "2", requireOneVersion(t, b))
}

// TestLoadNeverMixesVersions: the mount is exchanged before any of the files.
func TestLoadNeverMixesVersions(t *testing.T) {
	t.Parallel()
	for at := range 2 * len(names) {
		m := newMount(t)
		reads := 0
		b, err := certbundle.LoadThrough(m.dir, func(string) {
			if reads == at || reads == 0 {
				m.exchange(t)
			}
			reads++
		})
		require.NoError(t, err)
		requireOneVersion(t, b)
	}
	t.Run("the old version is not removed", func(t *testing.T) {
		t.Parallel()
		parent := t.TempDir()
		link := filepath.Join(parent, "current")
		point := func(to string) {
			require.NoError(t, os.Symlink(to, link+".new"))
			require.NoError(t, os.Rename(link+".new", link))
		}
		for _, version := range []string{"a", "b"} {
			require.NoError(t, os.Mkdir(filepath.Join(parent, version), 0o700))
			for _, name := range names {
				plant(t, filepath.Join(parent, version), name, version)
			}
		}
		point("a")
		reads := 0
		b, err := certbundle.LoadThrough(link, func(string) {
			if reads++; reads == 2 {
				point("b")
			}
		})
		require.NoError(t, err)
		require.Equal(t, "a", requireOneVersion(t, b))
	})
	t.Run("all the time", func(t *testing.T) {
		t.Parallel()
		m := newMount(t)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					m.exchange(t)
				}
			}
		}()
		whole := 0
		for range 300 {
			// Exchanged more often than it can be read, it may fail, but not mix.
			if b, err := certbundle.Load(m.dir); err == nil {
				requireOneVersion(t, b)
				whole++
			}
		}
		close(stop)
		<-stopped
		require.Positive(t, whole)
	})
}

// TestLoadFollowsLinks, as certbot and Nix make them.
func TestLoadFollowsLinks(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	archive, live := t.TempDir(), t.TempDir()
	for _, name := range names {
		plant(t, archive, "1-"+name, id.files[name])
		require.NoError(t, os.Symlink(filepath.Join(archive, "1-"+name), filepath.Join(archive, name)))
		require.NoError(t, os.Symlink(filepath.Join(archive, name), filepath.Join(live, name)))
	}
	b, err := certbundle.Load(live)
	require.NoError(t, err)
	require.Equal(t, id.bundle(), b)
	store := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.Symlink(live, store))
	b, err = certbundle.Load(store)
	require.NoError(t, err)
	require.Equal(t, id.bundle(), b)
}

// TestLoadWithoutAUsefulTrustStore: only Java reads it, and what is in its place
// is never in the way of Go. What may be a fault of the folder is told.
func TestLoadWithoutAUsefulTrustStore(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for name, put := range map[string]func(path string) error{
		"nothing":                           func(string) error { return nil },
		"a folder, as a mount leaves":       func(path string) error { return os.Mkdir(path, 0o700) },
		"a link to a folder":                func(path string) error { return os.Symlink(t.TempDir(), path) },
		"a link to itself":                  func(path string) error { return os.Symlink(filepath.Base(path), path) },
		"a link that leads nowhere":         func(path string) error { return os.Symlink("nowhere", path) },
		"a link to what cannot be a folder": func(path string) error { return os.Symlink("client.key/trustCa", path) },
		"a named pipe":                      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device":                          func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		dir := t.TempDir()
		require.NoError(t, id.bundle().WriteDir(dir), name)
		require.NoError(t, os.Remove(filepath.Join(dir, certbundle.TrustStoreFile)))
		require.NoError(t, put(filepath.Join(dir, certbundle.TrustStoreFile)), name)
		b, err := certbundle.Load(dir)
		require.NoError(t, err, name)
		requireBundle(t, id.without(certbundle.TrustStoreFile), b)

		require.NoError(t, os.Remove(filepath.Join(dir, certbundle.CACertFile)))
		require.NoError(t, put(filepath.Join(dir, certbundle.CACertFile)), name)
		_, err = certbundle.Load(dir)
		require.ErrorContains(t, err, "certbundle: ca.crt: ", name+": the others are needed")
	}
	for name, fault := range map[string]error{"denied": fs.ErrPermission, "failed": syscall.EIO} {
		dir := t.TempDir()
		require.NoError(t, id.bundle().WriteDir(dir))
		_, err := certbundle.LoadFailing(dir, certbundle.TrustStoreFile, fault)
		require.ErrorIs(t, err, fault, name)
		require.ErrorContains(t, err, "certbundle: trustCa: ", name)
	}
}

// TestLoadRefusesWhatALinkLeadsTo, if that is no regular file, and names the
// link.
func TestLoadRefusesWhatALinkLeadsTo(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	pipe, folder := filepath.Join(elsewhere, "pipe"), filepath.Join(elsewhere, "folder")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Mkdir(folder, 0o700))
	for target, says := range map[string]string{
		pipe: "is a named pipe", folder: "is a folder", "/dev/zero": "is not a regular file", "client.key": "",
	} {
		dir := t.TempDir()
		require.NoError(t, os.Symlink(target, filepath.Join(dir, certbundle.ClientKeyFile)))
		b, err := certbundle.Load(dir)
		require.ErrorContains(t, err, "certbundle: client.key: "+says)
		require.Empty(t, b.PrivateKey)
		if says != "" {
			require.ErrorIs(t, err, certbundle.ErrMalformed)
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, certbundle.ClientKeyFile)))
	_, err := certbundle.Load(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
