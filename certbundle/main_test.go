package certbundle_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the main of the child processes of tests.
func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		os.Exit(runChild(task))
	}
	goleak.VerifyTestMain(m)
}
