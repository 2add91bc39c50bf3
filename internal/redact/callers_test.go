package redact

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A fault is an error type of the caller's.
type fault struct{ error }

// TestWrapCallers: errors.Is and errors.As find what the caller has put in, and
// the end of a context only if it is the caller's.
func TestWrapCallers(t *testing.T) {
	t.Parallel()
	var s Scrubber
	s.Add("pass word")
	inner := fault{context.Canceled}
	err := WrapCallers(fmt.Errorf("disk of pass word: %w", inner), nil, &s)
	require.EqualError(t, err, "disk of [REDACTED]: context canceled")
	require.ErrorIs(t, err, inner)
	var found fault
	require.ErrorAs(t, err, &found)
	require.NotErrorIs(t, err, context.Canceled, "it is another context's")
	require.NotErrorIs(t, err, context.DeadlineExceeded)

	ended := WrapCallers(inner, context.Canceled, &s)
	require.ErrorIs(t, ended, context.Canceled)
	require.NotErrorIs(t, ended, context.DeadlineExceeded)
}
