package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

func TestNoPermission(t *testing.T) {
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder("POST", "https://baas.cn-hangzhou.aliyuncs.com/",
		httpmock.NewStringResponder(403, `{"RequestId":"REQ-1","Code":"Forbidden.RAM","Message":"no permission"}`))
	client, err := baas.NewClient(
		baas.WithHTTPClient(&http.Client{Transport: mt}),
		baas.WithAccessKey("testid", "testsecret"),
	)
	require.NoError(t, err)

	_, err = identity(t.Context(), client, t.TempDir(), "password")
	require.ErrorIs(t, err, baas.ErrForbidden)
}

func TestLostReply(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	srv.Inject(baastest.DropAfter()) // the certificate is issued, then the connection is reset

	_, err := identity(t.Context(), srv.Client(), t.TempDir(), "password")
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Equal(t, 1, srv.Issued())
}

func TestEnrollsOnceAndConnects(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "wallet-certs")
	for range 2 {
		bundle, err := identity(t.Context(), srv.Client(), dir, "password")
		require.NoError(t, err)
		_, err = bundle.Verify("password")
		require.NoError(t, err)
	}
	require.Equal(t, 1, srv.Issued())
}

func TestAPartOfAnIdentityIsNotEnrolledAnew(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "wallet-certs")
	_, err := identity(t.Context(), srv.Client(), dir, "password")
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, certbundle.ClientCertFile)))

	_, err = identity(t.Context(), srv.Client(), dir, "password")
	require.ErrorIs(t, err, certbundle.ErrExists)
	require.Equal(t, 1, srv.Issued())
}
