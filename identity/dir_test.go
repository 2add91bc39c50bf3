package identity

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

func listing(t *testing.T, path string) map[string]fs.FileMode {
	t.Helper()
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	names := map[string]fs.FileMode{}
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		names[e.Name()] = info.Mode()
	}
	return names
}

func TestDir(t *testing.T) {
	t.Parallel()
	t.Run("each version is a file; the four files are copied out; 0600", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		path := filepath.Join(t.TempDir(), "id")
		b, err := s.ensure(t.Context(), Dir(path))
		requireIdentity(t, Dir(path), b, err)
		files := listing(t, path)
		require.Len(t, files, 7)
		for _, name := range append(fileNames, "identity.1.json", "identity.2.json", "identity.3.json") {
			require.Contains(t, files, name)
			if runtime.GOOS != "windows" {
				require.Equal(t, fs.FileMode(0o600), files[name], name)
			}
		}
		loaded, err := certbundle.Load(path)
		require.NoError(t, err)
		require.Equal(t, b, loaded)

		// One of the four goes: the next start copies it out again.
		require.NoError(t, os.Remove(filepath.Join(path, certbundle.TrustStoreFile)))
		again, err := s.ensure(t.Context(), Dir(path))
		requireIdentity(t, Dir(path), again, err)
		require.Contains(t, listing(t, path), certbundle.TrustStoreFile)
		require.Equal(t, 1, s.server.Issued())
	})
	t.Run("nothing is replaced", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		path := t.TempDir()
		require.NoError(t, os.Chmod(path, 0o700))
		file := filepath.Join(path, certbundle.CACertFile)
		require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
		_, err := s.ensure(t.Context(), Dir(path))
		require.ErrorIs(t, err, certbundle.ErrExists)
		require.Empty(t, s.server.Requests(), "known before anything is applied for")
		require.NoError(t, os.Remove(file))
		_, err = s.ensure(t.Context(), Dir(path))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
		b, err := s.ensure(t.Context(), Dir(path))
		require.ErrorIs(t, err, certbundle.ErrExists)
		require.NotNil(t, b, "the identity is there all the same")
	})
	t.Run("a client.key without a record is Issued", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		resp, err := s.client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		require.NoError(t, err)
		path := t.TempDir()
		key := &certbundle.Bundle{PrivateKey: []byte(resp.Result.PrivateKey)}
		require.NoError(t, key.WriteDir(path))
		r, err := Inspect(t.Context(), Dir(path))
		require.NoError(t, err)
		require.Equal(t, Issued, r.State)
		b, err := s.ensure(t.Context(), Dir(path))
		requireIdentity(t, Dir(path), b, err)
		require.Equal(t, key.PrivateKey, b.PrivateKey)
		require.Equal(t, 1, s.server.Issued())
		require.Equal(t, []string{actionPaths}, s.gate.describes)
	})
	t.Run("what may be a key is not passed over", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		path := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(path, "client.key.abc.tmp"), []byte("key"), 0o600))
		_, err := s.ensure(t.Context(), Dir(path))
		require.ErrorContains(t, err, "client.key.abc.tmp")
		require.Empty(t, s.server.Requests())
	})
	t.Run("a record that cannot be read is an error, never Empty", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		for name, data := range map[string]string{
			"half": `{"State":"Appl`, "none": "", "no state": `{}`, "null": "null", "null state": `{"State":null}`, "lower": `{"state":"Empty"}`,
			"number": `{"State":0}`, "unknown": `{"State":"Moved"}`, "no stamp": `{"State":"InDoubt"}`, "no key": `{"State":"Issued"}`,
			"member": `{"State":"Empty","Since":7}`,
		} {
			path := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(path, "identity.3.json"), []byte(data), 0o600))
			_, err := s.ensure(t.Context(), Dir(path))
			require.ErrorContains(t, err, "identity: ", name)
			_, err = Inspect(t.Context(), Dir(path))
			require.Error(t, err, name)
			require.Error(t, Clear(t.Context(), Dir(path)), name)
		}
		path := t.TempDir()
		require.NoError(t, os.Symlink("/dev/null", filepath.Join(path, "identity.1.json")))
		_, err := s.ensure(t.Context(), Dir(path))
		require.ErrorContains(t, err, "not a regular file")
		require.Empty(t, s.server.Requests())
	})
	t.Run("the highest version counts, by its number", func(t *testing.T) {
		t.Parallel()
		path := t.TempDir()
		for name, chain := range map[string]string{
			"identity.9.json": "nine", "identity.10.json": "ten", "identity.011.json": "x", "identity.-12.json": "x", "identity.13.json.bak": "x",
		} {
			data, err := json.Marshal(Record{State: Empty, Chain: chain})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(path, name), data, 0o600))
		}
		r, version, err := Dir(path).Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, "10", version)
		require.Equal(t, "ten", r.Chain)
	})
	t.Run("after the link the folder is listed again: a higher version means ErrConflict", func(t *testing.T) {
		t.Parallel()
		path := t.TempDir()
		require.NoError(t, os.Chmod(path, 0o700))
		d := &dir{path: path}
		for n := range 4 {
			_, err := d.Swap(t.Context(), Record{}, []string{"", "1", "2", "3"}[n])
			require.NoError(t, err)
		}
		// While a process writes that has seen version 2, two versions come, and
		// somebody deletes the first of them.
		file := func(name string) string { return filepath.Join(path, name) }
		require.NoError(t, os.Rename(file("identity.4.json"), file("hidden")))
		require.NoError(t, os.Remove(file("identity.3.json")))
		d.before = func(step string) error {
			if step == "link" {
				return os.Rename(file("hidden"), file("identity.4.json"))
			}
			return nil
		}
		_, err := d.Swap(t.Context(), Record{}, "2")
		require.ErrorIs(t, err, ErrConflict)
	})
	t.Run("on EEXIST, being the same file as the temporary one is success (NFS)", func(t *testing.T) {
		t.Parallel()
		path := t.TempDir()
		require.NoError(t, os.Chmod(path, 0o700))
		d := &dir{path: path}
		d.before = func(step string) error {
			if step != "link" {
				return nil
			}
			_, temps, err := d.names()
			require.NoError(t, err)
			require.NoError(t, os.Link(filepath.Join(path, temps[0]), filepath.Join(path, "identity.1.json")))
			return &os.LinkError{Op: "link", Err: syscall.EEXIST}
		}
		version, err := d.Swap(t.Context(), Record{State: Empty, Chain: "mine"}, "")
		require.NoError(t, err)
		require.Equal(t, "1", version)
	})
	t.Run("a file system without hard links: nothing is applied for", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		d := &dir{path: filepath.Join(t.TempDir(), "id")}
		d.before = func(step string) error {
			if step == "link" {
				return &os.LinkError{Op: "link", Err: syscall.EPERM}
			}
			return nil
		}
		_, err := s.ensure(t.Context(), d)
		require.ErrorContains(t, err, "no hard links")
		require.Empty(t, s.server.Requests())
		require.Empty(t, listing(t, d.path), "and nothing is left")
	})
	t.Run("a record with the key that has no name yet is found", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		d := &dir{path: filepath.Join(t.TempDir(), "id")}
		links := 0
		d.before = func(step string) error {
			if step == "link" {
				if links++; links == 2 {
					panic("killed")
				}
			}
			return nil
		}
		require.PanicsWithValue(t, "killed", func() { _, _ = s.ensure(t.Context(), d) })
		b, err := s.ensure(t.Context(), Dir(d.path))
		requireIdentity(t, Dir(d.path), b, err)
		require.Equal(t, 1, s.server.Issued())
	})
	t.Run("a full disk: the key is in the error", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, s *site) {
			d := &dir{path: filepath.Join(t.TempDir(), "id")}
			writes := 0
			d.before = func(step string) error {
				if step == "write" {
					if writes++; writes > 1 {
						return syscall.ENOSPC
					}
				}
				return nil
			}
			ctx, cancel := timeout(t)
			defer cancel()
			b, err := s.ensure(ctx, d)
			requireKeyError(t, b, err)
			require.ErrorIs(t, err, syscall.ENOSPC)
		})
	})
	t.Run("a folder that others may write to", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS == "windows" {
			t.Skip("the mode does not tell there")
		}
		s := newSite(t)
		path := t.TempDir()
		require.NoError(t, os.Chmod(path, 0o777))
		_, err := s.ensure(t.Context(), Dir(path))
		require.ErrorIs(t, err, fs.ErrPermission)
		require.Empty(t, s.server.Requests())
	})
	t.Run("no folder", func(t *testing.T) {
		t.Parallel()
		_, err := newSite(t).ensure(t.Context(), Dir(""))
		require.ErrorIs(t, err, errNoFolder)
	})
}

