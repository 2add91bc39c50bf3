package identity

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// TestDirIsDurable: a record has a name only once it is on disk, and Swap returns
// only once the name is.
func TestDirIsDurable(t *testing.T) {
	t.Parallel()
	folder := func(t *testing.T) *dir {
		path := t.TempDir()
		require.NoError(t, os.Chmod(path, 0o700))
		return &dir{path: path}
	}
	t.Run("the order", func(t *testing.T) {
		t.Parallel()
		d := folder(t)
		var steps []string
		d.before = func(step string) error {
			_, err := os.Stat(filepath.Join(d.path, recordName(1)))
			if step == "sync folder" {
				require.NoError(t, err, "the name is there, and is synced now")
			} else {
				require.Error(t, err, step)
			}
			steps = append(steps, step)
			return nil
		}
		_, err := d.Swap(t.Context(), Record{}, "")
		require.NoError(t, err)
		require.Equal(t, []string{"create", "write", "sync", "link", "sync folder"}, steps)
	})
	for _, broken := range []string{"create", "write", "sync", "link", "sync folder"} {
		t.Run("an error of the step: "+broken, func(t *testing.T) {
			t.Parallel()
			d := folder(t)
			d.before = func(step string) error {
				if step == broken {
					return errModel
				}
				return nil
			}
			_, err := d.Swap(t.Context(), Record{}, "")
			require.ErrorIs(t, err, errModel)
			names := listing(t, d.path)
			if broken == "sync folder" {
				require.Len(t, names, 1, "it may have been applied")
			} else {
				require.Empty(t, names)
			}
		})
	}
}

// TestDirConflicts are found before anything is written.
func TestDirConflicts(t *testing.T) {
	t.Parallel()
	d := &dir{path: filepath.Join(t.TempDir(), "id")}
	for _, version := range []string{"", "1", "2"} {
		_, err := d.Swap(t.Context(), Record{State: Issued, Bundle: certbundle.Bundle{PrivateKey: []byte("key")}}, version)
		require.NoError(t, err)
	}
	require.NoError(t, os.Remove(filepath.Join(d.path, recordName(2)))) // so that the name is free
	d.before = func(step string) error { return errors.New("nothing is to be done") }
	for _, version := range []string{"", "1", "no number"} {
		_, err := d.Swap(t.Context(), Record{}, version)
		require.ErrorIs(t, err, ErrConflict, version)
	}
}

// TestDirAdoptsLate: while the folder is looked at for a key without a record,
// another process writes both.
func TestDirAdoptsLate(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := &dir{path: path, before: func(step string) error {
		require.Equal(t, "adopt", step)
		bundle := certbundle.Bundle{PrivateKey: []byte("key"), ClientCert: []byte("c"), CACert: []byte("a"), TrustStore: []byte("t")}
		data, err := json.Marshal(completeRecord(&bundle))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(path, recordName(1)), data, 0o600))
		writeFiles(t, path, &bundle)
		return nil
	}}
	r, version, err := d.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "1", version)
	require.Equal(t, Complete, r.State)
}
