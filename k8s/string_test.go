package k8s

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/identity"
)

// A Source names the Secret in its errors, and the store shows nothing else.
func TestString(t *testing.T) {
	t.Parallel()
	store := SecretStore(newCluster(nil), testNamespace, testName, WithTLS(keyPassword))
	require.Equal(t, "Secret wallet/wallet-identity", fmt.Sprint(store))
	require.Equal(t, "Secret wallet/wallet-identity", fmt.Sprintf("%+v", store))
	_, err := identity.NewSource(t.Context(), keyPassword, identity.FromStore(store))
	require.ErrorContains(t, err, "identity: Secret wallet/wallet-identity: ")
}
