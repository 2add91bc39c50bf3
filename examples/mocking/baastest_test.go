package mocking_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/examples/mocking"
)

// served returns an Enroller and the endpoint that it applies at.
func served(t *testing.T) (*baastest.Server, *mocking.Enroller, *memoryStore) {
	t.Helper()
	srv := baastest.NewServer()
	t.Cleanup(srv.Close)
	store := new(memoryStore)
	return srv, &mocking.Enroller{Client: srv.Client(), Store: store}, store
}

func TestLostReplyIsNotAppliedForTwice(t *testing.T) {
	t.Parallel()
	srv, enroller, store := served(t)
	srv.Inject(baastest.DropAfter()) // the certificate exists, its key is gone

	_, err := enroller.Enroll(t.Context(), request())
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Equal(t, 1, srv.Issued())
	require.True(t, store.pending)
	require.Equal(t, srv.Requests()[0].Params.Get("SignatureNonce"), store.doubt.SignatureNonce)

	// Nor does the next call apply, however often it is made.
	for range 3 {
		_, err = enroller.Enroll(t.Context(), request())
		require.ErrorIs(t, err, mocking.ErrPending)
	}
	require.Equal(t, 1, srv.Issued())
}

func TestThrottledEnrollmentWorks(t *testing.T) {
	t.Parallel()
	srv, enroller, store := served(t)
	srv.Inject(baastest.Throttle(), baastest.Throttle())

	id, err := enroller.Enroll(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, id, store.identity)
	require.Equal(t, 1, srv.Issued())
	require.Len(t, srv.Requests(), 3)
}

func TestConnectionThatBreaksBeforeAnythingIsIssuedWorks(t *testing.T) {
	t.Parallel()
	srv, enroller, _ := served(t)
	srv.Inject(baastest.DropBefore())

	_, err := enroller.Enroll(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, 1, srv.Issued())
}

func TestEnrollmentGivenUpMidwayStaysPending(t *testing.T) {
	t.Parallel()
	srv, enroller, store := served(t)
	ctx, cancel := context.WithCancel(t.Context())
	// The caller gives up while the service is at work.
	srv.Inject(baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})))

	_, err := enroller.Enroll(ctx, request())
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
	require.NotNil(t, store.doubt, "a canceled context must not keep the doubt from being stored")
	require.True(t, store.pending)
}
