// Package bench compares this module with the official SDK. It is a module of
// its own, so that the SDK is no dependency of the client's.
package bench

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	official "github.com/aliyun/alibaba-cloud-sdk-go/services/baas"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// officialClient is the official SDK, pointed at server. It writes package
// variables without a lock, so tests that use it do not run in parallel.
func officialClient(t testing.TB, server *baastest.Server, secret string) *official.Client {
	t.Helper()
	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	if secret == "" {
		secret = *model.AccessKeySecret
	}
	config := sdk.NewConfig().WithScheme("HTTP").WithAutoRetry(false)
	config.Transport = http.DefaultTransport
	client, err := official.NewClientWithOptions("cn-hangzhou", config, credentials.NewAccessKeyCredential(*model.AccessKeyId, secret))
	require.NoError(t, err)
	return client
}

func officialRequest(server *baastest.Server) *official.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	req := official.CreateApplyAntChainCertificateWithKeyAutoCreationRequest()
	req.Domain = server.URL()[len("http://"):]
	req.AntChainId, req.ConsortiumId = "1q8B5R9p", "DV80nJXq"
	req.CommonName, req.CountryName, req.StateOrProvinceName, req.LocalityName = "wallet +*~%&=/", "CN", "浙江", "Hangzhou"
	req.OrganizationName, req.OrganizationUnitName = "Example & Co", "区块链"
	req.Password = "pä ss+w*rd~&%=/ 密码"
	return req
}

// TestOfficialSDKIsServed: the official SDK is the witness that baastest
// verifies signatures as the real gateway does.
func TestOfficialSDKIsServed(t *testing.T) {
	server := baastest.NewServer(baastest.WithReplyShape(baastest.Flat))
	defer server.Close()
	resp, err := officialClient(t, server, "").ApplyAntChainCertificateWithKeyAutoCreation(officialRequest(server))
	require.NoError(t, err)
	require.Contains(t, resp.Result.PrivateKey, "ENCRYPTED PRIVATE KEY")
	require.NotEmpty(t, resp.RequestId)
	require.Equal(t, 1, server.Issued())
}

// TestOfficialSDKWithWrongSecret: it knows SignatureDoesNotMatch by the exact
// message, and compares the string to sign in it with its own.
func TestOfficialSDKWithWrongSecret(t *testing.T) {
	server := baastest.NewServer()
	defer server.Close()
	_, err := officialClient(t, server, "wrong").ApplyAntChainCertificateWithKeyAutoCreation(officialRequest(server))
	var refusal *sdkerrors.ServerError
	require.True(t, errors.As(err, &refusal), "%v", err)
	require.Equal(t, "SignatureDoesNotMatch", refusal.ErrorCode())
	require.Equal(t, "InvalidAccessKeySecret: Please check you AccessKeySecret", refusal.Recommend(), "the strings to sign agree")
	require.Zero(t, server.Issued())
}
