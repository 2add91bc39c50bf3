package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeyFileIsReservedEmptyAndFilledOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	k, err := reserveKeyFile(dir)
	require.NoError(t, err)
	before, err := os.ReadFile(k.path)
	require.NoError(t, err)
	require.Empty(t, before)

	_, err = reserveKeyFile(dir)
	require.ErrorContains(t, err, "unknown outcome", "two runs have the same file")

	require.NoError(t, k.keep("the key"))
	key, err := os.ReadFile(k.path)
	require.NoError(t, err)
	require.Equal(t, "the key", string(key))

	_, err = reserveKeyFile(dir)
	require.ErrorContains(t, err, "another folder")
}

func TestReleaseMakesRoomForTheNextRun(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	k, err := reserveKeyFile(dir)
	require.NoError(t, err)
	require.NoError(t, k.release())
	k, err = reserveKeyFile(dir)
	require.NoError(t, err)
	require.NoError(t, k.release())
}

func TestKeyIsRescuedWhenItsFileFails(t *testing.T) {
	k, err := reserveKeyFile(filepath.Join(t.TempDir(), "certs"))
	require.NoError(t, err)
	require.NoError(t, k.file.Close(), "this is how the file fails")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // elsewhere
	t.Setenv("TMP", temp)    // on Windows

	err = k.keep("PEM-7f3a")
	require.ErrorIs(t, err, os.ErrClosed)
	require.NotContains(t, err.Error(), "PEM-7f3a")
	names, globErr := filepath.Glob(filepath.Join(temp, "client.key.*"))
	require.NoError(t, globErr)
	require.Len(t, names, 1)
	require.ErrorContains(t, err, names[0])
	key, readErr := os.ReadFile(names[0])
	require.NoError(t, readErr)
	require.Equal(t, "PEM-7f3a", string(key))
	requireMode(t, 0o600, names[0])
}

func TestKeyThatCannotBeStoredAnywhereIsSaidToBeLost(t *testing.T) {
	k, err := reserveKeyFile(filepath.Join(t.TempDir(), "certs"))
	require.NoError(t, err)
	require.NoError(t, k.file.Close())
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	t.Setenv("TMPDIR", nowhere)
	t.Setenv("TMP", nowhere)
	require.ErrorContains(t, k.keep("the key"), "LOST")
}
