package certbundle_test

import (
	"os"
	"testing"

	"github.com/antchain-go/baas/internal/testkit"
)

// TestMain also is the main of the child processes of tests.
func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		os.Exit(runChild(task))
	}
	testkit.Main(m)
}
