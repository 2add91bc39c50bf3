package console

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// Version is the version of this program, as the Go command has built it.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// Self is how this program was called, for lines that can be pasted into a shell
// in the same folder.
func Self() string {
	path, _ := os.Executable()
	if info, ok := debug.ReadBuildInfo(); ok && strings.Contains(filepath.ToSlash(path), "/go-build") {
		return "go run ." + strings.TrimPrefix(info.Path, info.Main.Path)
	}
	if strings.ContainsAny(os.Args[0], " \t\"'$`\\&;()") {
		name := filepath.Base(os.Args[0])
		return strings.TrimSuffix(name, filepath.Ext(name))
	}
	return os.Args[0]
}
