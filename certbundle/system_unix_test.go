//go:build unix

package certbundle_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// maxFileSize is what a child process may write to a file.
const maxFileSize = 100

// systemTask does in a child process what would disturb other tests.
func systemTask(task string, e errand) (r report) {
	switch task {
	case "small files":
		limit := syscall.Rlimit{Cur: maxFileSize, Max: maxFileSize}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return report{Skip: err.Error()}
		}
		r.save(e)
	case "umask":
		syscall.Umask(0)
		r.save(e)
	default:
		return mountTask(task, e)
	}
	return r
}

// TestDiskThatTakesAPart: the system writes some bytes of the key and no more.
func TestDiskThatTakesAPart(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	dir := t.TempDir()
	r, _, _ := child(t, "small files", errand{Dir: dir, Result: id.result}, nil)
	if r.Skip != "" {
		t.Skip(r.Skip)
	}
	require.True(t, r.TooBig, "%+v", r)
	require.Contains(t, r.Error, "certbundle: client.key: the private key may not be on disk")
	require.Equal(t, id.result.PrivateKey, r.Key)
	requireFiles(t, dir, map[string]string{})
}

// TestUmask: files are for the owner only even where the umask says nothing.
func TestUmask(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	dir := filepath.Join(t.TempDir(), "one", "two")
	r, _, _ := child(t, "umask", errand{Dir: dir, Result: baas.CertificateResult{PrivateKey: id.result.PrivateKey}}, nil)
	require.Contains(t, r.Error, "ca.crt: there is no link to it")
	requireFiles(t, dir, id.only(certbundle.ClientKeyFile))
	for _, made := range []string{dir, filepath.Dir(dir)} {
		info, err := os.Stat(made)
		require.NoError(t, err)
		requireMode(t, fs.ModeDir|0o700, info)
	}
}

// TestPlantedFiles: under one of the names is what is no regular file. Nothing
// is read through it, nothing written, and nobody waits.
func TestPlantedFiles(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	plants := map[string]struct {
		plant func(path, elsewhere string) error
		text  string
		loads bool // a reader follows it
	}{
		"a pipe":                     {func(path, _ string) error { return syscall.Mkfifo(path, 0o600) }, "is a named pipe", false},
		"a symbolic link to a file":  {func(path, elsewhere string) error { return os.Symlink(elsewhere, path) }, "is a symbolic link", true},
		"a symbolic link to nothing": {func(path, elsewhere string) error { return os.Symlink(elsewhere+".none", path) }, "is a symbolic link", true},
		"a folder":                   {func(path, _ string) error { return os.Mkdir(path, 0o700) }, "is a folder", false},
	}
	for _, name := range names {
		for what, c := range plants {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), name)
				require.NoError(t, os.WriteFile(elsewhere, []byte(id.files[name]), 0o600))
				require.NoError(t, c.plant(filepath.Join(dir, name), elsewhere))
				before, err := os.Lstat(filepath.Join(dir, name))
				require.NoError(t, err)
				require.ErrorIs(t, certbundle.Prepare(dir), certbundle.ErrExists)

				s := &storage{files: id.files}
				_, err = certbundle.Save(t.Context(), dir, id.result, s.client())
				requireSafe(t, err)
				require.ErrorIs(t, err, certbundle.ErrExists)
				require.ErrorIs(t, err, certbundle.ErrMalformed)
				require.Contains(t, err.Error(), "certbundle: "+name+": "+c.text)
				after, err := os.Lstat(filepath.Join(dir, name))
				require.NoError(t, err)
				require.True(t, os.SameFile(before, after))
				require.NoFileExists(t, elsewhere+".none")

				b, errLoad := certbundle.Load(dir)
				if c.loads || name == certbundle.TrustStoreFile {
					require.NotErrorIs(t, errLoad, certbundle.ErrMalformed)
				} else {
					require.ErrorIs(t, errLoad, certbundle.ErrMalformed)
					require.Contains(t, errLoad.Error(), "certbundle: "+name+": "+c.text)
				}
				require.ErrorIs(t, id.bundle().WriteDir(dir), certbundle.ErrExists)

				require.NoError(t, os.Remove(filepath.Join(dir, name)))
				if name == certbundle.ClientKeyFile {
					require.Equal(t, what == "a symbolic link to a file", len(b.PrivateKey) > 0)
					key := id.result.PrivateKey
					requireFiles(t, dir, map[string]string{beside(key): key})
					return
				}
				requireFiles(t, dir, id.without(name))
			})
		}
	}
}

