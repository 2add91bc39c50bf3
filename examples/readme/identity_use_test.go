package readme_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

func request() *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "wallet.example.com", CountryName: "CN",
		StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou", OrganizationName: "Example",
		OrganizationUnitName: "Wallet", Password: "password",
	}
}

// byAddress is for nodes that are called by their IP.
func byAddress(bundle *certbundle.Bundle, password string) (*tls.Config, error) {
	cfg, err := bundle.TLSConfig(password, certbundle.TrustChainOnly()) // for tls.Dial("tcp", "8.136.158.115:18130", cfg)
	return cfg, err
}

func Example_identify() {
	srv := baastest.NewServer()
	defer srv.Close()
	parent, err := os.MkdirTemp("", "readme")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "wallet")

	bundle, err := identify(context.Background(), srv.Client(), dir, request())
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := byAddress(bundle, "password")
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := tls.Dial("tcp", srv.NewNode().Addr(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	greeting, err := bufio.NewReader(conn).ReadString('\n')
	fmt.Print(greeting, err, "\n")
	// Output:
	// hello wallet.example.com
	// <nil>
}

func TestIdentifyAppliesForNothingWithoutAPlaceForTheKey(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, certbundle.ClientKeyFile), []byte("mine"), 0o600))

	_, err := identify(t.Context(), srv.Client(), dir, request())
	require.ErrorIs(t, err, certbundle.ErrExists)
	require.Empty(t, srv.Requests())
}

func TestCompleteAfterACrash(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "wallet")
	bundle, err := identify(t.Context(), srv.Client(), dir, request())
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

	_, err = nodeConfig(dir, "password")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = complete(t.Context(), srv.Client(), "1q8B5R9p", dir)
	require.NoError(t, err)
	_, err = nodeConfig(dir, "password")
	require.NoError(t, err)
	require.Equal(t, 1, srv.Issued())

	_, err = nodeConfig(dir, "wrong")
	require.ErrorIs(t, err, certbundle.ErrPassword)
}
