package readme_test

import (
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// TestDecompressors: what such a client reads is a matter of internal/codings.
func TestDecompressors(t *testing.T) {
	client, err := baas.NewClient(baas.WithDecompressors(func(r io.Reader) (io.ReadCloser, error) {
		return io.NopCloser(brotli.NewReader(r)), nil
	}))
	require.NoError(t, err)
	require.NotNil(t, client)
}
