package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

var errDisk = errors.New("no space left on device")

// useTemp sets the folder for temporary files.
func useTemp(t *testing.T, dir string) {
	t.Helper()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // on Windows
}

func rescued(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "client.key.*"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	return names[0]
}

func TestKeyIsRescuedWhenItsFolderFails(t *testing.T) {
	temp := t.TempDir()
	useTemp(t, temp)
	err := rescue(&settings{out: "certs"}, []byte("PEM-7f3a"), errDisk)
	require.ErrorIs(t, err, errDisk)
	require.NotContains(t, err.Error(), "PEM-7f3a")
	path := rescued(t, temp)
	require.ErrorContains(t, err, path)
	require.Contains(t, adviceFor(err), filepath.Join("certs", "client.key"))
	key, readErr := os.ReadFile(path)
	require.NoError(t, readErr)
	require.Equal(t, "PEM-7f3a", string(key))
	requireMode(t, 0o600, path)
}

func TestKeyThatCannotBeStoredAnywhereIsSaidToBeLost(t *testing.T) {
	useTemp(t, filepath.Join(t.TempDir(), "nowhere"))
	err := rescue(&settings{out: "certs"}, []byte("PEM-7f3a"), errDisk)
	require.ErrorContains(t, err, "LOST")
	require.ErrorIs(t, err, errDisk)
	require.Contains(t, adviceFor(err), "reset")
}

// While the application is under way, the folder goes away and a file takes its
// place.
func TestRescuedKeyIsTakenUpByTheNextRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder with an open file cannot be moved there")
	}
	srv := liveServer(t)
	temp := t.TempDir()
	useTemp(t, temp)
	away := folder + "-away"
	require.NoError(t, os.Mkdir(folder, 0o700))
	var links baas.DownloadPath
	s, err := parse([]string{"-live", "-endpoint", recorder(t, srv, &links)}, os.Getenv, nil)
	require.NoError(t, err)
	mark, err := markPending(folder)
	require.NoError(t, err)
	require.NoError(t, os.Rename(folder, away))
	require.NoError(t, os.WriteFile(folder, nil, 0o600))

	client, err := s.client()
	require.NoError(t, err)
	_, err = enroll(t.Context(), s, client, new(strings.Builder))
	var stranded *strandedKey
	require.ErrorAs(t, err, &stranded)
	require.NoError(t, mark.settle(folder, err))
	require.NoError(t, os.Remove(folder))
	require.NoError(t, os.Rename(away, folder))

	status, _, stderr := live(t, srv)
	require.Equal(t, exitError, status)
	require.Contains(t, stderr, "Move its key, "+rescued(t, temp))
	require.NotContains(t, stderr, "reset")
	require.Equal(t, 1, srv.Issued())

	// As the advice has it.
	require.NoError(t, os.Rename(rescued(t, temp), keyPath))
	srv.Inject(respond(t, links))
	status, _, stderr = live(t, srv)
	require.Equal(t, exitOK, status, stderr)
	require.Equal(t, 1, srv.Issued())
	requirePrivateFolder(t, "client.key", "client.crt", "ca.crt", "trustCa")
}
