package readme_test

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/testkit"
)

// enroll makes the call and stores what comes of it in dir. It does not remember a call whose outcome is unknown.
func enroll(ctx context.Context, client *baas.Client, dir string, req *request) (*certbundle.Bundle, error) {
	if err := certbundle.Prepare(dir); err != nil {
		return nil, err // no place for a key, or a part of an identity is there: nothing was sent
	}
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req)
	if err != nil {
		return nil, err
	}
	bundle, err := certbundle.Save(ctx, dir, resp.Result) // stores the key before anything else
	if errors.Is(err, certbundle.ErrKeyNotStored) {
		err = errors.Join(err, bundle.WriteDir(dir+"-rescued")) // the bundle holds the only copy
	}
	return bundle, err
}

// complete downloads what a crash or a failed download has left out.
func complete(ctx context.Context, client *baas.Client, chainID, dir string) (*certbundle.Bundle, error) {
	resp, err := client.DescribeAntChainDownloadPaths(ctx, &baas.DescribeAntChainDownloadPathsRequest{AntChainID: chainID})
	if err != nil {
		return nil, err
	}
	return certbundle.Save(ctx, dir, baas.CertificateResult{DownloadPath: resp.Result})
}

// applyWithCSR stores a key that it has made, and applies for its certificate.
func applyWithCSR(ctx context.Context, client *baas.Client, dir, chainID, password string) error {
	subject := pkix.Name{CommonName: "wallet.example.com", Organization: []string{"Example"}, Country: []string{"CN"}}
	key, csr, err := certbundle.NewCSR(subject, password)
	if err != nil {
		return err
	}
	if err := certbundle.Prepare(dir); err != nil {
		return err
	}
	if err := (&certbundle.Bundle{PrivateKey: key}).WriteDir(dir); err != nil {
		return err
	}
	_, err = client.ApplyAntChainCertificate(ctx, &baas.ApplyAntChainCertificateRequest{
		AntChainID: chainID, UploadReq: base64.StdEncoding.EncodeToString(csr),
	})
	return err // then complete: it gets the certificate, once that is issued
}

// sourceOf serves the newer of two identities. The second may come while the program runs.
func sourceOf(ctx context.Context, password, dir, nextDir string) (*identity.Source, error) {
	return identity.NewSource(ctx, password,
		identity.FromStore(identity.Dir(dir)), identity.FromStore(identity.Dir(nextDir)))
}

func dialPinned(bundle *certbundle.Bundle, password, node, pin string) (*tls.Conn, error) {
	cfg, err := bundle.TLSConfig(password, certbundle.PinNodes(pin)) // pin is "sha256//…"
	if err != nil {
		return nil, err
	}
	conn, err := tls.Dial("tcp", node, cfg) // node is "192.0.2.10:18130"
	return conn, certbundle.ExplainHandshake(err)
}

// pinOf returns the pin of a node whose certificate is of a CA in ca.crt.
func pinOf(bundle *certbundle.Bundle, password, node string) (string, error) {
	cfg, err := bundle.TLSConfig(password, certbundle.TrustChainOnly(), certbundle.AllowSHA1())
	if err != nil {
		return "", err
	}
	conn, err := tls.Dial("tcp", node, cfg)
	if err != nil {
		return "", certbundle.ExplainHandshake(err)
	}
	defer conn.Close()
	return certbundle.Pin(conn.ConnectionState().PeerCertificates[0]), nil
}

// fetched keeps the key and the certificates in memory, for a store of your own. Nothing is written to disk.
func fetched(ctx context.Context, result baas.CertificateResult, put func(*certbundle.Bundle) error) error {
	bundle := &certbundle.Bundle{PrivateKey: []byte(result.PrivateKey)}
	if err := put(bundle); err != nil { // the key first: it is handed over this once
		return err
	}
	bundle, err := certbundle.Fetch(ctx, result)
	if err != nil {
		return err
	}
	return put(bundle)
}

// enrolled is a bundle in a folder.
func enrolled(t *testing.T, srv *baastest.Server) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "wallet-certs")
	_, err := enroll(t.Context(), srv.Client(), dir, wallet())
	require.NoError(t, err)
	return dir
}

func verified(t *testing.T, dir string) *certbundle.Bundle {
	t.Helper()
	bundle, err := certbundle.Load(dir)
	require.NoError(t, err)
	_, err = bundle.Verify("password")
	require.NoError(t, err)
	return bundle
}

