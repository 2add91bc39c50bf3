package console

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func tempFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func content(t *testing.T, f *os.File) string {
	t.Helper()
	data, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	return string(data)
}

// inFiles is a console without a terminal, or, as far as it knows, with one.
func inFiles(t *testing.T, terminal bool) *Console {
	c := on(tempFile(t), tempFile(t), tempFile(t))
	c.terminal = terminal
	return c
}

func TestProgress(t *testing.T) {
	for _, row := range []struct {
		name     string
		terminal bool
		takes    time.Duration
		want     string
	}{
		{"what is quick is not worth a word", false, moment - 1, ""},
		{"on a terminal the line is wiped all the same", true, moment - 1, "\r\x1b[K"},
		{"a plain line", false, moment + 1, "doing a thing …\n"},
		{"a reminder", false, moment + reminder + 1, "doing a thing …\ndoing a thing …\n"},
		{"a spinner", true, moment + 4*frame + 1, "\r| doing a thing\x1b[K\r/ doing a thing\x1b[K\r- doing a thing\x1b[K\r\\ doing a thing\x1b[K\r| doing a thing\x1b[K\r\x1b[K"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inFiles(t, row.terminal)
				c.Doing("doing a %s", "thing")
				time.Sleep(row.takes) // of the bubble
				c.Done()
				c.Done()
				require.Equal(t, row.want, content(t, c.Err))
				require.Empty(t, content(t, c.Out))
			})
		})
	}
	t.Run("a line in between", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			c := inFiles(t, true)
			c.Doing("one")
			time.Sleep(moment + 1) // of the bubble
			c.Doing("two")
			c.Say(Yellow, "warning:", "x")
			time.Sleep(frame) // of the bubble
			c.Done()
			require.Equal(t, "\r| one\x1b[K\r\x1b[K\x1b[33mwarning:\x1b[0m x\n\r/ two\x1b[K\r\x1b[K", content(t, c.Err))
		})
	})
	t.Run("not beside a log", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := inFiles(t, true)
			c.Debug = slog.DiscardHandler
			c.Doing("one")
			time.Sleep(time.Minute) // of the bubble
			c.Done()
			require.Empty(t, content(t, c.Err))
		})
	})
}

func TestLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inFiles(t, false)
		l := c.Logger().With("a", "b").WithGroup("g")
		l.Debug("not this")
		l.Warn("nor this")
		l.Info("waiting\x1b", "secret", "x")
		time.Sleep(moment + 1) // of the bubble
		c.Done()
		require.Equal(t, "waiting  …\n", content(t, c.Err))
	})
	var log bytes.Buffer
	c := &Console{Debug: slog.NewTextHandler(&log, nil)}
	c.Logger().Warn("this")
	require.Contains(t, log.String(), "msg=this")
}

func TestSay(t *testing.T) {
	for _, row := range []struct {
		name, noColor, want string
		terminal            bool
	}{
		{"a color on a terminal", "", "\x1b[31mantcert:\x1b[0m a b\n", true},
		{"NO_COLOR", "1", "antcert: a b\n", true},
		{"no color elsewhere", "", "antcert: a b\n", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", row.noColor)
			c := inFiles(t, row.terminal)
			c.Say(Red, "antcert:", "a\x1bb")
			require.Equal(t, row.want, content(t, c.Err))
		})
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a [31m  b c 蚂", Clean("a\x1b[31m\r\nb\u202ec\u009b蚂"))
}

func TestDumbTerminal(t *testing.T) {
	c, _ := onTerminal(t)
	require.True(t, c.terminal)
	require.True(t, c.OutIsTerminal())
	t.Setenv("TERM", "dumb")
	require.False(t, on(c.In, c.Out, c.Err).terminal)
	require.False(t, inFiles(t, false).OutIsTerminal())
}

func TestOutput(t *testing.T) {
	t.Parallel()
	show := func(c *Console) error {
		return c.Show("DIR: usable", "outcome", "usable", "valid until", time.Unix(0, 0).In(time.FixedZone("", 3600)), "valid from", time.Time{}, "none", "", "warnings", []string{"a\nb", "c"}, "faults", []string{})
	}
	table := func(c *Console) error {
		return c.Table([]string{"node", "chain name"}, [][]string{{"127.0.0.1:1", "a\tb"}, {"x", "<y>"}})
	}
	nothing := func(c *Console) error { return c.Table([]string{"node"}, nil) }
	for _, row := range []struct {
		name       string
		print      func(*Console) error
		text, json string
	}{
		{"details", show, "DIR: usable\n  valid until  1970-01-01T00:00:00Z\n  warnings     a b\n  warnings     c\n",
			"{\n  \"faults\": [],\n  \"outcome\": \"usable\",\n  \"validUntil\": \"1970-01-01T00:00:00Z\",\n  \"warnings\": [\n    \"a\\nb\",\n    \"c\"\n  ]\n}\n"},
		{"a table", table, "NODE         CHAIN NAME\n127.0.0.1:1  a b\nx            <y>\n",
			"[\n  {\n    \"chainName\": \"a\\tb\",\n    \"node\": \"127.0.0.1:1\"\n  },\n  {\n    \"chainName\": \"<y>\",\n    \"node\": \"x\"\n  }\n]\n"},
		{"an empty table", nothing, "NODE\n", "[]\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := inFiles(t, false)
			require.NoError(t, row.print(c))
			require.Equal(t, row.text, content(t, c.Out))
			c = inFiles(t, false)
			c.JSON = true
			require.NoError(t, row.print(c))
			require.Equal(t, row.json, content(t, c.Out))
		})
	}
	c := inFiles(t, false)
	require.NoError(t, c.Out.Close())
	require.Error(t, show(c), "what cannot be written is an error")
}

// TestInterruptible runs itself, and is interrupted.
func TestInterruptible(t *testing.T) {
	if os.Getenv("CONSOLE_TEST_CHILD") != "" {
		ctx := Interruptible()
		_, _ = os.Stdout.WriteString("ready\n")
		<-ctx.Done()
		require.ErrorIs(t, context.Cause(ctx), ErrInterrupted)
		_, _ = os.Stdout.WriteString("interrupted\n")
		select {}
	}
	if runtime.GOOS == "windows" {
		t.Skip("no process can interrupt another one there")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestInterruptible$")
	cmd.Env = append(os.Environ(), "CONSOLE_TEST_CHILD=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	expect(t, out, "ready\n")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	expect(t, out, "interrupted\n")
	require.NoError(t, cmd.Process.Signal(os.Interrupt), "whoever insists ends the process")
	require.Error(t, cmd.Wait())
}

func TestSelf(t *testing.T) {
	args := os.Args
	defer func() { os.Args = args }()
	require.Contains(t, Self(), "go run .", "of go test, as of go run")
	require.NotEmpty(t, Version())
}
