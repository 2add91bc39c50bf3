package mocking_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/examples/mocking"
	"github.com/antchain-go/baas/identity"
)

// served returns a Wallet, the endpoint that it applies at, and a node.
func served(t *testing.T) (*baastest.Server, *mocking.Wallet, string) {
	t.Helper()
	srv := baastest.NewServer()
	t.Cleanup(srv.Close)
	return srv, newWallet(t, srv.Client()), srv.NewNode().Addr()
}

// inject makes things go wrong with the application. A client that does not
// know the gateway's time asks for that first, so the first fault is none.
func inject(srv *baastest.Server, faults ...baastest.Fault) {
	srv.Inject(append([]baastest.Fault{{}}, faults...)...)
}

// applications returns the applications that have reached srv.
func applications(srv *baastest.Server) []baastest.Request {
	var found []baastest.Request
	for _, r := range srv.Requests() {
		if r.Params.Get("Action") == apply {
			found = append(found, r)
		}
	}
	return found
}

func requireHello(t *testing.T, conn *tls.Conn, err error) {
	t.Helper()
	require.NoError(t, err)
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "hello wallet.example.com\n", line)
}

func TestRestartAppliesForNothing(t *testing.T) {
	t.Parallel()
	srv, wallet, node := served(t)
	dir := t.TempDir()
	wallet.Store = identity.Dir(dir)
	conn, err := wallet.Connect(t.Context(), node)
	requireHello(t, conn, err)

	again := newWallet(t, srv.Client())
	again.Store = identity.Dir(dir)
	conn, err = again.Connect(t.Context(), node)
	requireHello(t, conn, err)
	require.Equal(t, 1, srv.Issued())
}

func TestReplicasShareOneCertificate(t *testing.T) {
	t.Parallel()
	srv, wallet, node := served(t)
	var wg sync.WaitGroup
	conns, errs := make([]*tls.Conn, 3), make([]error, 3)
	for i := range conns {
		wg.Go(func() { conns[i], errs[i] = wallet.Connect(t.Context(), node) })
	}
	wg.Wait()
	for i := range conns {
		requireHello(t, conns[i], errs[i])
	}
	require.Equal(t, 1, srv.Issued())
}

func TestLostReplyIsNotAppliedForTwice(t *testing.T) {
	t.Parallel()
	srv, wallet, node := served(t)
	inject(srv, baastest.DropAfter()) // the certificate exists, its key is gone

	_, err := wallet.Connect(t.Context(), node)
	require.ErrorIs(t, err, identity.ErrInDoubt)
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Equal(t, 1, srv.Issued())
	r := record(t, wallet)
	require.Equal(t, identity.InDoubt, r.State)
	require.Equal(t, applications(srv)[0].Params.Get("SignatureNonce"), r.Stamp.Nonce)

	// Nor does the next start apply, however often it is made.
	for range 3 {
		_, err = wallet.Connect(t.Context(), node)
		require.ErrorIs(t, err, identity.ErrInDoubt)
	}
	require.Equal(t, 1, srv.Issued())
}

func TestThrottledEnrollmentWorks(t *testing.T) {
	t.Parallel()
	srv, wallet, node := served(t)
	inject(srv, baastest.Throttle(), baastest.Throttle())

	conn, err := wallet.Connect(t.Context(), node)
	requireHello(t, conn, err)
	require.Equal(t, 1, srv.Issued())
	require.Len(t, applications(srv), 3)
}

func TestConnectionThatBreaksBeforeAnythingIsIssuedWorks(t *testing.T) {
	t.Parallel()
	srv, wallet, node := served(t)
	inject(srv, baastest.DropBefore())

	conn, err := wallet.Connect(t.Context(), node)
	requireHello(t, conn, err)
	require.Equal(t, 1, srv.Issued())
}

func TestEnrollmentGivenUpMidwayIsInDoubt(t *testing.T) {
	t.Parallel()
	srv, wallet, node := served(t)
	ctx, cancel := context.WithCancel(t.Context())
	// The caller gives up while the service is at work.
	inject(srv, baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})))

	_, err := wallet.Connect(ctx, node)
	require.ErrorIs(t, err, identity.ErrInDoubt)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, identity.InDoubt, record(t, wallet).State, "a canceled context must not keep the doubt from being stored")
}

func TestNodeOfAnotherChain(t *testing.T) {
	t.Parallel()
	_, wallet, _ := served(t)
	other := baastest.NewServer()
	t.Cleanup(other.Close)
	_, err := wallet.Connect(t.Context(), other.NewNode().Addr())
	require.ErrorIs(t, err, certbundle.ErrUntrusted)
	require.Equal(t, identity.Complete, record(t, wallet).State)
}
