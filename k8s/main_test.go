package k8s

import (
	"os"
	"testing"

	"github.com/antchain-go/baas/k8s/internal/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }
