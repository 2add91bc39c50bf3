package certbundle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// childTask names the environment variable that makes a child process of the
// test binary. Its input is an errand, its output a report.
const childTask = "CERTBUNDLE_TEST_CHILD"

type errand struct {
	Dir    string
	Result baas.CertificateResult
	Steps  int // before this one the process ends; 0 is never
}

type report struct {
	Error   string
	NoSpace bool
	TooBig  bool
	NoWrite bool
	Exists  bool
	Key     string // of the bundle that was returned
	Skip    string // why it could not be done
}

// runChild is the main of a child process.
func runChild(task string) int {
	var e errand
	if err := json.NewDecoder(os.Stdin).Decode(&e); err != nil {
		return 2
	}
	var r report
	switch task {
	case "save":
		crash := &crasher{left: e.Steps}
		r.save(e, certbundle.WithSteps(func(string, string) error { crash.step(); return nil }),
			certbundle.WithHTTPClient(&http.Client{Transport: announcer{crash}}))
	default:
		r = systemTask(task, e)
	}
	if json.NewEncoder(os.Stdout).Encode(r) != nil {
		return 2
	}
	return 0
}

func (r *report) save(e errand, opts ...certbundle.Option) {
	b, err := certbundle.Save(context.Background(), e.Dir, e.Result, opts...)
	r.Key = string(b.PrivateKey)
	r.judge(err)
}

func (r *report) judge(err error) {
	if err == nil {
		return
	}
	r.Error = err.Error()
	r.NoSpace = errors.Is(err, syscall.ENOSPC)
	r.TooBig = errors.Is(err, syscall.EFBIG)
	r.NoWrite = errors.Is(err, syscall.EROFS) || errors.Is(err, os.ErrPermission)
	r.Exists = errors.Is(err, certbundle.ErrExists)
}

// A crasher ends the process as kill -9 does, some steps from now.
type crasher struct {
	mu   sync.Mutex
	left int
}

func (c *crasher) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left != 0 {
		return
	}
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // with the lock held, no other step is taken
}

// An announcer tells the parent that a download begins.
type announcer struct{ crash *crasher }

func (a announcer) RoundTrip(r *http.Request) (*http.Response, error) {
	fmt.Fprintln(os.Stderr, "download")
	a.crash.step()
	return http.DefaultTransport.RoundTrip(r)
}

// child runs a child process; done is false if it was killed.
func child(t *testing.T, task string, e errand, prepare func(*exec.Cmd)) (r report, stderr string, done bool) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	in, err := json.Marshal(e)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childTask+"="+task)
	cmd.Stdin = strings.NewReader(string(in))
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if prepare != nil {
		prepare(cmd)
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() != 2 && (exit.ExitCode() == -1 || runtime.GOOS == "windows") {
		return report{}, errs.String(), false
	}
	if err != nil && exit == nil && prepare != nil {
		if os.Getenv("CI") != "" && os.Geteuid() == 0 { // who is root may
			t.Fatalf("a child process in a namespace is needed: %v", err)
		}
		t.Skipf("this user may not start a process in a namespace: %v", err)
	}
	require.NoError(t, err, "%s", errs.String())
	require.NoError(t, json.Unmarshal([]byte(out.String()), &r))
	return r, errs.String(), true
}

// TestCrash ends a process before every step of Save, one after another.
func TestCrash(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short leaves out what starts many processes")
	}
	srv := newIssuer(t)
	result := applied(t, srv)
	whole := map[string]string{
		certbundle.ClientKeyFile:  result.PrivateKey,
		certbundle.ClientCertFile: download(srv, result.DownloadPath.ClientCrtURL),
		certbundle.CACertFile:     download(srv, result.DownloadPath.CACrtURL),
		certbundle.TrustStoreFile: download(srv, result.DownloadPath.TrustCAURL),
	}
	keyless := 0
	for n := 1; ; n++ {
		dir := filepath.Join(t.TempDir(), "one", "two")
		r, stderr, done := child(t, "save", errand{Dir: dir, Result: result, Steps: n}, nil)
		if done {
			require.Empty(t, r.Error)
			requireFiles(t, dir, whole)
			require.Greater(t, n, 30, "there are so many steps")
			require.Greater(t, keyless, 5, "some of them before there is a key")
			return
		}
		left, hasKey := requireWholeOrAbsent(t, dir, whole)
		if strings.Contains(stderr, "download") {
			require.True(t, hasKey, "step %d: a download without the key on disk", n)
		}
		again := baas.CertificateResult{DownloadPath: result.DownloadPath}
		if !hasKey {
			keyless++
			_, err := certbundle.Save(t.Context(), dir, again)
			require.Error(t, err)
			for name, content := range left {
				if content == result.PrivateKey {
					require.ErrorContains(t, err, name, "that is where the key is")
				}
			}
			again = result
		}
		_, err := certbundle.Save(t.Context(), dir, again)
		require.NoError(t, err, "step %d", n)
		for name, content := range left {
			requireMentioned(t, dir, name, content)
			require.NoError(t, os.Remove(filepath.Join(dir, name)))
		}
		requireFiles(t, dir, whole)
	}
}

// requireWholeOrAbsent returns the temporary files that a crash has left.
func requireWholeOrAbsent(t *testing.T, dir string, whole map[string]string) (left map[string]string, hasKey bool) {
	t.Helper()
	left = map[string]string{}
	entries, err := os.ReadDir(dir)
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		if content, ok := whole[e.Name()]; ok {
			require.Equal(t, content, string(data), "%s", e.Name())
			continue
		}
		require.Regexp(t, `^(client\.key|client\.crt|ca\.crt|trustCa)\.[a-z0-9]+\.tmp$`, e.Name())
		info, err := e.Info()
		require.NoError(t, err)
		requireMode(t, 0o600, info)
		left[e.Name()] = string(data)
	}
	_, err = os.Lstat(filepath.Join(dir, certbundle.ClientKeyFile))
	return left, err == nil
}

func requireMentioned(t *testing.T, dir, name, content string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err, "a later Save leaves it alone")
	require.Equal(t, content, string(data))
}
