package identity

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the main of the child processes of tests.
func TestMain(m *testing.M) {
	if os.Getenv(childTask) != "" {
		os.Exit(runChild())
	}
	goleak.VerifyTestMain(m)
}
