package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the READMEs show is what the program prints; "…" stands for what
// differs from run to run.
func TestReadmesShowTheOutput(t *testing.T) {
	texts := map[string]string{}
	for _, name := range []string{"../../README.md", "../../README.zh-CN.md"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		texts[name] = string(text)
	}
	demoFolder(t)
	status, stdout, stderr := quickstart(t.Context())
	require.Equal(t, exitOK, status, stderr)
	shown := regexp.MustCompile("(?s)```sh\ngo run ./examples/quickstart\n```\n\n```text\n(.*?)```")
	for name, text := range texts {
		m := shown.FindStringSubmatch(text)
		require.NotNil(t, m, "%s does not show the output after the command", name)
		pattern := strings.ReplaceAll(regexp.QuoteMeta(m[1]), "…", `\S+`)
		require.Regexp(t, "^"+pattern+"$", stdout, name)
	}
}