// TestFileIsExchanged for a pipe or a symbolic link while it is looked at: a
// writer never reads through a link, and nobody waits.
func TestFileIsExchanged(t *testing.T) {
	t.Parallel()
	dir, spare, linked := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "linked")
	path, next := filepath.Join(dir, certbundle.CACertFile), filepath.Join(spare, "next")
	require.NoError(t, os.WriteFile(linked, []byte("linked"), 0o600))
	kinds := []func() error{
		func() error { return os.WriteFile(next, []byte("public"), 0o600) },
		func() error { return syscall.Mkfifo(next, 0o600) },
		func() error { return os.Symlink(linked, next) },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3000 {
			if data, _ := certbundle.ReadFile(path); len(data) > 0 && string(data) != "public" {
				t.Errorf("read %q", data)
				return
			}
			if b, _ := certbundle.Load(dir); len(b.CACert) > 0 && string(b.CACert) != "public" && string(b.CACert) != "linked" {
				t.Errorf("read %q", b.CACert)
				return
			}
		}
	}()
	late := time.After(time.Minute)
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		case <-late:
			t.Fatal("somebody waits for the other end of a pipe")
		default:
		}
		require.NoError(t, kinds[i%len(kinds)]())
		require.NoError(t, os.Rename(next, path))
	}
}

func TestPrepareRefusesWhatOthersMayWrite(t *testing.T) {
	t.Parallel()
	for mode, fine := range map[fs.FileMode]bool{
		0o700: true, 0o750: true, 0o755: true, 0o770: false, 0o702: false, 0o777: false, 0o777 | fs.ModeSticky: false,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "folder")
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chmod(dir, mode))
			err := certbundle.Prepare(dir)
			if fine {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, fs.ErrPermission)
			require.Contains(t, err.Error(), "certbundle: "+dir+": not a safe place for a key: others may write to it")
			require.Contains(t, err.Error(), "chmod go-w")
			require.Contains(t, err.Error(), "as with a volume in a pod, take a subfolder")
			info, err := os.Stat(dir)
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode()&^fs.ModeDir, "it is left as it was")
		})
	}
	t.Run("belongs to another", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "folder")
		require.NoError(t, os.Mkdir(dir, 0o700))
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Skip(err)
		}
		require.ErrorContains(t, certbundle.Prepare(dir), "belongs to another user (uid 12345)")
	})
}

// TestPrepareInAVolume: an emptyDir, and one with an fsGroup, whose setgid bit
// is inherited.
func TestPrepareInAVolume(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]fs.FileMode{"emptyDir": 0o777, "fsGroup": 0o775 | fs.ModeSetgid} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			volume := filepath.Join(t.TempDir(), "volume")
			require.NoError(t, os.Mkdir(volume, 0o700))
			require.NoError(t, os.Chmod(volume, mode))
			require.ErrorIs(t, certbundle.Prepare(volume), fs.ErrPermission)
			dir := filepath.Join(volume, "identity")
			require.NoError(t, certbundle.Prepare(dir))
			require.NoError(t, certbundle.Prepare(dir), "again")
			info, err := os.Stat(dir)
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
			if mode&fs.ModeSetgid != 0 && info.Mode()&fs.ModeSetgid == 0 {
				t.Log("this system does not inherit the setgid bit")
			}
		})
	}
}

func TestSymbolicLinkToFolder(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	dir := t.TempDir()
	there, link := filepath.Join(dir, "there"), filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("there", link))
	require.ErrorContains(t, certbundle.Prepare(link), "certbundle: "+link+": not a folder", "it leads nowhere")
	require.NoError(t, os.Mkdir(there, 0o700))
	require.NoError(t, certbundle.Prepare(link))
	_, err := certbundle.Save(t.Context(), link, id.result, (&storage{files: id.files}).client())
	require.NoError(t, err)
	requireFiles(t, there, id.files)
	require.NoError(t, os.Chmod(there, 0o777))
	require.ErrorContains(t, certbundle.Prepare(link), "others may write to it")
}

// TestReadOnlyFolder as another user than root meets it; TestFullAndReadOnlyDisk
// has more.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("no permission stops root")
	}
	id := identities()[0]
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	err := certbundle.Prepare(dir)
	require.ErrorIs(t, err, fs.ErrPermission)
	_, err = certbundle.Save(t.Context(), dir, id.result)
	require.ErrorIs(t, err, fs.ErrPermission)
	requireSafe(t, err)
	requireFiles(t, dir, map[string]string{})
}
