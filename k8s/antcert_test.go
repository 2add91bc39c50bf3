package k8s

import (
	"crypto/tls"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// TestSecretOfAntcert: what the command "antcert secret" prints parses strictly as
// the Kubernetes type, a pod's view of it loads, and it is a SecretStore's record.
func TestSecretOfAntcert(t *testing.T) {
	t.Parallel()
	antcert := filepath.Join(t.TempDir(), "antcert.exe")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", antcert, "./cmd/antcert")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	server := newServer(t)
	dir := filepath.Join(t.TempDir(), "identity")
	want, err := identity.Ensure(t.Context(), server.Client(), identity.Dir(dir), newRequest(), withDownload(server))
	require.NoError(t, err)
	pair, err := want.TLSCertificate(keyPassword)
	require.NoError(t, err)

	printed := func(t *testing.T, flags ...string) *corev1.Secret {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), antcert, append([]string{"secret", dir, "--name", "wallet"}, flags...)...)
		cmd.Env = append(os.Environ(), "ANTCHAIN_KEY_PASSWORD="+keyPassword)
		text, err := cmd.Output()
		require.NoError(t, err)
		decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
		object, _, err := decoder.Decode(text, nil, nil)
		require.NoError(t, err)
		require.Equal(t, "wallet", object.(*corev1.Secret).Name)
		return object.(*corev1.Secret)
	}
	t.Run("encrypted", func(t *testing.T) {
		t.Parallel()
		secret := printed(t)
		require.Equal(t, corev1.SecretTypeOpaque, secret.Type)
		m := &mount{dir: t.TempDir()}
		m.update(t, "..2026_02_03", secret.Data)
		got, err := certbundle.Load(m.dir)
		require.NoError(t, err)
		require.Equal(t, want, got)
		secret.Namespace = "default"
		b, err := identity.Ensure(t.Context(), server.Client(), SecretStore(fake.NewClientset(secret), "default", "wallet"), newRequest())
		require.NoError(t, err)
		require.Equal(t, want, b)
		require.Equal(t, 1, server.Issued())
	})
	t.Run("decrypted", func(t *testing.T) {
		t.Parallel()
		secret := printed(t, "--decrypt")
		require.Equal(t, corev1.SecretTypeTLS, secret.Type)
		requirePair(t, secret, tls.Certificate{Certificate: pair.Certificate, PrivateKey: pair.PrivateKey})
	})
}
