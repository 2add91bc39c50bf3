package fsys_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/fsys"
)

func TestLinksUnsupported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, taken := filepath.Join(dir, "old"), filepath.Join(dir, "taken")
	require.NoError(t, os.WriteFile(old, nil, 0o600))
	require.NoError(t, os.WriteFile(taken, nil, 0o600))

	failed := func(err error) error { return &os.LinkError{Op: "link", Old: old, New: taken, Err: err} }
	require.True(t, fsys.LinksUnsupported(failed(errors.ErrUnsupported)))
	require.True(t, fsys.LinksUnsupported(failed(fs.ErrPermission)))
	require.False(t, fsys.LinksUnsupported(os.Link(old, taken)), "the name is taken")
	require.False(t, fsys.LinksUnsupported(fs.ErrPermission), "it is not os.Link that failed")
	require.False(t, fsys.LinksUnsupported(nil))
}

func TestSyncFolder(t *testing.T) {
	t.Parallel()
	require.NoError(t, fsys.SyncFolder(t.TempDir()))
}
