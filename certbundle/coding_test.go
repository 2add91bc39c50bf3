package certbundle_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

type packer func(t testing.TB, data string) string

func asItIs(_ testing.TB, data string) string { return data }

func packed(c testkit.Coding) packer {
	return func(t testing.TB, data string) string { return testkit.Pack(t, data, c) }
}

var gzipped, zlibbed, deflated = packed(testkit.Gzip), packed(testkit.Zlib), packed(testkit.Deflate)

func twice(p packer) packer {
	return func(t testing.TB, data string) string { return p(t, p(t, data)) }
}

// serving starts a server that says one coding and sends another.
func serving(t *testing.T, files map[string]string, said string, p packer) baas.CertificateResult {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if said != "" {
			w.Header().Set("Content-Encoding", said)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, p(t, files[path.Base(r.URL.Path)]))
	}))
	t.Cleanup(server.Close)
	at := server.URL + "/files/"
	return baas.CertificateResult{PrivateKey: files[certbundle.ClientKeyFile], DownloadPath: baas.DownloadPath{
		CACrtURL: at + certbundle.CACertFile, ClientCrtURL: at + certbundle.ClientCertFile, TrustCAURL: at + certbundle.TrustStoreFile,
	}}
}

// TestTheBytesTellTheCoding, not the header, whatever makes the requests.
func TestTheBytesTellTheCoding(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	packers := map[string]packer{
		"nothing": asItIs, "gzip": gzipped, "deflate with zlib's header": zlibbed, "deflate": deflated, "gzip twice": twice(gzipped),
	}
	for _, said := range []string{"", "gzip", "deflate", "br", "zstd", "identity", "gzip, gzip"} {
		for sent, p := range packers {
			t.Run(said+" is said, "+sent+" is sent", func(t *testing.T) {
				t.Parallel()
				result := serving(t, id.files, said, p)
				own := &http.Transport{} // asks for gzip by itself, if nobody says otherwise
				defer own.CloseIdleConnections()
				for _, opts := range [][]certbundle.Option{nil, {certbundle.WithHTTPClient(&http.Client{Transport: own})}} {
					b, err := certbundle.Fetch(t.Context(), result, opts...)
					require.NoError(t, err)
					require.Equal(t, id.bundle(), b)
				}
			})
		}
	}
}

// TestCompressedWrongContent stays wrong, and no bomb is unpacked.
func TestCompressedWrongContent(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	bomb := gzipped(t, string(make([]byte, 8<<20)))
	for name, p := range map[string]packer{
		"a page":        func(t testing.TB, _ string) string { return gzipped(t, "<html><body>Log in</body></html>") },
		"a cut-off one": func(t testing.TB, data string) string { s := gzipped(t, data); return s[:len(s)*2/3] },
		"a bomb":        func(t testing.TB, _ string) string { return bomb },
		"a file of more than 1 MiB": func(t testing.TB, data string) string {
			return gzipped(t, data+string(bytes.Repeat([]byte("\n"), 1<<20)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			_, err := certbundle.Save(t.Context(), dir, serving(t, id.files, "gzip", p))
			require.ErrorIs(t, err, certbundle.ErrMalformed)
			require.ErrorContains(t, err, "wrong content")
			requireFiles(t, dir, id.only(certbundle.ClientKeyFile))
		})
	}
}