func TestEnrollAndCompleteAfterACrash(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := enrolled(t, srv)
	whole := verified(t, dir)
	_, err := enroll(t.Context(), srv.Client(), dir, wallet())
	require.ErrorIs(t, err, certbundle.ErrExists)

	// The program died after it had stored the key.
	for _, name := range []string{certbundle.ClientCertFile, certbundle.CACertFile, certbundle.TrustStoreFile} {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
	}
	_, err = complete(t.Context(), srv.Client(), "1q8B5R9p", dir)
	require.NoError(t, err)
	require.Equal(t, whole, verified(t, dir))

	// A folder of Save is a store whose key is there.
	bundle, err := identity.Ensure(t.Context(), srv.Client(), identity.Dir(dir), wallet())
	require.NoError(t, err)
	require.Equal(t, whole, bundle)
	require.Equal(t, 1, srv.Issued())
}

func TestApplyWithCSR(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "wallet-certs")
	require.NoError(t, applyWithCSR(t.Context(), srv.Client(), dir, "1q8B5R9p", "password"))
	_, err := complete(t.Context(), srv.Client(), "1q8B5R9p", dir)
	require.NoError(t, err)
	verified(t, dir)
}

func TestSourceServesTheNewer(t *testing.T) {
	dirs := []string{filepath.Join(t.TempDir(), "wallet-identity"), filepath.Join(t.TempDir(), "wallet-identity-2")}
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		download := identity.WithDownload(certbundle.WithHTTPClient(srv.HTTPClient()))
		_, err := identity.Ensure(t.Context(), srv.Client(), identity.Dir(dirs[0]), wallet(), download)
		require.NoError(t, err)
		source, err := sourceOf(t.Context(), "password", dirs[0], dirs[1])
		require.NoError(t, err)
		defer source.Close()
		changed := source.Changed()

		time.Sleep(time.Hour) // of the bubble
		next, err := identity.Ensure(t.Context(), srv.Client(), identity.Dir(dirs[1]), wallet(), download)
		require.NoError(t, err)
		report, err := next.Verify("password")
		require.NoError(t, err)
		<-changed
		require.Equal(t, report.SerialNumber, source.Report().SerialNumber)
	})
}

func TestSourceOfTwoStores(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir, nextDir := filepath.Join(t.TempDir(), "wallet-identity"), filepath.Join(t.TempDir(), "wallet-identity-2")
	first, err := identity.Ensure(t.Context(), srv.Client(), identity.Dir(dir), wallet())
	require.NoError(t, err)
	report, err := first.Verify("password")
	require.NoError(t, err)

	source, err := sourceOf(t.Context(), "password", dir, nextDir)
	require.NoError(t, err)
	defer source.Close()
	require.Equal(t, report.SerialNumber, source.Report().SerialNumber)
	node := srv.NewNode()
	cfg, err := source.TLSConfig(certbundle.TrustChainOnly())
	require.NoError(t, err)
	conn, err := tls.Dial("tcp", node.Addr(), cfg)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestPins(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	bundle := verified(t, enrolled(t, srv))
	node := srv.NewNode().Addr()

	pin, err := pinOf(bundle, "password", node)
	require.NoError(t, err)
	conn, err := dialPinned(bundle, "password", node, pin)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	_, err = dialPinned(bundle, "password", srv.NewNode().Addr(), pin)
	require.ErrorIs(t, err, certbundle.ErrUntrusted)

	// The page's command line comes to the same pin.
	if runtime.GOOS == "windows" {
		t.Skip("the command is for a Unix shell")
	}
	testkit.NeedTool(t, "openssl")
	var command string
	for _, text := range readPage(t, "docs/certificates.md").of("sh") {
		if strings.Contains(text, "s_client") {
			command = text
		}
	}
	require.NotEmpty(t, command)
	shell := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(command, "192.0.2.10:18130", node))
	shell.Dir = t.TempDir()
	out, err := shell.Output()
	require.NoError(t, err)
	require.Equal(t, pin, "sha256//"+strings.TrimSpace(string(out)))
}

func TestFetchedPutsTheKeyFirst(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	resp, err := srv.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), wallet())
	require.NoError(t, err)
	result := resp.Result
	var puts []certbundle.Bundle
	require.NoError(t, fetched(t.Context(), result, func(b *certbundle.Bundle) error {
		puts = append(puts, *b)
		return nil
	}))
	require.Len(t, puts, 2)
	require.Equal(t, result.PrivateKey, string(puts[0].PrivateKey))
	require.Empty(t, puts[0].ClientCert)
	require.NotEmpty(t, puts[1].ClientCert)
}
