package baastest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrimePoolMakesDistinctValidKeys(t *testing.T) {
	t.Parallel()
	var pool primePool
	seen := make(map[string]bool)
	for range 7 { // two generations give six keys
		key, err := pool.next()
		require.NoError(t, err)
		require.NoError(t, key.Validate())
		require.Equal(t, 2048, key.N.BitLen())
		require.Equal(t, 65537, key.E)
		seen[key.N.String()] = true
	}
	require.Len(t, seen, 7)
	require.Len(t, pool.primes, 6, "the seventh key needs a third generation, and no sooner")
}
