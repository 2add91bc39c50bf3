// Command mutate changes the comparisons, boolean operators and constants of
// one Go file, one at a time, and lists the changes that a test command does
// not notice. It works in a temporary copy of the module.
//
//	go run ./internal/robust/mutate -test "go test ./internal/atmostonce" internal/atmostonce/next.go
//
// The command gets -timeout, which go test knows, as its last argument. A
// change that does not compile counts as not made; a test that takes too long
// has noticed. It exits with status 1 if a change survives.
package main

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A change replaces some bytes of the file.
type change struct {
	pos      token.Position
	old, new string
}

func main() {
	test := flag.String("test", "", "the test command, run in the copied module")
	list := flag.Bool("list", false, "only list the changes")
	flag.Parse()
	if flag.NArg() != 1 || *test == "" && !*list {
		fmt.Fprintln(os.Stderr, `usage: mutate -test "go test ./pkg" file.go`)
		os.Exit(2)
	}
	survivors, err := run(flag.Arg(0), strings.Fields(*test), *list)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if survivors > 0 {
		os.Exit(1)
	}
}

func run(file string, test []string, list bool) (survivors int, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	changes, err := changesOf(file, source)
	if err != nil || list {
		for _, c := range changes {
			fmt.Println(c)
		}
		return 0, err
	}
	root, inside, err := locate(file)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.CopyFS(dir, os.DirFS(root)); err != nil {
		return 0, err
	}
	begun := time.Now()
	if out, err := runTest(dir, test, time.Hour); err != nil {
		return 0, fmt.Errorf("the test fails without any change: %w\n%s", err, out)
	}
	limit := 3*time.Since(begun) + 20*time.Second
	target := filepath.Join(dir, inside)
	made := 0
	for _, c := range changes {
		if err := os.WriteFile(target, c.apply(source), 0o600); err != nil {
			return 0, err
		}
		out, err := runTest(dir, test, limit)
		switch {
		case err == nil:
			survivors++
			made++
			fmt.Println("survived:", c)
		case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		default:
			made++
		}
	}
	fmt.Printf("%s: %d changes, %d survived\n", inside, made, survivors)
	return survivors, nil
}

func (c change) String() string { return fmt.Sprintf("%s: %s becomes %s", c.pos, c.old, c.new) }

func (c change) apply(source []byte) []byte {
	return slices.Concat(source[:c.pos.Offset], []byte(c.new), source[c.pos.Offset+len(c.old):])
}

// operators lists what each operator is changed into.
var operators = map[token.Token][]string{
	token.EQL: {"!="}, token.NEQ: {"=="},
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"},
	token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.LAND: {"||"}, token.LOR: {"&&"},
}

// units are those of package time, each with the one that takes its place.
var units = map[string]string{
	"Nanosecond": "Microsecond", "Microsecond": "Millisecond", "Millisecond": "Second",
	"Second": "Minute", "Minute": "Hour", "Hour": "Minute",
}

func changesOf(file string, source []byte) ([]change, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var changes []change
	add := func(at token.Pos, old string, become ...string) {
		for _, s := range become {
			changes = append(changes, change{files.Position(at), old, s})
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BinaryExpr:
			add(n.OpPos, n.Op.String(), operators[n.Op]...)
		case *ast.UnaryExpr:
			if n.Op == token.NOT {
				add(n.OpPos, "!", "")
			}
		case *ast.BasicLit:
			if v, ok := new(big.Int).SetString(n.Value, 0); n.Kind == token.INT && ok {
				one := big.NewInt(1)
				add(n.Pos(), n.Value, new(big.Int).Add(v, one).String(), new(big.Int).Sub(v, one).String())
			}
		case *ast.Ident:
			if other, ok := map[string]string{"true": "false", "false": "true"}[n.Name]; ok {
				add(n.Pos(), n.Name, other)
			}
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && units[n.Sel.Name] != "" {
				add(n.Sel.Pos(), n.Sel.Name, units[n.Sel.Name])
			}
		}
		return true
	})
	return changes, nil
}

// locate finds the root of the module that file is in, and file's path from
// there.
func locate(file string) (root, inside string, err error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", "", err
	}
	for root = filepath.Dir(path); ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			inside, err = filepath.Rel(root, path)
			return root, inside, err
		}
		if root == filepath.Dir(root) {
			return "", "", errors.New("no go.mod above " + file)
		}
	}
}

// runTest runs the command. It is go test that ends a test which takes too
// long: whoever killed go test would leave the test itself behind.
func runTest(dir string, test []string, limit time.Duration) (string, error) {
	cmd := exec.Command(test[0], append(slices.Clone(test[1:]), "-timeout", limit.String())...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
