package mocking_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/examples/mocking"
	"github.com/antchain-go/baas/identity"
)

const apply = "ApplyAntChainCertificateWithKeyAutoCreation"

// newWallet returns a Wallet with an empty store.
func newWallet(t *testing.T, client *baas.Client) *mocking.Wallet {
	t.Helper()
	return &mocking.Wallet{
		Client: client,
		Store:  identity.Memory(),
		Request: baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
			AntChainID:           "1q8B5R9p",
			ConsortiumID:         "DV80nJXq",
			CommonName:           "wallet.example.com",
			CountryName:          "CN",
			StateOrProvinceName:  "Zhejiang",
			LocalityName:         "Hangzhou",
			OrganizationName:     "Example",
			OrganizationUnitName: "Wallet",
			Password:             "correct horse battery staple",
		},
		Rescue: filepath.Join(t.TempDir(), "rescued"),
	}
}

// record is what the store of w holds.
func record(t *testing.T, w *mocking.Wallet) identity.Record {
	t.Helper()
	r, err := identity.Inspect(t.Context(), w.Store)
	require.NoError(t, err)
	return r
}

var errFull = errors.New("the store is full")

// A fullStore takes no key. It ends the attempts to store one, which would last
// as long as their context.
type fullStore struct {
	identity.Store
	giveUp context.CancelFunc
}

func (s *fullStore) Swap(ctx context.Context, r identity.Record, version string) (string, error) {
	if r.State == identity.Issued {
		s.giveUp()
		return "", errFull
	}
	return s.Store.Swap(ctx, r, version)
}
