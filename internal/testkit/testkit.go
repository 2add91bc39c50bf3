// Package testkit is what the tests of several packages share. Nothing but
// tests imports it.
package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a goroutine may take to end: net/http gives a broken
// HTTP/2 connection a second, and a busy machine takes its time. What leaks is
// there for longer.
const patience = time.Minute

// Main runs the tests of a package and fails if a goroutine is left. It does
// not return.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := NothingLeft(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// NothingLeft waits until no goroutine is left, and names those that stay.
func NothingLeft(opts ...goleak.Option) error {
	for start := time.Now(); ; {
		err := goleak.Find(opts...) // which itself waits for half a second
		if err == nil || time.Since(start) > patience {
			return err
		}
	}
}

// NeedTool skips the test where the program is missing, and fails it there in
// continuous integration.
func NeedTool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is needed and missing", name)
		}
		t.Skipf("%s is missing: its judgment stays unasked", name)
	}
}
