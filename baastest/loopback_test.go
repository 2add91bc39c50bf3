package baastest_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// TestWithoutLoopback runs this test program again where there is no loopback interface.
func TestWithoutLoopback(t *testing.T) {
	if os.Getenv("BAASTEST_NO_LOOPBACK") != "" {
		inMemory := newServer(t, baastest.WithInMemory())
		require.NotEmpty(t, apply(t, inMemory).PrivateKey)
		for _, start := range []func(){func() { baastest.NewServer() }, func() { inMemory.NewNode() }} {
			func() {
				defer func() { require.Contains(t, recover(), "Is the loopback interface up") }()
				start()
			}()
		}
		return
	}
	t.Parallel()
	if err := exec.CommandContext(t.Context(), "unshare", "-n", "true").Run(); err != nil {
		if os.Getenv("CI") != "" && os.Geteuid() == 0 { // who is root may
			t.Fatalf("unshare is needed: %v", err)
		}
		t.Skip("this user may not make a network without a loopback interface")
	}
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "unshare", "-n", program, "-test.run=^TestWithoutLoopback$", "-test.timeout=1m", "-test.v")
	cmd.Env = append(os.Environ(), "BAASTEST_NO_LOOPBACK=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestWithoutLoopback")
}
