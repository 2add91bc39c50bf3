package certbundle_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// steps records what is done to files.
type steps struct {
	mu   sync.Mutex
	list []string
}

func (s *steps) add(step, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, step+" "+filepath.Base(path))
	return nil
}

// TestKeyIsOnDiskBeforeTheFirstDownload, and so are its name and the names of
// new folders.
func TestKeyIsOnDiskBeforeTheFirstDownload(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	parent := t.TempDir()
	dir := filepath.Join(parent, "one", "two")
	log := &steps{}
	s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){}}
	for _, name := range downloaded {
		s.instead[name] = func(r *http.Request) (*http.Response, error) {
			_ = log.add("download", "")
			requireFiles(t, dir, id.only(certbundle.ClientKeyFile))
			return nil, errors.New("enough is seen")
		}
	}
	_, err := certbundle.Save(t.Context(), dir, id.result, s.client(), certbundle.WithSteps(log.add))
	require.ErrorContains(t, err, "enough is seen")
	for i, step := range log.list {
		if before, _, found := strings.Cut(step, "client.key."); found {
			log.list[i] = before + "TEMP"
		}
	}
	require.Equal(t, []string{
		"sync folder " + filepath.Base(filepath.Dir(parent)), // whoever made parent may have died before
		"mkdir one", "sync folder " + filepath.Base(parent), "mkdir two", "sync folder one",
		"create TEMP", "write TEMP", "sync TEMP", "link client.key", "sync folder two", "remove TEMP", "sync folder two",
		"download .",
	}, log.list[:13])
	info, err := os.Stat(dir)
	require.NoError(t, err)
	requireMode(t, fs.ModeDir|0o700, info)
	info, err = os.Stat(filepath.Dir(dir))
	require.NoError(t, err)
	requireMode(t, fs.ModeDir|0o700, info)
}

// TestParentIsSynced even if the folder is there: another process may have made
// it an instant ago.
func TestParentIsSynced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := &steps{}
	require.NoError(t, identities()[0].bundle().WriteDirWithSteps(dir, log.add))
	require.Equal(t, "sync folder "+filepath.Base(filepath.Dir(dir)), log.list[0])
}

// TestFileComesMeanwhile: while it is downloaded, another process writes it.
func TestFileComesMeanwhile(t *testing.T) {
	t.Parallel()
	ids := identities()
	const name = certbundle.ClientCertFile
	for _, c := range []struct {
		title, content string
		is             error
	}{
		{"the same", ids[0].files[name], nil},
		{"another", ids[1].files[name], certbundle.ErrExists},
	} {
		for _, step := range []string{"create", "link", "link, and there are no links"} {
			step, _, noLinks := strings.Cut(step, ",")
			t.Run(fmt.Sprint(c.title, " before ", step, noLinks), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s := &storage{files: ids[0].files}
				_, err := certbundle.Save(t.Context(), dir, ids[0].result, s.client(), certbundle.WithSteps(func(at, path string) error {
					if at == step && strings.HasPrefix(filepath.Base(path), name) {
						plant(t, dir, name, c.content)
						if noLinks {
							return &os.LinkError{Op: "link", Err: syscall.EPERM}
						}
					}
					return nil
				}))
				require.ErrorIs(t, err, c.is)
				want := ids[0].without()
				want[name] = c.content
				requireFiles(t, dir, want)
			})
		}
	}
}

// TestNoHardLinks: on FAT, os.Link fails with EPERM.
func TestNoHardLinks(t *testing.T) {
	t.Parallel()
	ids := identities()
	s := &storage{files: ids[0].files}
	for _, errno := range []error{syscall.EPERM, syscall.EACCES, syscall.EMLINK, errors.ErrUnsupported} {
		noLinks := certbundle.WithSteps(func(step, path string) error {
			if step == "link" {
				return &os.LinkError{Op: "link", Old: path, New: path, Err: errno}
			}
			return nil
		})
		t.Run(errno.Error(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			_, err := certbundle.Save(t.Context(), dir, ids[0].result, s.client(), noLinks)
			require.NoError(t, err)
			requireFiles(t, dir, ids[0].files)
			_, err = certbundle.Save(t.Context(), dir, ids[1].result, s.client(), noLinks)
			require.ErrorIs(t, err, certbundle.ErrExists)
			want := ids[0].without()
			want[beside(ids[1].result.PrivateKey)] = ids[1].result.PrivateKey
			requireFiles(t, dir, want)
		})
	}
}

