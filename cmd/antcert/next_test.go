package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/testkit"
)

// TestNext: the command at the end of what is to be done next can be pasted into
// a shell, whatever the folder's name.
func TestNext(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "sh")
	for _, dir := range []string{"id", "my dir", "./-y", "it's $HOME", `a "b"`} {
		for _, row := range []struct {
			name    string
			prepare func(w *world) // makes an identity, if any
			line    string         // says what is next
			code    int            // of what is next
			want    string         // what is next
		}{
			{"not there", nil, "status", 0, "enroll --help"},
			{"in doubt", func(w *world) { w.put(identity.InDoubt, time.Hour) }, "verify", 2, "clear"}, // nobody can confirm
			{"under way", func(w *world) { w.put(identity.Applying, 0) }, "status", 3, "enroll"},
			{"cleared", func(w *world) { w.put(identity.InDoubt, time.Hour) }, "clear --confirm " + testChain, 0, "enroll"},
			{"files are missing", func(w *world) {
				no := baastest.Refuse(403, "Forbidden.RAM", "no")
				w.srv.Inject(baastest.Fault{}, baastest.Fault{}, no, no)
				w.srv.InjectDownload(no, no, no)
				require.Equal(w, 4, w.run(enrollLine).code)
			}, "verify", 0, "complete"},
			{"a copy is damaged", func(w *world) { w.must(enrollLine); w.spoil() }, "complete", 4, "complete"},
			{"a copy is missing", func(w *world) { w.must(enrollLine); w.remove("ca.crt") }, "verify", 0, "complete"},
		} {
			t.Run(row.name+" in "+dir, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t).withPassword()
				folder := t.TempDir()
				w.dir = filepath.Join(folder, filepath.Base(dir))
				if row.prepare != nil {
					row.prepare(w)
				}
				// Where the flags of the first command are not known, the region's
				// endpoint is that of the test.
				flags := []string{"--endpoint", w.srv.URL(), "--timeout", "2s"}
				args := append(w.args(row.line), flags...)
				cmd := exec.Command(binary, append([]string{args[0], dir}, args[1:]...)...)
				cmd.Env, cmd.Dir = w.env, folder
				out, _ := cmd.CombinedOutput()
				next := regexp.MustCompile(`(?m)^ *next:? .*?(` + regexp.QuoteMeta(binary) + ` .*)$`).FindSubmatch(out)
				require.NotNil(t, next, "%s", out)
				require.Contains(t, string(next[1]), binary+" "+row.want)

				limit := " --timeout 20s"
				if row.code == 3 {
					limit = " --timeout 1s" // it waits for another holder
				}
				paste := exec.Command("sh", "-c", string(next[1])+limit)
				paste.Env, paste.Dir = append(w.env, "HOME="+os.DevNull), folder
				out, _ = paste.CombinedOutput()
				require.Equal(t, row.code, paste.ProcessState.ExitCode(), "%s: %s", next[1], out)
				entries, err := os.ReadDir(folder)
				require.NoError(t, err)
				require.LessOrEqual(t, len(entries), 1, "no other folder")
			})
		}
	}
}
