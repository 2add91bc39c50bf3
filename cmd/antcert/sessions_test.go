package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
)

const prompt, promptAgain = "Password of the private key: ", "The same once more: "

// served runs a line with antcert serve, and returns the environment and the lines
// that it prints for another terminal.
func (w *world) served(line string) (server *terminal, env, lines []string) {
	server = w.open(line, nil)
	server.expect("secret trial --name trial\r\n")
	for line := range strings.Lines(server.all()) {
		line = strings.TrimRight(line, "\r\n")
		if export, ok := strings.CutPrefix(line, "export "); ok {
			env = append(env, export)
		} else if strings.HasPrefix(line, binary) {
			lines = append(lines, line)
		}
	}
	return server, env, lines
}

// paste runs a line in another terminal, where it answers what is asked.
func (w *world) paste(line, folder string, env []string) *terminal {
	cmd := exec.Command("sh", "-c", line)
	cmd.Env, cmd.Dir = append(w.env, env...), folder
	x := openTerminal(w.T, cmd)
	prompts := map[string][]string{"enroll": {prompt, promptAgain}, "verify": {prompt}, "connect": {prompt}, "complete": {prompt}}
	for _, text := range prompts[strings.Fields(line)[1]] {
		x.expect(text)
		x.send(testPassword + "\n")
	}
	return x
}

// TestPasted does what somebody does who has just cloned the repository: what
// "antcert serve" prints is pasted into another terminal.
func TestPasted(t *testing.T) {
	for _, issuance := range []string{"modern", "console2019", "console2021"} {
		t.Run(issuance, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			server, env, lines := w.served("serve --issuance " + issuance)
			require.Len(t, lines, 8)
			folder := t.TempDir()
			for _, line := range lines {
				x := w.paste(line, folder, env)
				name := strings.Fields(line)[1]
				if code := x.wait(); name != "connect" || issuance != "console2021" {
					require.Zero(t, code, line)
				}
				require.NotContains(t, x.all(), testPassword, "not echoed")
				switch name {
				case "enroll":
					require.Contains(t, x.all(), "trial: enrolled")
				case "connect":
					require.Contains(t, x.all(), "hello ")
				}
			}
			server.send(ctrlC)
			server.expect("stopped")
			require.Zero(t, server.wait())
		})
	}
}

// TestReadme runs the commands that README shows: the first, and from what that
// prints those that look like the others. "…" stands for what is filled in.
func TestReadme(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("../../" + name)
			require.NoError(t, err)
			block := regexp.MustCompile("(?s)```sh\n(go run ./cmd/antcert serve\n.*?)```").FindSubmatch(text)
			require.NotNil(t, block)
			commands := strings.Split(strings.TrimSpace(string(block[1])), "\n")
			require.Len(t, commands, 3)
			w := newWorld(t)
			_, env, lines := w.served(strings.TrimPrefix(commands[0], "go run ./cmd/antcert "))
			folder := t.TempDir()
			for i, says := range []string{"trial: enrolled", "said          hello trial"} {
				pattern := strings.ReplaceAll(regexp.QuoteMeta(commands[i+1]), `"…"`, `"[^"]+"`)
				pattern = strings.ReplaceAll(pattern, "…", `\S+`)
				command := regexp.MustCompile("^" + pattern + "$")
				shown := slices.IndexFunc(lines, func(line string) bool {
					return command.MatchString(strings.Replace(line, binary, "go run ./cmd/antcert", 1))
				})
				require.GreaterOrEqual(t, shown, 0, commands[i+1])
				x := w.paste(lines[shown], folder, env)
				require.Zero(t, x.wait())
				require.Contains(t, x.all(), says)
			}
		})
	}
}

