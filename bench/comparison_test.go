package bench

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	official "github.com/aliyun/alibaba-cloud-sdk-go/services/baas"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// The tests of this file are the rows of the comparison in README.md, for the
// official SDK and for this module.

// retryingSDK is the official SDK with its retries on. It writes package
// variables without a lock, so tests that use it do not run in parallel.
func retryingSDK(t *testing.T, server *baastest.Server) *official.Client {
	t.Helper()
	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	config := sdk.NewConfig().WithScheme("HTTP").WithAutoRetry(true).WithMaxRetryTime(3)
	client, err := official.NewClientWithOptions("cn-hangzhou", config,
		credentials.NewAccessKeyCredential(*model.AccessKeyId, *model.AccessKeySecret))
	require.NoError(t, err)
	return client
}

func TestDocumentedReply(t *testing.T) {
	server := baastest.NewServer() // the documented shape
	defer server.Close()
	theirs, err := officialClient(t, server, "").ApplyAntChainCertificateWithKeyAutoCreation(officialRequest(server))
	require.NoError(t, err)
	require.Empty(t, theirs.Result.PrivateKey)

	ours, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	require.NotEmpty(t, ours.Result.PrivateKey)
}

func TestReplyCutOffAfterTheKey(t *testing.T) {
	server := baastest.NewServer()
	defer server.Close()
	const key = `-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n`
	cutOff := baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4096")
		_, _ = io.WriteString(w, `{"RequestId":"R","Result":{"PrivateKey":"`+key+`","DownloadPath":{`)
	}))
	server.Inject(cutOff)
	theirs, err := officialClient(t, server, "").ApplyAntChainCertificateWithKeyAutoCreation(officialRequest(server))
	require.ErrorContains(t, err, "unexpected EOF")
	require.True(t, theirs == nil || theirs.Result.PrivateKey == "")

	server.Inject(cutOff)
	ours, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(key, `\n`, "\n"), ours.Result.PrivateKey)
}

func TestReplyLostTwice(t *testing.T) {
	server := baastest.NewServer(baastest.WithReplyShape(baastest.Flat))
	defer server.Close()
	server.Inject(baastest.DropAfter(), baastest.DropAfter())
	_, err := retryingSDK(t, server).ApplyAntChainCertificateWithKeyAutoCreation(officialRequest(server))
	require.NoError(t, err)
	require.Equal(t, 3, server.Issued())

	server.Inject(baastest.DropAfter(), baastest.DropAfter())
	_, err = server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Equal(t, 4, server.Issued())
}

func TestRedirectToAnotherHost(t *testing.T) {
	server := baastest.NewServer()
	defer server.Close()
	passwords := 0
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.FormValue("Password") != "" {
			passwords++
		}
	}))
	defer other.Close()
	redirect := baastest.Respond(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))

	server.Inject(redirect)
	_, _ = officialClient(t, server, "").ApplyAntChainCertificateWithKeyAutoCreation(officialRequest(server))
	require.Equal(t, 1, passwords)

	server.Inject(redirect)
	_, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Equal(t, 1, passwords)
}

func TestPrintedRequest(t *testing.T) {
	server := baastest.NewServer()
	defer server.Close()
	theirs := officialRequest(server)
	require.Contains(t, fmt.Sprint(theirs), theirs.Password)

	ours := newRequest()
	require.NotContains(t, fmt.Sprint(ours), ours.Password)
	require.Contains(t, fmt.Sprint(ours), "[REDACTED]")
}
