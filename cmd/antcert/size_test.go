package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSize: the command holds no policy, and so it stays small.
func TestSize(t *testing.T) {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	total := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		total += bytes.Count(text, []byte("\n"))
	}
	require.Positive(t, total)
	require.Less(t, total, 900, "lines of code: does something of it belong into identity, certbundle or another package?")
}