func TestPrompt(t *testing.T) {
	t.Run("two passwords that differ", func(t *testing.T) {
		w := newWorld(t)
		x := w.open(enrollLine, nil)
		x.expect(prompt)
		x.send("one\n")
		x.expect(promptAgain)
		x.send("two\n")
		x.expect("the two passwords differ: nothing was done")
		require.Equal(t, 2, x.wait())
		require.Zero(t, w.srv.Issued())
	})
	t.Run("no password", func(t *testing.T) {
		x := newWorld(t).open(enrollLine, nil)
		x.expect(prompt)
		x.send("\n")
		x.expect("the password is empty")
		require.Equal(t, 2, x.wait())
	})
	t.Run("the end of the input", func(t *testing.T) {
		if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
			t.Skip("golang.org/x/term reads on there")
		}
		w := newWorld(t)
		x := w.open(enrollLine, nil)
		x.expect(prompt)
		x.send("\x04")
		x.expect("antcert: no answer")
		require.Equal(t, 2, x.wait())
		require.Empty(t, w.srv.Requests())
	})
	t.Run("not under --no-input", func(t *testing.T) {
		x := newWorld(t).open(enrollLine+" --no-input", nil)
		x.expect("no password")
		require.Equal(t, 2, x.wait())
		require.NotContains(t, x.all(), prompt)
	})
	t.Run("once where the identity is there", func(t *testing.T) {
		w := newWorld(t)
		w.withPassword().must(enrollLine)
		x := w.open(enrollLine, nil)
		x.expect(prompt)
		x.send(testPassword + "\n")
		x.expect("was enrolled before")
		require.Zero(t, x.wait())
		require.NotContains(t, x.all(), promptAgain)
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("Ctrl-C gives the echo back", func(t *testing.T) {
		w := newWorld(t)
		line := append([]string{binary}, w.args(enrollLine)...)
		cmd := exec.Command("sh", append([]string{"-c", `trap : INT; "$@"; echo "code $?"; stty -a`, "sh"}, line...)...)
		cmd.Env = w.env
		x := openTerminal(t, cmd)
		x.expect(prompt)
		x.send(ctrlC)
		x.expect("antcert: interrupted")
		x.expect("code 130")
		require.Zero(t, x.wait())
		require.Regexp(t, `[^-]echo\b`, x.all()[x.from:])
		require.Zero(t, w.srv.Issued())
	})
	t.Run("clear asks for the chain's ID", func(t *testing.T) {
		w := newWorld(t)
		w.put(identity.InDoubt, time.Hour)
		for answer, code := range map[string]int{"yes\n": 2, "\n": 2, "\x04": 2, ctrlC: 130} {
			x := w.open("clear {dir}", nil)
			x.expect("nonce N0NCE, request ID REQ")
			x.expect("to clear the doubt: ")
			x.send(answer)
			require.Equal(t, code, x.wait())
			require.Equal(t, 3, w.run("status {dir}").code)
		}
		x := w.open("clear {dir}", nil)
		x.expect("to clear the doubt: ")
		x.send(testChain + "\n")
		x.expect("nothing is in doubt")
		require.Zero(t, x.wait())
		require.Equal(t, 4, w.run("status {dir}").code)
		w.withPassword().must(enrollLine)
	})
}

func TestProgress(t *testing.T) {
	slow := func(t *testing.T) *world {
		t.Parallel()
		w := newWorld(t)
		w.srv.Inject(baastest.HangAfter(1500 * time.Millisecond))
		return w
	}
	t.Run("a spinner on a terminal", func(t *testing.T) {
		x := slow(t).open("chains --endpoint {url}", nil)
		x.expect("\r| asking for consortiums and chains\x1b[K")
		x.expect("\r/ asking")
		x.expect("\r\x1b[KCONSORTIUM")
		require.Zero(t, x.wait())
	})
	t.Run("plain lines elsewhere", func(t *testing.T) {
		r := slow(t).run("chains --endpoint {url}")
		require.Equal(t, "asking for consortiums and chains …\n", r.err)
	})
	t.Run("plain lines on a dumb terminal", func(t *testing.T) {
		x := slow(t).with("TERM=dumb").open("chains --endpoint {url}", nil)
		x.expect("asking for consortiums and chains …\r\n")
		require.Zero(t, x.wait())
		require.NotContains(t, x.all(), "\x1b")
	})
	t.Run("not for what is quick", func(t *testing.T) {
		require.Empty(t, newWorld(t).run("chains --endpoint {url}").err)
	})
	for env, red := range map[string]bool{"NO_COLOR=": true, "NO_COLOR=1": false} {
		t.Run(env, func(t *testing.T) {
			x := newWorld(t).with(env).open("foo", nil)
			require.Equal(t, 2, x.wait())
			require.Equal(t, red, strings.Contains(x.all(), "\x1b[31m"))
		})
	}
}

// TestDecryptTerminal: a key in the clear is never printed to a terminal.
func TestDecryptTerminal(t *testing.T) {
	w := newWorld(t).withPassword()
	w.must(enrollLine)
	x := w.open("secret {dir} --name trial --decrypt", nil)
	x.expect("a key in the clear is not printed to a terminal")
	require.Equal(t, 2, x.wait())
	file, err := os.Create(filepath.Join(t.TempDir(), "secret"))
	require.NoError(t, err)
	defer file.Close()
	require.Zero(t, w.open("secret {dir} --name trial --decrypt", file).wait())
	data, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Contains(t, string(data), "tls.key: \"LS0t")
}
