package mocking_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/examples/mocking"
)

const (
	endpoint = "https://baas.cn-hangzhou.aliyuncs.com/"

	issued = `{"successResponse":true,"requestId":"REQ-1","code":"200","data":{"RequestId":"REQ-1","Result":{
		"PrivateKey":"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
		"DownloadPath":{"CaCrtUrl":"https://files.example.com/ca.crt?Signature=s"}}}}`
	forbidden = `{"RequestId":"REQ-2","HostId":"h","Code":"Forbidden.RAM","Message":"no permission"}`
)

// mocked returns an Enroller that reaches nothing but mt.
func mocked(t *testing.T, mt *httpmock.MockTransport) (*mocking.Enroller, *memoryStore) {
	t.Helper()
	client, err := baas.NewClient(
		baas.WithHTTPClient(&http.Client{Transport: mt}),
		baas.WithAccessKey("testid", "testsecret"),
		baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: time.Millisecond}),
	)
	require.NoError(t, err)
	store := new(memoryStore)
	return &mocking.Enroller{Client: client, Store: store}, store
}

func TestEnrollStoresTheKey(t *testing.T) {
	t.Parallel()
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder(http.MethodPost, endpoint, func(r *http.Request) (*http.Response, error) {
		// The application itself travels in the body, out of the URL.
		require.Equal(t, "ApplyAntChainCertificateWithKeyAutoCreation", r.URL.Query().Get("Action"))
		require.NotContains(t, r.URL.RawQuery, "Password")
		require.NoError(t, r.ParseForm())
		require.Equal(t, "wallet.example.com", r.PostForm.Get("CommonName"))
		require.Equal(t, request().Password, r.PostForm.Get("Password"))
		return httpmock.NewStringResponse(http.StatusOK, issued), nil
	})
	enroller, store := mocked(t, mt)

	id, err := enroller.Enroll(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, id, store.identity)
	require.Equal(t, "REQ-1", id.RequestID)
	require.Contains(t, id.Result.PrivateKey, "ENCRYPTED PRIVATE KEY")

	_, err = enroller.Enroll(t.Context(), request())
	require.ErrorIs(t, err, mocking.ErrEnrolled)
	require.Equal(t, 1, mt.GetTotalCallCount())
}

func TestRefusedEnrollmentMayBeRepeated(t *testing.T) {
	t.Parallel()
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder(http.MethodPost, endpoint,
		httpmock.NewStringResponder(http.StatusForbidden, forbidden).
			Then(httpmock.NewStringResponder(http.StatusOK, issued)))
	enroller, store := mocked(t, mt)

	_, err := enroller.Enroll(t.Context(), request())
	require.ErrorIs(t, err, baas.ErrForbidden)
	require.False(t, store.pending)

	_, err = enroller.Enroll(t.Context(), request())
	require.NoError(t, err)
}

func TestUnreachableServiceIsTriedAgain(t *testing.T) {
	t.Parallel()
	mt := httpmock.NewMockTransport()
	// A responder that does not read the body stands for a request that never
	// got out.
	mt.RegisterResponder(http.MethodPost, endpoint,
		httpmock.NewErrorResponder(errors.New("no route to host")).
			Then(httpmock.NewStringResponder(http.StatusOK, issued)))
	enroller, _ := mocked(t, mt)

	_, err := enroller.Enroll(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, 2, mt.GetTotalCallCount())
}

func TestLostReplyLeavesTheChainPending(t *testing.T) {
	t.Parallel()
	mt := httpmock.NewMockTransport()
	// One that reads the body stands for a request that arrived.
	mt.RegisterResponder(http.MethodPost, endpoint, func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	})
	enroller, store := mocked(t, mt)

	_, err := enroller.Enroll(t.Context(), request())
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.True(t, store.pending)
	require.NotEmpty(t, store.doubt.SignatureNonce)
	calls := mt.GetTotalCallCount()

	_, err = enroller.Enroll(t.Context(), request())
	require.ErrorIs(t, err, mocking.ErrPending)
	require.Equal(t, calls, mt.GetTotalCallCount())
}

func TestIdentityThatCannotBeStoredIsHandedOver(t *testing.T) {
	t.Parallel()
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder(http.MethodPost, endpoint, httpmock.NewStringResponder(http.StatusOK, issued))
	enroller, store := mocked(t, mt)
	store.full = true

	id, err := enroller.Enroll(t.Context(), request())
	require.ErrorIs(t, err, errFull)
	require.NotNil(t, id)
	require.NotEmpty(t, id.Result.PrivateKey)
	require.True(t, store.pending, "or the next call applies again")
}
