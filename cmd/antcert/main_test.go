package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

const (
	testPassword = "correct horse"
	testSubject  = "CN=trial,OU=a unit,O=an organization,L=Hangzhou,ST=Zhejiang,C=CN"
	testChain    = "1q8B5R9p"
	patience     = 90 * time.Second // for what is waited for
)

var (
	update = flag.Bool("update", false, "write the golden files anew")
	binary string // antcert
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most of them wait: for a silence of 15 s, or for a time limit.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "antcert")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "antcert.exe")
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// A world is an endpoint, and a folder for identities.
type world struct {
	*testing.T
	srv *baastest.Server
	dir string
	env []string
}

func newWorld(t *testing.T, opts ...baastest.Option) *world {
	srv := baastest.NewServer(opts...)
	t.Cleanup(srv.Close)
	cred, err := srv.Credential().GetCredential()
	require.NoError(t, err)
	home := t.TempDir()
	env := []string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + *cred.AccessKeyId, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + *cred.AccessKeySecret,
		"HOME=" + home, "USERPROFILE=" + home, "TERM=xterm", "NO_COLOR=1", "ALIBABA_CLOUD_ECS_METADATA_DISABLED=true",
	}
	for _, name := range []string{"PATH", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP", "GOCOVERDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return &world{t, srv, filepath.Join(t.TempDir(), "id"), env}
}

// with adds to the environment.
func (w *world) with(env ...string) *world {
	other := *w
	other.env = append(append([]string{}, w.env...), env...)
	return &other
}

func (w *world) withPassword() *world { return w.with(passwordVariable + "=" + testPassword) }

// args are those of a line, in which {dir}, {url} and {subject} stand for what
// they are.
func (w *world) args(line string) []string {
	args := strings.Fields(line)
	for i := range args {
		args[i] = strings.NewReplacer("{dir}", w.dir, "{url}", w.srv.URL(), "{subject}", testSubject).Replace(args[i])
	}
	return args
}

const enrollLine = "enroll {dir} --endpoint {url} --chain " + testChain + " --consortium DV80nJXq --subject {subject}"

type result struct {
	code     int
	out, err string
}

// run runs antcert without a terminal.
func (w *world) run(line string) result { return w.runWith("", line) }

func (w *world) runWith(stdin, line string) result {
	w.Helper()
	cmd := exec.Command(binary, w.args(line)...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.env, strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if err != nil {
		require.ErrorAs(w, err, new(*exec.ExitError))
	}
	asTyped := strings.NewReplacer(binary, "antcert")
	r := result{cmd.ProcessState.ExitCode(), asTyped.Replace(out.String()), asTyped.Replace(errs.String())}
	w.Logf("antcert %s: %d\n%s%s", line, r.code, r.out, r.err)
	require.LessOrEqual(w, strings.Count(errorLines(r.err), "\n"), 2, "errors are one or two lines")
	for _, secret := range []string{testPassword, w.env[1][strings.Index(w.env[1], "=")+1:], "goroutine "} {
		require.NotContains(w, r.out+r.err, secret)
	}
	return r
}

var logLine = regexp.MustCompile(`(?m)^(time=.*|warning: .*|unauthenticated: .*|.* …)\n`)

func errorLines(stderr string) string { return logLine.ReplaceAllString(stderr, "") }

func (w *world) must(line string) string {
	w.Helper()
	r := w.run(line)
	require.Zero(w, r.code, "%s%s", r.out, r.err)
	return r.out
}

// A terminal is a run of antcert in one.
type terminal struct {
	*testing.T
	cmd  *exec.Cmd
	file *os.File

	mu   sync.Mutex
	text []byte
	more chan struct{} // a token after each piece of text
	end  chan struct{} // closed at the end of the text
	from int           // where the next expect begins
}

// open runs antcert in a terminal, with standard output elsewhere if out is not
// nil.
func (w *world) open(line string, out *os.File) *terminal {
	w.Helper()
	cmd := exec.Command(binary, w.args(line)...)
	cmd.Env = w.env
	if out != nil {
		cmd.Stdout = out
	}
	return openTerminal(w.T, cmd)
}

func openTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	file, err := pty.Start(cmd)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no pseudo-terminal: %v", err)
		}
		t.Skipf("no pseudo-terminal: %v", err)
	}
	// With Ctrl-C a terminal drops what is still on its way to the reader, which may
	// be the text that is waited for. noflsh keeps it.
	keep := exec.Command("stty", "noflsh")
	keep.Stdin = file
	_ = keep.Run()
	x := &terminal{T: t, cmd: cmd, file: file, more: make(chan struct{}, 1), end: make(chan struct{})}
	go x.read()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = file.Close() })
	return x
}

func (x *terminal) read() {
	defer close(x.end)
	buf := make([]byte, 4096)
	for {
		n, err := x.file.Read(buf)
		x.mu.Lock()
		x.text = append(x.text, buf[:n]...)
		x.mu.Unlock()
		select {
		case x.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (x *terminal) all() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return string(x.text)
}

// expect waits for a text after the last one that was expected.
func (x *terminal) expect(text string) {
	x.Helper()
	deadline := time.After(patience)
	for {
		all := x.all()
		if i := strings.Index(all[x.from:], text); i >= 0 {
			x.from += i + len(text)
			return
		}
		select {
		case <-x.more:
		case <-x.end:
			if all = x.all(); !strings.Contains(all[x.from:], text) {
				x.Fatalf("ended without %q:\n%s", text, all)
			}
		case <-deadline:
			x.Fatalf("no %q:\n%s", text, all)
		}
	}
}

func (x *terminal) send(text string) {
	x.Helper()
	_, err := x.file.WriteString(text)
	require.NoError(x, err)
}

// wait returns the exit code.
func (x *terminal) wait() int {
	x.Helper()
	stop := time.AfterFunc(patience, func() { _ = x.cmd.Process.Kill() })
	defer stop.Stop()
	_ = x.cmd.Wait()
	<-x.end
	x.Logf("%s: %d\n%s", x.cmd, x.cmd.ProcessState.ExitCode(), x.all())
	return x.cmd.ProcessState.ExitCode()
}

const ctrlC = "\x03"

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), text, "go test ./cmd/antcert -update writes %s anew", path)
}
