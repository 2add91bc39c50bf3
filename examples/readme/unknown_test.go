package readme_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// report says what an error of the call means.
func report(err error) {
	var unknown *baas.OutcomeUnknownError
	switch {
	case errors.As(err, &unknown):
		// A certificate may exist. Do not call again; keep these three and find out first.
		slog.Error("outcome unknown", "nonce", unknown.SignatureNonce, "requestID", unknown.RequestID, "reason", unknown.Reason)
	case err != nil:
		slog.Error("nothing was issued: it is safe to call again", "error", err)
	}
}

// applications returns, as JSON, the applications of a chain with one status: "0" applied for, "1" in force, "2" failed.
func applications(ctx context.Context, client *baas.Client, chainID, status string) (json.RawMessage, error) {
	var reply struct{ Result json.RawMessage }
	err := client.Do(ctx, baas.Operation{
		Action:   "DescribeAntChainCertificateApplications",
		Params:   url.Values{"AntChainId": {chainID}, "Status": {status}, "PageNumber": {"1"}, "PageSize": {"50"}},
		ReadOnly: true, // so it may be repeated freely
	}, &reply)
	return reply.Result, err
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
	srv.Inject(baastest.DropAfter())
	_, err := srv.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), wallet())
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	report(err)
	report(nil)
}

func TestApplicationsAsksForOneStatus(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	srv.Inject(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") == "DescribeAntChainCertificateApplications" && r.FormValue("Status") == "1" {
			_, _ = w.Write([]byte(`{"RequestId":"REQ-1","Result":{"CertificateApplications":[]}}`))
		}
	})))
	list, err := applications(t.Context(), srv.Client(), "1q8B5R9p", "1")
	require.NoError(t, err)
	require.JSONEq(t, `{"CertificateApplications":[]}`, string(list))
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
