package console

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"id/": "id", "./id": "id", "a//b/..": "a", ".": ".", "-y": "./-y", "./-y": "./-y", "-": "./-", "a/-y": "a/-y", "../-y": "../-y",
	} {
		require.Equal(t, filepath.FromSlash(want), Folder(path))
	}
}

// oddWords are some that shells change.
var oddWords = []string{
	"", "plain", "my dir", "a'b", `a"b`, "$HOME", "`id`", `a\b`, "a!b", "~", "*", "a;b", "a&b", "a|b", "(a)", "#a", "a=b", "蚂蚁", "a\tb", "it's \"$1\"",
	"CN=trial, OU=R&D, O=Ex\\, Ltd., C=CN", "./-y",
}

func TestLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, Self()+` enroll "my dir" --subject "CN=a,C=CN"`, Line("enroll", "my dir", "--subject", "CN=a,C=CN"))
	for word, want := range map[string]string{
		`C:\Users\me`: `C:\Users\me`, `C:\my dir`: `"C:\my dir"`, `C:\$x`: `'C:\$x'`, `it's $x`: `'it''s $x'`, "": `""`,
	} {
		require.Equal(t, want, quote(word, true))
	}
	require.Contains(t, []string{"export NAME=value", "$env:NAME='value'"}, Export("NAME", "value"))
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	for _, word := range oddWords {
		out, err := exec.CommandContext(t.Context(), shell, "-c", `printf '%s|' `+quote(word, false)).Output()
		require.NoError(t, err)
		require.Equal(t, word+"|", string(out), "%s is %s", word, strings.TrimSpace(quote(word, false)))
	}
}