// TestFaultOfTheDisk at each step of each file: a clear error, no half file, no
// temporary one; and a second Save completes the rest.
func TestFaultOfTheDisk(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for _, name := range names {
		for _, step := range []string{"create", "write", "sync", "link"} {
			t.Run(name+" "+step, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s := &storage{files: id.files}
				b, err := certbundle.Save(t.Context(), dir, id.result, s.client(), certbundle.WithSteps(func(at, path string) error {
					if at == step && strings.HasPrefix(filepath.Base(path), name) {
						return &fs.PathError{Op: step, Path: path, Err: syscall.ENOSPC}
					}
					return nil
				}))
				requireSafe(t, err)
				require.ErrorIs(t, err, syscall.ENOSPC)
				require.NotErrorIs(t, err, certbundle.ErrExists)
				require.Contains(t, err.Error(), "certbundle: "+name+": ")
				require.Contains(t, err.Error(), "no space left on device")
				if name == certbundle.ClientKeyFile {
					require.ErrorIs(t, err, certbundle.ErrKeyNotStored)
					require.Equal(t, &certbundle.Bundle{PrivateKey: []byte(id.result.PrivateKey)}, b)
					require.Empty(t, s.requests, "without a key on disk nothing is downloaded")
					requireFiles(t, dir, map[string]string{})
				} else {
					require.Equal(t, id.bundle(), b, "what has arrived")
					requireFiles(t, dir, id.without(name))
				}
				_, err = certbundle.Save(t.Context(), dir, id.result, s.client())
				require.NoError(t, err)
				requireFiles(t, dir, id.files)
			})
		}
	}
	t.Run("a folder that cannot be synced", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "new")
		s := &storage{files: id.files}
		for _, at := range []string{filepath.Dir(dir), dir} {
			_, err := certbundle.Save(t.Context(), dir, id.result, s.client(), certbundle.WithSteps(func(step, path string) error {
				if step == "sync folder" && path == at {
					return syscall.EIO
				}
				return nil
			}))
			require.ErrorIs(t, err, syscall.EIO)
			require.ErrorIs(t, err, certbundle.ErrKeyNotStored)
			require.Empty(t, s.requests)
			requireFiles(t, dir, id.only(certbundle.ClientKeyFile))
		}
	})
}

// TestTemporaryNameStays: then the file is there, and the error says what else.
func TestTemporaryNameStays(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	dir := t.TempDir()
	b := &certbundle.Bundle{PrivateKey: []byte(id.result.PrivateKey)}
	err := b.WriteDirWithSteps(dir, func(step, path string) error {
		if step == "remove" {
			return &fs.PathError{Op: step, Path: path, Err: syscall.EPERM}
		}
		return nil
	})
	require.ErrorIs(t, err, syscall.EPERM)
	require.NotErrorIs(t, err, certbundle.ErrExists)
	require.Contains(t, err.Error(), ".tmp: ")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.NoError(t, b.WriteDir(dir))
}

// TestNameComesAndGoes: the key is kept under the next name.
func TestNameComesAndGoes(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	dir, key := t.TempDir(), id.result.PrivateKey
	err := (&certbundle.Bundle{PrivateKey: []byte(key)}).WriteDirWithSteps(dir, func(step, path string) error {
		if step == "link" && filepath.Base(path) == certbundle.ClientKeyFile {
			return &os.LinkError{Op: step, Old: path, New: path, Err: syscall.EEXIST}
		}
		return nil
	})
	require.ErrorIs(t, err, certbundle.ErrExists)
	require.Contains(t, err.Error(), beside(key))
	requireFiles(t, dir, map[string]string{beside(key): key})
}

// TestNoNameIsLeft for the second key, or no room: the error does not say that
// it is kept.
func TestNoNameIsLeft(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for name, fault := range map[string]syscall.Errno{"no room": syscall.ENOSPC, "no name": syscall.EEXIST} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			plant(t, dir, certbundle.ClientKeyFile, "x")
			s := &storage{files: id.files}
			_, err := certbundle.Save(t.Context(), dir, id.result, s.client(), certbundle.WithSteps(func(step, path string) error {
				if step == "link" {
					return &os.LinkError{Op: step, Old: path, New: path, Err: fault}
				}
				return nil
			}))
			requireSafe(t, err)
			require.ErrorIs(t, err, certbundle.ErrExists)
			require.ErrorIs(t, err, certbundle.ErrKeyNotStored)
			require.NotContains(t, err.Error(), "kept")
			require.Empty(t, s.requests)
			requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: "x"})
		})
	}
}
