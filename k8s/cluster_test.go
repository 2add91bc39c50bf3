package k8s

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/identity/storetest"
	"github.com/antchain-go/baas/k8s/internal/testcluster"
)

func TestStoreOnACluster(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t)
	storetest.Run(t, func(t *testing.T) func() identity.Store {
		namespace := c.Namespace(t)
		return func() identity.Store { return SecretStore(clientOf(t, c.Config), namespace, testName) }
	})
}

func clientOf(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return client
}

// What the API server itself says of immutable Secrets, of their size and of
// namespaces.
func TestRefusedByTheAPIServer(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t)
	server := newServer(t)
	ensure := func(namespace string) error {
		_, err := identity.Ensure(t.Context(), server.Client(), SecretStore(c.Client, namespace, testName), newRequest(), withDownload(server))
		return err
	}
	create := func(t *testing.T, secret *corev1.Secret) string {
		namespace := c.Namespace(t)
		secret.Name = testName
		_, err := c.Client.CoreV1().Secrets(namespace).Create(t.Context(), secret, metav1.CreateOptions{})
		require.NoError(t, err)
		return namespace
	}
	t.Run("immutable", func(t *testing.T) {
		yes := true
		require.ErrorContains(t, ensure(create(t, &corev1.Secret{Immutable: &yes})), "it is immutable")
	})
	t.Run("immutable, found by the API server", func(t *testing.T) {
		yes := true
		namespace := create(t, &corev1.Secret{Immutable: &yes})
		secret, err := c.Client.CoreV1().Secrets(namespace).Get(t.Context(), testName, metav1.GetOptions{})
		require.NoError(t, err)
		secret.Immutable = nil
		secret.Data = map[string][]byte{"identity.json": []byte("secret value")}
		_, err = c.Client.CoreV1().Secrets(namespace).Update(t.Context(), secret, metav1.UpdateOptions{})
		err = (&store{namespace: namespace, name: testName}).swapFault("update", err)
		require.ErrorContains(t, err, "(immutable or too large)")
		require.NotContains(t, err.Error(), "secret value")
		require.True(t, apierrors.IsInvalid(err))
	})
	t.Run("no room", func(t *testing.T) {
		namespace := create(t, &corev1.Secret{Data: map[string][]byte{"other": make([]byte, corev1.MaxSecretSize)}})
		require.ErrorContains(t, ensure(namespace), "it has no room")
	})
	t.Run("no namespace", func(t *testing.T) {
		require.ErrorContains(t, ensure("nowhere"), "create: the namespace is not there")
	})
	require.Zero(t, server.Issued())
}

// Labels and annotations of others that come while an enrollment runs stay, and
// nothing is lost.
func TestChangedByOthersMeanwhile(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t)
	namespace, server := c.Namespace(t), newServer(t)
	config := rest.CopyConfig(c.Config)
	var once sync.Once
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := rt.RoundTrip(r)
			if r.Method == http.MethodPut && err == nil { // the Stamp is stored
				once.Do(func() { err = label(r.Context(), c.Client, namespace) })
			}
			return resp, err
		})
	})
	_, err := identity.Ensure(t.Context(), server.Client(), SecretStore(clientOf(t, config), namespace, testName), newRequest(), withDownload(server))
	secret, errGet := c.Client.CoreV1().Secrets(namespace).Get(t.Context(), testName, metav1.GetOptions{})
	require.NoError(t, errors.Join(err, errGet))
	require.Equal(t, "mine", secret.Labels["team"])
	require.Equal(t, "mine", secret.Annotations["note"])
	require.NotEmpty(t, secret.Data["client.key"])
	require.Equal(t, 1, server.Issued())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func label(ctx context.Context, client kubernetes.Interface, namespace string) error {
	_, err := client.CoreV1().Secrets(namespace).Patch(ctx, testName, "application/merge-patch+json",
		[]byte(`{"metadata":{"labels":{"team":"mine"},"annotations":{"note":"mine"}}}`), metav1.PatchOptions{})
	return err
}

// A Secret of type kubernetes.io/tls is one that Kubernetes takes.
func TestTLSOnACluster(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t)
	namespace, server := c.Namespace(t), newServer(t)
	b, err := identity.Ensure(t.Context(), server.Client(), SecretStore(c.Client, namespace, testName, WithTLS(keyPassword)), newRequest(), withDownload(server))
	require.NoError(t, err)
	cert, err := b.TLSCertificate(keyPassword)
	require.NoError(t, err)
	secret, err := c.Client.CoreV1().Secrets(namespace).Get(t.Context(), testName, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, corev1.SecretTypeTLS, secret.Type)
	requirePair(t, secret, cert)
}
