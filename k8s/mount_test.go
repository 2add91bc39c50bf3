package k8s

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
)

// A mount is a folder as the kubelet makes it of a Secret: the files are links
// through ..data, which is a link to a folder of one version, and is exchanged
// by renaming.
type mount struct{ dir, version string }

func (m *mount) update(t *testing.T, version string, data map[string][]byte) {
	t.Helper()
	folder := filepath.Join(m.dir, version)
	require.NoError(t, os.Mkdir(folder, 0o755))
	for name, content := range data {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o440))
	}
	require.NoError(t, os.Symlink(version, filepath.Join(m.dir, "..data_tmp")))
	require.NoError(t, os.Rename(filepath.Join(m.dir, "..data_tmp"), filepath.Join(m.dir, "..data")))
	for name := range data {
		link := filepath.Join(m.dir, name)
		if _, err := os.Lstat(link); err != nil {
			require.NoError(t, os.Symlink(filepath.Join("..data", name), link))
		}
	}
	if m.version != "" {
		require.NoError(t, os.RemoveAll(filepath.Join(m.dir, m.version)))
	}
	m.version = version
}

// A Deployment's pod sees a renewed Secret.
func TestMountedSecretIsRenewed(t *testing.T) {
	t.Parallel()
	first, second := secretData(t), secretData(t)
	m := &mount{dir: t.TempDir()}
	m.update(t, "..2026_02_03", first)
	refused := make(chan struct{}, 1)
	logger := slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if bytes.Contains(line, []byte("is not served")) {
			refused <- struct{}{}
		}
	}), nil))
	source, err := identity.NewSource(t.Context(), keyPassword, identity.FromDir(m.dir),
		identity.PollEvery(time.Millisecond), identity.WithSourceLogger(logger))
	require.NoError(t, err)
	defer func() { require.NoError(t, source.Close()) }()
	require.Equal(t, serialOf(t, first), source.Report().SerialNumber)
	changed := source.Changed()

	m.update(t, "..2026_02_04", map[string][]byte{
		"client.key": second["client.key"], "client.crt": first["client.crt"], "ca.crt": first["ca.crt"],
	})
	<-refused
	require.Equal(t, serialOf(t, first), source.Report().SerialNumber, "a broken version takes the place of no good one")

	m.update(t, "..2026_02_05", second)
	<-changed
	require.Equal(t, serialOf(t, second), source.Report().SerialNumber)
	cfg, err := source.TLSConfig()
	require.NoError(t, err)
	cert, err := cfg.GetClientCertificate(&tls.CertificateRequestInfo{})
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	require.Contains(t, string(second["client.crt"]), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})))
}

// The program behind deploy/deployment.yaml: it starts with what the init
// container has written, while the mount of the Secret is still empty, and
// follows the Secret from then on.
func TestMountBehindAnInitContainer(t *testing.T) {
	t.Parallel()
	first, second := secretData(t), secretData(t, baastest.WithClock(func() time.Time { return time.Now().Add(time.Minute) }))
	written := filepath.Join(t.TempDir(), "files")
	r, err := readRecord(first)
	require.NoError(t, err)
	require.NoError(t, r.Bundle.WriteDir(written))
	m := &mount{dir: t.TempDir()}
	m.update(t, "..2026_02_03", nil)
	logged := make(chan struct{}, 64)
	logger := slog.New(slog.NewTextHandler(writer(func([]byte) { logged <- struct{}{} }), nil))
	source, err := identity.NewSource(t.Context(), keyPassword, identity.FromDir(written), identity.FromDir(m.dir),
		identity.PollEvery(time.Millisecond), identity.WithSourceLogger(logger))
	require.NoError(t, err)
	defer func() { require.NoError(t, source.Close()) }()
	<-logged // that the mount is empty
	require.Equal(t, serialOf(t, first), source.Report().SerialNumber)
	changed := source.Changed()

	m.update(t, "..2026_02_04", first)
	m.update(t, "..2026_02_05", second)
	<-changed
	require.Equal(t, serialOf(t, second), source.Report().SerialNumber)
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// secretData is what a Secret holds after an enrollment.
func secretData(t *testing.T, opts ...baastest.Option) map[string][]byte {
	t.Helper()
	server := baastest.NewServer(opts...)
	defer server.Close()
	c := newCluster(nil)
	_, err := identity.Ensure(t.Context(), server.Client(), SecretStore(c, testNamespace, testName), newRequest(), withDownload(server))
	require.NoError(t, err)
	return c.there(t).Data
}

// serialOf is the serial number of the certificate in the data of a Secret.
func serialOf(t *testing.T, data map[string][]byte) string {
	t.Helper()
	r, err := readRecord(data)
	require.NoError(t, err)
	report, err := r.Bundle.Verify(keyPassword)
	require.NoError(t, err)
	return report.SerialNumber
}
