package mocking_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/examples/mocking"
	"github.com/antchain-go/baas/identity"
)

const (
	endpoint = "https://baas.cn-hangzhou.aliyuncs.com/"

	// Without links, there is nothing to download. A mocked key opens nothing
	// anyway: see baastest_test.go for a whole identity.
	issued = `{"successResponse":true,"requestId":"REQ-1","code":"200","data":{"RequestId":"REQ-1","Result":{
		"PrivateKey":"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n","DownloadPath":{}}}}`
	forbidden = `{"RequestId":"REQ-2","HostId":"h","Code":"Forbidden.RAM","Message":"no permission"}`

	node = "node.invalid:18130" // is never dialed
)

// mocked returns a Wallet that reaches nothing but application, and how often
// that was called. Whatever else is asked for is refused.
func mocked(t *testing.T, application httpmock.Responder) (*mocking.Wallet, *atomic.Int32) {
	t.Helper()
	calls := new(atomic.Int32)
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder(http.MethodPost, endpoint, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("Action") == apply {
			calls.Add(1)
			return application(r)
		}
		// The first request is for the gateway's time, and any reply has that.
		resp := httpmock.NewStringResponse(http.StatusForbidden, forbidden)
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		return resp, nil
	})
	client, err := baas.NewClient(
		baas.WithHTTPClient(&http.Client{Transport: mt}),
		baas.WithAccessKey("testid", "testsecret"),
		baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: time.Millisecond}),
	)
	require.NoError(t, err)
	return newWallet(t, client), calls
}

func TestKeyIsStoredThoughTheRestIsMissing(t *testing.T) {
	t.Parallel()
	wallet, calls := mocked(t, func(r *http.Request) (*http.Response, error) {
		// The application itself travels in the body, out of the URL.
		require.NotContains(t, r.URL.RawQuery, "Password")
		require.NoError(t, r.ParseForm())
		require.Equal(t, "wallet.example.com", r.PostForm.Get("CommonName"))
		require.Equal(t, "correct horse battery staple", r.PostForm.Get("Password"))
		return httpmock.NewStringResponse(http.StatusOK, issued), nil
	})

	for range 2 { // the second start does not apply
		_, err := wallet.Connect(t.Context(), node)
		require.ErrorIs(t, err, baas.ErrForbidden, "of the links")
		r := record(t, wallet)
		require.Equal(t, identity.Issued, r.State)
		require.Contains(t, string(r.Bundle.PrivateKey), "ENCRYPTED PRIVATE KEY")
	}
	require.EqualValues(t, 1, calls.Load())
}

func TestRefusedEnrollmentMayBeRepeated(t *testing.T) {
	t.Parallel()
	wallet, calls := mocked(t, httpmock.NewStringResponder(http.StatusForbidden, forbidden).
		Then(httpmock.NewStringResponder(http.StatusOK, issued)))

	_, err := wallet.Connect(t.Context(), node)
	require.ErrorIs(t, err, baas.ErrForbidden)
	require.Equal(t, identity.Empty, record(t, wallet).State)

	_, err = wallet.Connect(t.Context(), node)
	require.Error(t, err, "there are no links")
	require.Equal(t, identity.Issued, record(t, wallet).State)
	require.EqualValues(t, 2, calls.Load())
}

func TestUnreachableServiceIsTriedAgain(t *testing.T) {
	t.Parallel()
	// A responder that does not read the body stands for a request that never
	// got out.
	wallet, calls := mocked(t, httpmock.NewErrorResponder(errors.New("no route to host")).
		Then(httpmock.NewStringResponder(http.StatusOK, issued)))

	_, err := wallet.Connect(t.Context(), node)
	require.Error(t, err, "there are no links")
	require.Equal(t, identity.Issued, record(t, wallet).State)
	require.EqualValues(t, 2, calls.Load())
}

func TestLostReplyLeavesTheStoreInDoubt(t *testing.T) {
	t.Parallel()
	// One that reads the body stands for a request that arrived.
	wallet, calls := mocked(t, func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	})

	_, err := wallet.Connect(t.Context(), node)
	require.ErrorIs(t, err, identity.ErrInDoubt)
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	r := record(t, wallet)
	require.Equal(t, identity.InDoubt, r.State)
	require.NotEmpty(t, r.Stamp.Nonce)
	sent := calls.Load()

	_, err = wallet.Connect(t.Context(), node)
	require.ErrorIs(t, err, identity.ErrInDoubt)
	require.Equal(t, sent, calls.Load())
}

func TestKeyThatCannotBeStoredIsRescued(t *testing.T) {
	t.Parallel()
	wallet, _ := mocked(t, httpmock.NewStringResponder(http.StatusOK, issued))
	ctx, cancel := context.WithCancel(t.Context())
	wallet.Store = &fullStore{Store: wallet.Store, giveUp: cancel}

	_, err := wallet.Connect(ctx, node)
	require.ErrorIs(t, err, errFull)
	key, err := os.ReadFile(filepath.Join(wallet.Rescue, "client.key"))
	require.NoError(t, err)
	require.Contains(t, string(key), "ENCRYPTED PRIVATE KEY")
	require.Equal(t, identity.Applying, record(t, wallet).State, "or the next start applies again")
}
