package readme_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// report says what an error means.
func report(err error) {
	switch {
	case errors.Is(err, certbundle.ErrKeyNotStored): // of Ensure: the *identity.KeyError has the only copy of the key
		slog.Error("store its Bundle in another place", "error", err)
	case errors.Is(err, identity.ErrInProgress): // of Ensure: it waited for another holder
		slog.Error("call Ensure again", "error", err)
	case errors.Is(err, identity.ErrInDoubt), errors.Is(err, baas.ErrOutcomeUnknown): // a certificate may exist, and nobody has its key
		slog.Error("do not simply call again, find out first", "error", err) // it names the nonce and the request ID
	case err != nil:
		slog.Error("it is safe to call again", "error", err)
	}
}

// memberStatus says whether the caller has ever applied for a certificate of the chain.
func memberStatus(ctx context.Context, client *baas.Client, consortiumID, chainID string) (baas.MemberStatus, error) {
	for chain, err := range client.AllAntChains(ctx, &baas.DescribeAntChainsRequest{ConsortiumID: consortiumID}) {
		if err != nil {
			return "", err
		}
		if chain.AntChainID == chainID {
			return chain.MemberStatus, nil
		}
	}
	return "", errors.New("the consortium has no such chain")
}

// applications returns what members have applied for on a chain, or what has changed, since a time.
func applications(ctx context.Context, client *baas.Client, chainID string, since time.Time) ([]baas.CertificateApplication, error) {
	var found []baas.CertificateApplication
	for _, status := range []baas.CertificateStatus{baas.CertificateApplied, baas.CertificateValid, baas.CertificateFailed} {
		req := &baas.DescribeAntChainCertificateApplicationsRequest{AntChainID: chainID, Status: status}
		for application, err := range client.AllAntChainCertificateApplications(ctx, req) {
			if err != nil {
				return nil, err
			}
			if !application.CreateTime.Before(since) || !application.UpdateTime.Before(since) {
				found = append(found, application)
			}
		}
	}
	return found, nil
}

// reset resets the caller's certificate of a chain.
func reset(ctx context.Context, client *baas.Client, chainID string) error {
	_, err := client.ResetAntChainCertificate(ctx, &baas.ResetAntChainCertificateRequest{AntChainID: chainID})
	return err // after ErrOutcomeUnknown, look whether it was reset
}

// enrollAnew ends the doubt in the store, 20 minutes after the message at the earliest, and enrolls again.
func enrollAnew(ctx context.Context, client *baas.Client, store identity.Store, req *request, opts ...identity.Option) (*certbundle.Bundle, error) {
	if err := identity.Clear(ctx, store); err != nil {
		return nil, err // if it is too early, the error says until when
	}
	return identity.Ensure(ctx, client, store, req, opts...)
}

type (
	request  = baas.ApplyAntChainCertificateWithKeyAutoCreationRequest
	response = baas.ApplyAntChainCertificateWithKeyAutoCreationResponse
)

// apply makes the call. Before a message is sent, store puts its Stamp where it survives a crash.
func apply(ctx context.Context, client *baas.Client, req *request, store func(context.Context, baas.Stamp) error) (*response, error) {
	return client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req, baas.WithJournal(store))
}

// resume sends the message of a Stamp again, to the byte. It must be given the same request and credentials.
func resume(ctx context.Context, client *baas.Client, req *request, stamp baas.Stamp) (*response, error) {
	return client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req, baas.WithResume(stamp))
}

// wallet is a complete request.
func wallet() *request {
	return &request{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "wallet.example.com", CountryName: "CN",
		StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou", OrganizationName: "Example",
		OrganizationUnitName: "Wallet", Password: "password",
	}
}

func TestReportTakesAnyError(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	client := srv.Client()
	srv.Inject(baastest.DropAfter())
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), wallet())
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	report(err)
	srv.Inject(baastest.DropAfter())
	_, err = identity.Ensure(t.Context(), client, identity.Memory(), wallet())
	require.ErrorIs(t, err, identity.ErrInDoubt)
	report(err)
	report(nil)
}

// The certificate is issued, and its reply is lost. It shows in what the
// service tells, and can be cleared up.
func TestWayOutOfADoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		client, store := srv.Client(), identity.Memory()
		status, err := memberStatus(t.Context(), client, "DV80nJXq", "1q8B5R9p")
		require.NoError(t, err)
		require.NotEqual(t, baas.ChainApplied, status)
		_, err = memberStatus(t.Context(), client, "DV80nJXq", "unknown")
		require.Error(t, err)

		srv.Inject(baastest.DropAfter())
		_, err = identity.Ensure(t.Context(), client, store, wallet())
		var doubt *identity.DoubtError
		require.ErrorAs(t, err, &doubt)

		status, err = memberStatus(t.Context(), client, "DV80nJXq", "1q8B5R9p")
		require.NoError(t, err)
		require.Equal(t, baas.ChainApplied, status)
		found, err := applications(t.Context(), client, "1q8B5R9p", doubt.Record.Stamp.Time)
		require.NoError(t, err)
		require.Len(t, found, 1)
		found, err = applications(t.Context(), client, "1q8B5R9p", time.Now().Add(time.Minute))
		require.NoError(t, err)
		require.Empty(t, found)

		require.NoError(t, reset(t.Context(), client, "1q8B5R9p"))
		download := identity.WithDownload(certbundle.WithHTTPClient(srv.HTTPClient()))
		_, err = enrollAnew(t.Context(), client, store, wallet(), download)
		require.ErrorIs(t, err, identity.ErrInDoubt, "too early")
		time.Sleep(20 * time.Minute) // of the bubble
		bundle, err := enrollAnew(t.Context(), client, store, wallet(), download)
		require.NoError(t, err)
		_, err = bundle.Verify("password")
		require.NoError(t, err)
		require.Equal(t, 2, srv.Issued())
	})
}

func TestResumeAfterACrash(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	client := srv.Client()
	// The process dies after it has recorded what it is about to send.
	var stamp baas.Stamp
	crash := errors.New("killed")
	_, err := apply(t.Context(), client, wallet(), func(_ context.Context, s baas.Stamp) error {
		stamp = s
		return crash
	})
	require.ErrorIs(t, err, crash)
	require.Zero(t, srv.Issued())

	resp, err := resume(t.Context(), client, wallet(), stamp)
	require.NoError(t, err)
	require.Contains(t, resp.Result.PrivateKey, "PRIVATE KEY")

	// A second copy is refused: the certificate was issued already.
	_, err = resume(t.Context(), client, wallet(), stamp)
	var unknown *baas.OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, baas.ReasonNonceUsed, unknown.Reason)
	require.Equal(t, 1, srv.Issued())
}
