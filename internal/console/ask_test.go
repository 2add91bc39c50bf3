package console

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"
)

// onTerminal is a console on a terminal, and the other side of that.
func onTerminal(t *testing.T) (*Console, *os.File) {
	t.Helper()
	t.Setenv("TERM", "xterm")
	person, tty, err := pty.Open()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no pseudo-terminal: %v", err)
		}
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { _ = tty.Close(); _ = person.Close() })
	return on(tty, tty, tty), person
}

// expect reads what a person sees, up to a text.
func expect(t *testing.T, person io.Reader, text string) string {
	t.Helper()
	var seen strings.Builder
	for buf := make([]byte, 1); !strings.HasSuffix(seen.String(), text); {
		n, err := person.Read(buf)
		require.NoError(t, err, seen.String())
		seen.Write(buf[:n])
	}
	return seen.String()
}

func TestAsk(t *testing.T) {
	type answer struct {
		text string
		err  error
	}
	ask := func(ctx context.Context, c *Console, hidden bool) <-chan answer {
		answers := make(chan answer, 1)
		go func() {
			text, err := c.Ask(ctx, "What? ", hidden)
			answers <- answer{text, err}
		}()
		return answers
	}
	t.Run("hidden: what is typed is not shown", func(t *testing.T) {
		c, person := onTerminal(t)
		require.True(t, c.CanAsk())
		answers := ask(t.Context(), c, true)
		expect(t, person, "What? ")
		_, err := person.WriteString("a secret\n")
		require.NoError(t, err)
		require.Equal(t, answer{"a secret", nil}, <-answers)
		require.NotContains(t, expect(t, person, "\n"), "secret")
	})
	t.Run("shown", func(t *testing.T) {
		c, person := onTerminal(t)
		answers := ask(t.Context(), c, false)
		expect(t, person, "What? ")
		_, err := person.WriteString("open\n")
		require.NoError(t, err)
		require.Equal(t, answer{"open", nil}, <-answers)
		expect(t, person, "open\r\n")
	})
	for typed, keys := range map[string]string{"nothing typed": "\x04", "a part of a line": "abc\x04\x04"} {
		for mode, hidden := range map[string]bool{"shown": false, "hidden": true} {
			t.Run("the end of the input, "+typed+", "+mode, func(t *testing.T) {
				if hidden && runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
					t.Skip("golang.org/x/term reads on there")
				}
				c, person := onTerminal(t)
				before, err := term.GetState(int(c.In.Fd()))
				require.NoError(t, err)
				answers := ask(t.Context(), c, hidden)
				expect(t, person, "What? ")
				_, err = person.WriteString(keys)
				require.NoError(t, err)
				require.ErrorIs(t, (<-answers).err, ErrNoAnswer)
				after, err := term.GetState(int(c.In.Fd()))
				require.NoError(t, err)
				require.Equal(t, before, after)
			})
		}
	}
	t.Run("the end of the context gives the echo back", func(t *testing.T) {
		c, person := onTerminal(t)
		before, err := term.GetState(int(c.In.Fd()))
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(t.Context())
		answers := ask(ctx, c, true)
		expect(t, person, "What? ")
		during, err := term.GetState(int(c.In.Fd()))
		require.NoError(t, err)
		require.NotEqual(t, before, during)
		cancel(ErrInterrupted)
		require.ErrorIs(t, (<-answers).err, ErrInterrupted)
		after, err := term.GetState(int(c.In.Fd()))
		require.NoError(t, err)
		require.Equal(t, before, after)
		_, _ = person.WriteString("\n") // ends the goroutine that still reads
	})
	t.Run("nobody can be asked", func(t *testing.T) {
		c, _ := onTerminal(t)
		c.NoInput = true
		require.False(t, c.CanAsk())
		file := tempFile(t)
		require.False(t, on(file, file, file).CanAsk())
		_, err := on(file, file, file).Ask(t.Context(), "What? ", true)
		require.Error(t, err)
	})
}

func TestReadSecretFromATerminal(t *testing.T) {
	c, _ := onTerminal(t)
	_, err := c.ReadSecret("-")
	require.ErrorContains(t, err, "would show the secret")
}

func TestReadSecret(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"secret":                       "secret",
		"secret\n":                     "secret",
		"secret\r\n":                   "secret",
		"secret\n\n":                   "secret\n",
		"secret\r":                     "secret\r",
		" \n":                          " ",
		strings.Repeat("x", MaxSecret): strings.Repeat("x", MaxSecret),
	} {
		name := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		c := &Console{}
		got, err := c.ReadSecret(name)
		require.NoError(t, err)
		require.Equal(t, want, got)
		c.In, err = os.Open(name)
		require.NoError(t, err)
		got, err = c.ReadSecret("-")
		require.NoError(t, err, "standard input")
		require.Equal(t, want, got)
	}
	for content, says := range map[string]string{
		"":                               "is empty",
		"\n":                             "is empty",
		strings.Repeat("x", MaxSecret+1): "has more than 4096 bytes",
	} {
		name := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		got, err := (&Console{}).ReadSecret(name)
		require.ErrorContains(t, err, says)
		require.Empty(t, got)
	}
	_, err := (&Console{}).ReadSecret(filepath.Join(t.TempDir(), "none"))
	require.True(t, errors.Is(err, os.ErrNotExist))
}

func TestPassword(t *testing.T) {
	const variable = "CONSOLE_TEST_PASSWORD"
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("of a file\n"), 0o600))
	c := inFiles(t, false)
	p, err := c.Password(t.Context(), file, variable, true)
	require.NoError(t, err)
	require.Equal(t, "of a file", p)
	_, err = c.Password(t.Context(), file+"-none", variable, true)
	require.ErrorIs(t, err, ErrNoAnswer)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "--password-file: ")
	_, err = c.Password(t.Context(), "", variable, true)
	require.ErrorIs(t, err, ErrNoAnswer)
	require.EqualError(t, err, "no password: set "+variable+", or name a --password-file")
	t.Setenv(variable, "of the environment")
	p, err = c.Password(t.Context(), "", variable, true)
	require.NoError(t, err)
	require.Equal(t, "of the environment", p)
}
