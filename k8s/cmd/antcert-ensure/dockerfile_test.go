package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stage is one FROM of a Dockerfile and what follows it.
type stage struct {
	from  string
	lines [][2]string // instruction, rest
}

func readDockerfile(t *testing.T) []stage {
	t.Helper()
	data, err := os.ReadFile("../../Dockerfile")
	require.NoError(t, err)
	var stages []stage
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		instruction, rest, _ := strings.Cut(line, " ")
		if instruction == "FROM" {
			stages = append(stages, stage{from: rest})
			continue
		}
		require.NotEmpty(t, stages)
		last := &stages[len(stages)-1]
		last.lines = append(last.lines, [2]string{instruction, rest})
	}
	return stages
}

func (s *stage) all(instruction string) []string {
	var found []string
	for _, line := range s.lines {
		if line[0] == instruction {
			found = append(found, line[1])
		}
	}
	return found
}

// The image holds the binary and the CAs, and is run by a user without rights.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	stages := readDockerfile(t)
	require.Len(t, stages, 2)
	build, image := stages[0], stages[1]
	assert.Regexp(t, `^golang:1\.(2[5-9]|[3-9]\d) AS build$`, build.from, "it can build what go.mod asks for")
	assert.Equal(t, "scratch", image.from)
	assert.Equal(t, []string{
		"--from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
		"--from=build /antcert-ensure /antcert-ensure",
	}, image.all("COPY"))
	assert.Equal(t, []string{"65532:65532"}, image.all("USER"), "as the manifests have it")
	assert.Equal(t, []string{`["/antcert-ensure"]`}, image.all("ENTRYPOINT"))
	assert.Empty(t, image.all("ENV"))
}

// The Dockerfile's own line builds a binary that needs nothing of the image.
func TestDockerfileBuildsAStaticBinary(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the image is one of Linux")
	}
	if os.Getenv("CI") == "" {
		t.Skip("builds for minutes the first time: run k8s/test.sh")
	}
	stages := readDockerfile(t)
	lines := stages[0].all("RUN")
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], " -o /antcert-ensure ")
	binary := filepath.Join(t.TempDir(), "antcert-ensure")
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.Replace(lines[0], "/antcert-ensure", binary, 1))
	cmd.Dir = "../.." // WORKDIR
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)

	f, err := elf.Open(binary)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		assert.NotEqual(t, elf.PT_INTERP, p.Type, "it needs an interpreter")
	}
	libraries, err := f.ImportedLibraries()
	assert.NoError(t, err)
	assert.Empty(t, libraries)
	assert.Nil(t, f.Section(".symtab"), "it is stripped")
	data, err := os.ReadFile(binary)
	require.NoError(t, err)
	here, err := filepath.Abs("../..")
	require.NoError(t, err)
	assert.NotContains(t, string(data), here, "it names folders of who has built it")

	help := exec.CommandContext(t.Context(), binary, "-h")
	help.Env = []string{}
	out, err = help.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "ANTCERT_SECRET")
}
