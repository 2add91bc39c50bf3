package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBinarySize: a program that applies is at most 1 MiB larger than one that
// gets credentials and posts something.
func TestBinarySize(t *testing.T) {
	size := func(program string) int64 {
		out := filepath.Join(t.TempDir(), program)
		log, err := exec.Command("go", "build", "-o", out, "./size/"+program).CombinedOutput()
		require.NoError(t, err, "%s", log)
		info, err := os.Stat(out)
		require.NoError(t, err)
		return info.Size()
	}
	baseline, client := size("baseline"), size("client")
	t.Logf("baseline %d bytes, client %d more", baseline, client-baseline)
	require.Less(t, client-baseline, int64(1<<20))
}
