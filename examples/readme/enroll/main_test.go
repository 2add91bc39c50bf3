package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// wallet is a complete request.
func wallet() *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "wallet.example.com", CountryName: "CN",
		StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou", OrganizationName: "Example",
		OrganizationUnitName: "Wallet", Password: "password",
	}
}

func TestNoPermission(t *testing.T) {
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder("POST", "https://baas.cn-hangzhou.aliyuncs.com/",
		httpmock.NewStringResponder(403, `{"RequestId":"REQ-1","Code":"Forbidden.RAM","Message":"no permission"}`))
	client, err := baas.NewClient(
		baas.WithHTTPClient(&http.Client{Transport: mt}),
		baas.WithAccessKey("testid", "testsecret"),
	)
	require.NoError(t, err)

	_, err = ensure(t.Context(), client, t.TempDir(), wallet())
	require.ErrorIs(t, err, baas.ErrForbidden)
}

func TestLostReply(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	srv.Inject(baastest.Fault{}, baastest.DropAfter()) // a first call learns the time; the second's reply is lost
	_, err := ensure(t.Context(), srv.Client(), t.TempDir(), wallet())
	require.ErrorIs(t, err, identity.ErrInDoubt)
	require.Equal(t, 1, srv.Issued())
}

func TestInDoubtTheNextStartSendsNothing(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	srv.Inject(baastest.Fault{}, baastest.DropAfter())
	dir := t.TempDir()
	for range 2 {
		_, err := ensure(t.Context(), srv.Client(), dir, wallet())
		require.ErrorIs(t, err, identity.ErrInDoubt)
	}
	require.Equal(t, 1, srv.Issued())
}

func TestEnrollsOnceAndConnects(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "wallet-identity")
	for range 2 {
		bundle, err := ensure(t.Context(), srv.Client(), dir, wallet())
		require.NoError(t, err)
		_, err = bundle.Verify("password")
		require.NoError(t, err)
	}
	require.Equal(t, 1, srv.Issued())
}

func TestAPartOfAnIdentityIsCompleted(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "wallet-identity")
	bundle, err := ensure(t.Context(), srv.Client(), dir, wallet())
	require.NoError(t, err)

	rescued := filepath.Join(t.TempDir(), "wallet-identity-rescued")
	require.NoError(t, (&certbundle.Bundle{PrivateKey: bundle.PrivateKey}).WriteDir(rescued))
	completed, err := ensure(t.Context(), srv.Client(), rescued, wallet())
	require.NoError(t, err)
	require.Equal(t, bundle, completed)
	require.FileExists(t, filepath.Join(rescued, certbundle.ClientCertFile))
	require.Equal(t, 1, srv.Issued())
}

// The folder breaks while the certificate is issued.
func TestKeyIsRescued(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wallet-identity")
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		const key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n"
		srv.Inject(baastest.Fault{}, baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = os.RemoveAll(dir)
			_ = os.WriteFile(dir, nil, 0o600)
			_ = json.NewEncoder(w).Encode(map[string]any{"RequestId": "REQ-1", "Result": map[string]any{"PrivateKey": key}})
		})))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		_, err := ensure(ctx, srv.Client(), dir, wallet())
		require.ErrorIs(t, err, certbundle.ErrKeyNotStored)
		rescued, err := os.ReadFile(filepath.Join(dir+"-rescued", certbundle.ClientKeyFile))
		require.NoError(t, err)
		require.Equal(t, key, string(rescued))
	})
}
