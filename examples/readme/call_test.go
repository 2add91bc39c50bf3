package readme_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// newKey makes the call of README.
func newKey(ctx context.Context, client *baas.Client, req *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest) (string, error) {
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req)
	if err != nil {
		return "", err // after ErrOutcomeUnknown, and only then, a certificate may exist
	}
	return resp.Result.PrivateKey, nil // store it before anything else
}

func TestNewKey(t *testing.T) {
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder("POST", "https://baas.cn-hangzhou.aliyuncs.com/", httpmock.NewStringResponder(200,
		`{"RequestId":"REQ-1","Result":{"PrivateKey":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"}}`))
	client, err := baas.NewClient(baas.WithHTTPClient(&http.Client{Transport: mt}), baas.WithAccessKey("testid", "testsecret"))
	require.NoError(t, err)
	key, err := newKey(t.Context(), client, wallet())
	require.NoError(t, err)
	require.Contains(t, key, "PRIVATE KEY")
}
