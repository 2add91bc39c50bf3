package baas_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/antchain-go/baas"

// layer is the height of a package: it imports packages below it only. Those of
// one layer do not import each other, except the internal ones.
var layer = map[string]int{
	"internal": 0, "": 1, "certbundle": 2, "identity": 3, "cmd": 4, "examples": 4, "baastest": 4,
}

// TestArrowsPointOneWay: no package imports against its arrow.
func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	require.NoError(t, err)
	packages := 0
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); packages++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		require.NoError(t, d.Decode(&p))
		from := top(p.ImportPath)
		if p.ImportPath == module+"/internal/robust" || strings.HasPrefix(p.ImportPath, module+"/internal/robust/") {
			continue // tests
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module) {
				continue
			}
			to := top(imported)
			switch {
			case to == "baastest" && from != "baastest":
				// What shows or serves the endpoint is no library.
				require.Contains(t, []string{"examples", "cmd"}, from, "%s imports %s", p.ImportPath, imported)
			case from == to:
			default:
				require.Contains(t, layer, from, p.ImportPath)
				require.Less(t, layer[to], layer[from], "%s imports %s", p.ImportPath, imported)
			}
			if from == "baastest" && to != "baastest" {
				require.Contains(t, []string{"", "internal"}, to, "%s imports %s", p.ImportPath, imported)
			}
		}
	}
	require.Greater(t, packages, 15)
}

// top is the first folder of a package of this module.
func top(path string) string {
	folder, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, module), "/"), "/")
	return folder
}

// TestPolicyImportsNothing of the module, and the root no other module than
// credentials-go.
func TestPolicyImportsNothing(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{
		"atmostonce", "backoff", "check", "codes", "endpoint", "envelope", "fsys", "lenient", "sign", "unpack",
	} {
		require.Empty(t, ours(t, "./internal/"+pkg), pkg)
	}
	deps, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	args := []string{"list", "-f", `{{join .Imports "\n"}}`}
	for path := range strings.FieldsSeq(string(deps)) {
		if strings.HasPrefix(path, module) {
			args = append(args, path)
		}
	}
	require.Contains(t, args, module+"/internal/send")
	out, err := exec.Command("go", args...).Output()
	require.NoError(t, err)
	for imported := range strings.FieldsSeq(string(out)) {
		first, _, _ := strings.Cut(imported, "/")
		if strings.Contains(first, ".") && !strings.HasPrefix(imported, module) {
			require.True(t, strings.HasPrefix(imported, "github.com/aliyun/credentials-go/"), imported)
		}
	}
}

// ours lists what a package imports of the module.
func ours(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, pkg).Output()
	require.NoError(t, err)
	return slices.DeleteFunc(strings.Fields(string(out)), func(s string) bool { return !strings.HasPrefix(s, module) })
}

// TestSizes: no file over 350 lines, of a test over 360, no function over about
// 50.
func TestSizes(t *testing.T) {
	t.Parallel()
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.HasSuffix(path, "_test.go") {
			require.LessOrEqual(t, bytes.Count(source, []byte("\n")), 360, path)
			return nil
		}
		require.LessOrEqual(t, bytes.Count(source, []byte("\n")), 350, path)
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, source, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1
				require.LessOrEqual(t, lines, 55, "%s: %s", path, f.Name.Name)
			}
		}
		return nil
	}))
}

// actionFiles are the files of the actions by resource, with what all of them
// share. They hold declarations, grow with each action, and are counted apart:
// the bound of TestSizeOfRoot is for what every call goes through, and for the one
// action that hands the key over.
var actionFiles = []string{
	"account.go", "antchain.go", "certificate.go", "consortium.go", "decode.go", "member.go", "node.go", "paging.go",
}

// TestSizeOfRoot: the root's own code has at most 1,500 lines, without tests,
// comments and blank lines. What is no API belongs into an internal package.
func TestSizeOfRoot(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	total := 0
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") && !slices.Contains(actionFiles, file) {
			total += codeLines(t, file)
		}
	}
	require.LessOrEqual(t, total, 1500)
	require.Greater(t, total, 1000, "the files are counted")
	for _, file := range actionFiles {
		require.Contains(t, files, file)
	}
}

// codeLines counts the lines of a file that hold a token.
func codeLines(t *testing.T, path string) int {
	t.Helper()
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	file := token.NewFileSet().AddFile(path, -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, func(pos token.Position, msg string) { t.Errorf("%v: %s", pos, msg) }, 0)
	lines := make(map[int]bool)
	for {
		pos, kind, text := s.Scan()
		switch {
		case kind == token.EOF:
			return len(lines)
		case kind == token.SEMICOLON && text == "\n": // put in by the scanner
		default:
			for i := range strings.Count(text, "\n") + 1 {
				lines[file.Line(pos)+i] = true
			}
		}
	}
}
