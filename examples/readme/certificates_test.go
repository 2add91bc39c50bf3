package readme_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// complete downloads what a crash or a failed download has left out.
func complete(ctx context.Context, client *baas.Client, chainID, dir string) (*certbundle.Bundle, error) {
	links, err := freshLinks(ctx, client, chainID)
	if err != nil {
		return nil, err
	}
	return certbundle.Save(ctx, dir, baas.CertificateResult{DownloadPath: links})
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

// enrolled is the result of a call, and a bundle in a folder.
func enrolled(t *testing.T, srv *baastest.Server) (baas.CertificateResult, string) {
	t.Helper()
	resp, err := srv.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), wallet())
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "wallet-certs")
	require.NoError(t, certbundle.Prepare(dir))
	_, err = certbundle.Save(t.Context(), dir, resp.Result)
	require.NoError(t, err)
	return resp.Result, dir
}

func TestCompleteAfterACrash(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	_, dir := enrolled(t, srv)
	bundle, err := certbundle.Load(dir)
	require.NoError(t, err)

	// The program died after it had stored the key; the service still has the rest.
	storage := http.NewServeMux()
	for name, data := range map[string][]byte{
		certbundle.ClientCertFile: bundle.ClientCert,
		certbundle.CACertFile:     bundle.CACert,
		certbundle.TrustStoreFile: bundle.TrustStore,
	} {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
		storage.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	}
	files := httptest.NewServer(storage)
	defer files.Close()
	links, err := json.Marshal(baas.DownloadPath{
		CACrtURL: files.URL + "/ca.crt", ClientCrtURL: files.URL + "/client.crt", TrustCAURL: files.URL + "/trustCa",
	})
	require.NoError(t, err)
	srv.Inject(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"RequestId":"REQ-1","Result":%s}`, links)
	})))

	_, err = certbundle.Load(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = complete(t.Context(), srv.Client(), "1q8B5R9p", dir)
	require.NoError(t, err)
	bundle, err = certbundle.Load(dir)
	require.NoError(t, err)
	_, err = bundle.Verify("password")
	require.NoError(t, err)
	require.Equal(t, 1, srv.Issued())
}

func TestPins(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	_, dir := enrolled(t, srv)
	bundle, err := certbundle.Load(dir)
	require.NoError(t, err)
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
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed, and CI is set")
		}
		t.Skip("openssl is not installed")
	}
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
	result, _ := enrolled(t, srv)
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