func TestRecord(t *testing.T) {
	t.Parallel()
	const stored = `{"A":[1, 2],"Bundle":{"PrivateKey":"a2V5","ClientCert":null,"CACert":null,"TrustStore":null},"Chain":"c","State":"Issued","Stamp":{"Nonce":"n","Time":"2026-01-02T03:04:05Z","Digest":"d"},"state":"x"}`
	var r Record
	require.NoError(t, json.Unmarshal([]byte(stored), &r))
	require.Equal(t, Issued, r.State)
	require.Equal(t, "key", string(r.Bundle.PrivateKey))
	data, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, stored, string(data), "unknown members are kept")
	var again Record
	require.NoError(t, json.Unmarshal(data, &again))
	require.True(t, r.equal(again))
	other := again
	other.Stamp = &baas.Stamp{Nonce: "n", Time: r.Stamp.Time, Digest: "e"}
	require.False(t, r.equal(other))
	require.NotContains(t, sprint(r), "key\"")
	require.NotContains(t, sprint(r), "a2V5")
	require.NotContains(t, sprint(&r), "107 101 121")
	_, err = json.Marshal(Record{State: 9})
	require.ErrorContains(t, err, "unknown state")
}

// TestUnknownMembersSurvive: through a whole enrollment.
func TestUnknownMembersSurvive(t *testing.T) {
	t.Parallel()
	s, store := newSite(t), Memory()
	var r Record
	require.NoError(t, json.Unmarshal([]byte(`{"State":"Empty","Later":7}`), &r))
	replace(t, store, r)
	b, err := s.ensure(t.Context(), store)
	requireIdentity(t, store, b, err)
	r, err = Inspect(t.Context(), store)
	require.NoError(t, err)
	require.JSONEq(t, "7", string(r.unknown["Later"]))
}

// TestRecordNames: package certbundle knows the names by itself.
func TestRecordNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, "identity.7.json", recordName(7))
	for i, name := range []string{"Empty", "Applying", "InDoubt", "Issued", "Complete"} {
		require.Equal(t, name, State(i).String())
	}
}

// TestDirAndTheStepsByHand: what is in a store is not applied for again by hand.
func TestDirAndTheStepsByHand(t *testing.T) {
	t.Parallel()
	for _, state := range []State{Issued, Complete} {
		t.Run(state.String(), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "id")
			r := Record{State: state, Bundle: certbundle.Bundle{PrivateKey: []byte("key"), ClientCert: []byte("c"), CACert: []byte("a")}}
			_, err := Dir(path).Swap(t.Context(), r, "")
			require.NoError(t, err)
			err = certbundle.Prepare(path)
			require.ErrorIs(t, err, certbundle.ErrExists)
			require.ErrorContains(t, err, "identity.Ensure")
			_, err = certbundle.Save(t.Context(), path, baas.CertificateResult{PrivateKey: "another"})
			require.ErrorIs(t, err, certbundle.ErrKeyNotStored)
			require.Len(t, listing(t, path), 1, "only the record")
		})
	}
}
