package baas_test

import (
	"crypto/rand"
	"errors"
	"io"
	"log"
	mathrand "math/rand/v2"
	"os"
	"testing"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/testkit"
)

const actionApply = "ApplyAntChainCertificateWithKeyAutoCreation"

// password is long and strange enough to be found wherever it leaks to.
const password = "pä ss+w*rd~&%=/ 密码"

func TestMain(m *testing.M) {
	if os.Getenv(childTask) != "" {
		os.Exit(runChild())
	}
	testkit.Main(m)
}

// newRequest is a request with every required field.
func newRequest() *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID:           "1q8B5R9p",
		ConsortiumID:         "DV80nJXq",
		CommonName:           "wallet.example.com",
		CountryName:          "CN",
		StateOrProvinceName:  "Zhejiang",
		LocalityName:         "Hangzhou",
		OrganizationName:     "Example & Co",
		OrganizationUnitName: "区块链",
		Password:             password,
	}
}

func newNonce(testing.TB) string { return rand.Text() }

// newRandom is a source of random numbers whose seed a failing test prints.
func newRandom(t testing.TB) *mathrand.Rand {
	seed := mathrand.Uint64()
	t.Logf("seed %d", seed)
	return mathrand.New(mathrand.NewPCG(seed, 0))
}

func isErr(err, target error) bool { return errors.Is(err, target) }

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
