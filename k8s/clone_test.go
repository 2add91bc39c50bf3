package k8s

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFromAClone runs the commands of README that add this module from a clone.
func TestFromAClone(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```sh\n(go mod edit .*?)```").FindSubmatch(text)
	require.NotNil(t, block)
	clone, err := filepath.Abs("..")
	require.NoError(t, err)
	module := t.TempDir()
	// What go.sum has is not asked for again.
	sum, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	for name, content := range map[string]string{
		"go.mod": "module example.com/wallet\n\ngo 1.25.0\n", "go.sum": string(sum),
		"main.go": "package main\n\nimport \"github.com/antchain-go/baas/k8s\"\n\nfunc main() { _ = k8s.SecretStore(nil, \"a\", \"b\") }\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(module, name), []byte(content), 0o600))
	}
	commands := strings.Split(strings.TrimSpace(string(block[1])), "\n")
	require.Len(t, commands, 2)
	for _, command := range append(commands, "go vet .") {
		words := strings.Fields(strings.ReplaceAll(command, "=../baas", "="+clone))
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir = module
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", command, out)
	}
}
