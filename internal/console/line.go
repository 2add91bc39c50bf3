package console

import (
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
)

// Folder is the path of a folder as short as can be, and such that no command
// takes it for a flag.
func Folder(path string) string {
	path = filepath.Clean(path)
	if strings.HasPrefix(path, "-") {
		path = "." + string(filepath.Separator) + path
	}
	return path
}

// Line is a call of this program that can be pasted into a shell in the same
// folder. Words that a shell would change are quoted.
func Line(words ...string) string {
	line := Self()
	for _, word := range words {
		line += " " + quote(word, runtime.GOOS == "windows")
	}
	return line
}

// Export is a line that sets an environment variable in the shell.
func Export(name, value string) string {
	if runtime.GOOS == "windows" {
		return "$env:" + name + "='" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return "export " + name + "=" + quote(value, false)
}

// quote quotes a word for a shell; on Windows for PowerShell, and for cmd.exe
// where that can be done.
func quote(word string, windows bool) string {
	changed := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./:", r) && (r != '\\' || !windows)
	}
	switch {
	case word != "" && !strings.ContainsFunc(word, changed):
		return word
	case !strings.ContainsAny(word, "\"$`!") && (windows || !strings.Contains(word, `\`)):
		return `"` + word + `"`
	case windows:
		return "'" + strings.ReplaceAll(word, "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
