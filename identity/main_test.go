package identity

import (
	"os"
	"testing"

	"github.com/antchain-go/baas/internal/testkit"
)

// TestMain also is the main of the child processes of tests.
func TestMain(m *testing.M) {
	if os.Getenv(childTask) != "" {
		os.Exit(runChild())
	}
	testkit.Main(m)
}
