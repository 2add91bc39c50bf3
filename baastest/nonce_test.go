package baastest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNonceIsUsedForFifteenMinutes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var table nonceTable
	require.True(t, table.use("a", "n", start))
	require.False(t, table.use("a", "n", start))
	require.False(t, table.use("a", "n", start.Add(15*time.Minute)), "a refusal does not renew the use")
	require.True(t, table.use("a", "n", start.Add(15*time.Minute+1)))
}

func TestNoncesOfOthersDoNotCount(t *testing.T) {
	t.Parallel()
	var table nonceTable
	now := time.Unix(0, 0)
	require.True(t, table.use("a", "n", now))
	require.True(t, table.use("b", "n", now))
	require.True(t, table.use("a", "m", now))
}

func TestNonceTableForgets(t *testing.T) {
	t.Parallel()
	var table nonceTable
	now := time.Unix(0, 0)
	for i := range 1000 {
		require.True(t, table.use("a", fmt.Sprint(i), now.Add(time.Duration(i)*time.Minute)))
	}
	require.Len(t, table.used, 16)
	require.Len(t, table.order, 16)
}
