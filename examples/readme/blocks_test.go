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
	for _, pattern := range []string{"*.go", "enroll/*.go", "../mocking/*.go"} {
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

// requireCompiled checks that the Go blocks of a page are code that is compiled.
func requireCompiled(t *testing.T, p page) {
	t.Helper()
	files := sources(t)
	for _, code := range p.of("go") {
		found := false
		for _, file := range files {
			found = found || strings.Contains(file, unindented(code))
		}
		require.True(t, found, "%s has Go code that stands in no file that is compiled:\n%s", p.name, code)

		requireFormatted(t, p.name, code)
	}
}

func requireFormatted(t *testing.T, name, code string) {
	t.Helper()
	formatted, err := format.Source([]byte(code))
	require.NoError(t, err)
	require.Equal(t, string(formatted), code, "%s has Go code that is not formatted", name)
}

func TestGoBlocksAreCodeThatIsCompiled(t *testing.T) {
	t.Parallel()
	eachPage(t, requireCompiled)
}

// TestRecipeAddsAnAction of the root package compiles it.
func TestRecipeIsFormatted(t *testing.T) {
	t.Parallel()
	recipe := readPage(t, "docs/architecture.md").of("go")
	require.Len(t, recipe, 1)
	requireFormatted(t, "docs/architecture.md", recipe[0])
}

func TestReadmeHasACompleteProgram(t *testing.T) {
	t.Parallel()
	const start = "package main\n"
	text, err := os.ReadFile("enroll/main.go")
	require.NoError(t, err)
	program := string(text)[strings.Index(string(text), "\n"+start)+1:]
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		require.Contains(t, readPage(t, name).of("go"), program, name)
	}
}

func TestShellBlocksAreKnownCommands(t *testing.T) {
	t.Parallel()
	known := map[string][]string{
		"README": {
			"go run ./examples/quickstart",
			"go run ./cmd/antcert serve", // TestPasted of cmd/antcert runs these
			`go run ./cmd/antcert enroll trial --endpoint … --chain … --consortium … --subject "…"`,
			"go run ./cmd/antcert connect trial --node … --pin …",
		},
		"docs/certificates": {
			"openssl x509 -in client.crt -noout -text | grep 'Signature Algorithm'",
			"openssl s_client -connect 192.0.2.10:18130 </dev/null 2>/dev/null | openssl x509 -pubkey -noout >node.pub &&",
			"  openssl pkey -pubin -in node.pub -outform DER | openssl dgst -sha256 -binary | openssl base64",
			"kubectl create secret generic wallet-certs --from-file=client.key --from-file=client.crt --from-file=ca.crt",
			"keytool -import -alias mychain -file ca.crt -keystore trustCa -storepass mychain -noprompt",
		},
	}
	eachPage(t, func(t *testing.T, p page) {
		var commands []string
		for _, text := range p.of("sh") {
			commands = append(commands, strings.Split(strings.TrimSpace(text), "\n")...)
		}
		name := strings.TrimSuffix(strings.TrimSuffix(p.name, english), ".zh-CN")
		require.Equal(t, known[name], commands)
	})
}

func TestEveryBlockIsChecked(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`^( {2})*(- )?[\w./-]+:( \S.*)?$`)
	eachPage(t, func(t *testing.T, p page) {
		for _, b := range p.blocks {
			switch b.language {
			case "go", "sh", "json":
				// by tests of their own
			case "text":
				require.Contains(t, p.name, "README", "the output of quickstart, whose tests know it")
			case "yaml":
				for l := range strings.Lines(b.text) {
					require.Regexp(t, line, strings.TrimRight(l, "\n"))
				}
			default:
				t.Errorf("nothing checks a block in %q", b.language)
			}
		}
	})
}

// The policy permits the call, what completes an identity, and nothing else.
func TestPolicyIsTheLeast(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		p := readPage(t, name)
		policies := p.of("json")
		require.Len(t, policies, 1, p.name)
		var policy struct {
			Version   string
			Statement []struct {
				Effect, Resource string
				Action           []string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(policies[0]), &policy))
		require.Equal(t, "1", policy.Version)
		require.Len(t, policy.Statement, 1)
		s := policy.Statement[0]
		require.Equal(t, "Allow", s.Effect)
		require.Equal(t, []string{
			"baas:ApplyAntChainCertificateWithKeyAutoCreation",
			"baas:DescribeAntChainDownloadPaths",
			"baas:DescribeAntChainDownloadPathsV2",
		}, s.Action)
		require.Regexp(t, `^acs:baas:\*:\$\w+:antChainConsortium/\$\w+/blockchain/\$\w+$`, s.Resource)

		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.Less(t, strings.Index(string(text), policies[0]), strings.Index(string(text), "package main"),
			"%s: the policy comes before the first step that needs it", name)
	}
}
