package storetest_test

import (
	"path/filepath"
	"testing"

	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/identity/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) func() identity.Store {
		s := identity.Memory()
		return func() identity.Store { return s }
	})
}

func TestDir(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func() identity.Store {
		path := filepath.Join(t.TempDir(), "new", "folder")
		return func() identity.Store { return identity.Dir(path) }
	})
}
