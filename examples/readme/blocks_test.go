package readme_test

import (
	"encoding/json"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sources returns the code that the blocks may be taken from, each file
// without indentation.
func sources(t *testing.T) []string {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"*.go", "../mocking/*.go"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			texts = append(texts, unindented(string(text)))
		}
	}
	return texts
}

// unindented makes a block comparable to the same lines deeper inside a file.
func unindented(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

func TestGoBlocksAreCodeThatIsCompiled(t *testing.T) {
	t.Parallel()
	files := sources(t)
	en, zh := readmes(t)
	for _, p := range []page{en, zh} {
		for _, code := range p.of(t, "go") {
			found := false
			for _, file := range files {
				found = found || strings.Contains(file, unindented(code))
			}
			require.True(t, found, "%s has Go code that stands in no file of examples/readme and examples/mocking:\n%s",
				p.name, code)

			formatted, err := format.Source([]byte(code))
			require.NoError(t, err)
			require.Equal(t, string(formatted), code, "%s has Go code that is not formatted", p.name)
		}
	}
}

func TestShellBlocksAreKnownCommands(t *testing.T) {
	t.Parallel()
	known := []string{
		"go run ./examples/quickstart",
		"go test ./...",
		`go run ./examples/quickstart -live -out ./wallet-certs -cn wallet.example.com -org "Example Ltd"`,
		"go get github.com/antchain-go/baas",
	}
	en, zh := readmes(t)
	for _, p := range []page{en, zh} {
		var commands []string
		for _, text := range p.of(t, "sh") {
			commands = append(commands, strings.Split(strings.TrimSpace(text), "\n")...)
		}
		require.Equal(t, known, commands, p.name)
	}
}

func TestPolicyPermitsTheCallAndNothingElse(t *testing.T) {
	t.Parallel()
	en, zh := readmes(t)
	for _, p := range []page{en, zh} {
		policies := p.of(t, "json")
		require.Len(t, policies, 1, p.name)
		var policy struct {
			Version   string
			Statement []struct{ Effect, Action, Resource string }
		}
		require.NoError(t, json.Unmarshal([]byte(policies[0]), &policy))
		require.Equal(t, "1", policy.Version)
		require.Len(t, policy.Statement, 1)
		s := policy.Statement[0]
		require.Equal(t, "Allow", s.Effect)
		require.Equal(t, "baas:ApplyAntChainCertificateWithKeyAutoCreation", s.Action)
		require.Regexp(t, `^acs:baas:\*:\$\w+:antChainConsortium/\$\w+/blockchain/\$\w+$`, s.Resource)
	}
}

func TestReadmesAgree(t *testing.T) {
	t.Parallel()
	en, zh := readmes(t)
	require.Equal(t, en.blocks, zh.blocks)
	for _, b := range en.blocks {
		require.Contains(t, []string{"go", "sh", "json", "text"}, b.language, "nothing checks such a block")
	}
	require.Len(t, zh.headings, len(en.headings))
	for i, h := range en.headings {
		require.Equal(t, h.level, zh.headings[i].level, "%q and %q", h.text, zh.headings[i].text)
	}
	tableRow := regexp.MustCompile(`(?m)^\|`)
	require.Len(t, tableRow.FindAllString(zh.prose, -1), len(tableRow.FindAllString(en.prose, -1)), "rows of tables")
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)]+)\)`)
	for _, name := range []string{"README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"} {
		p := readPage(t, name)
		var anchors []string
		for _, h := range p.headings {
			anchors = append(anchors, h.anchor())
		}
		for _, m := range link.FindAllStringSubmatch(p.prose, -1) {
			switch target := m[1]; {
			case strings.HasPrefix(target, "https://"):
			case strings.HasPrefix(target, "#"):
				require.Contains(t, anchors, target, name)
			default:
				_, err := os.Stat(filepath.Join(root, target))
				require.NoError(t, err, name)
			}
		}
	}
	en, zh := readmes(t)
	require.True(t, strings.Contains(en.prose, "](README.zh-CN.md)"), "the way to the Chinese page")
	require.True(t, strings.Contains(zh.prose, "](README.md)"), "the way to the English page")
}

func TestReadmesNameEveryOptionAndError(t *testing.T) {
	t.Parallel()
	exported := regexp.MustCompile(`(?m)^func (With\w+)\(|^\t(Err[A-Z]\w+) +=`)
	en, zh := readmes(t)
	var files []string
	for _, pattern := range []string{"*.go", "certbundle/*.go"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		files = append(files, found...)
	}
	names := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range exported.FindAllStringSubmatch(string(text), -1) {
			names++
			name := m[1] + m[2]
			for _, p := range []page{en, zh} {
				require.True(t, strings.Contains(p.prose, "`"+name), "%s does not name %s", p.name, name)
			}
		}
	}
	require.NotZero(t, names)
}
