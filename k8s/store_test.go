package k8s

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/identity/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) func() identity.Store {
		c := newCluster(nil)
		return func() identity.Store { return SecretStore(c, testNamespace, testName) }
	})
}

func record(state identity.State) identity.Record {
	r := identity.Record{
		State: state, Chain: "1q8B5R9p", Consortium: "DV80nJXq", Holder: "host/1/ABC",
		Stamp: &baas.Stamp{Nonce: "n-1", Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Digest: "00ff"},
	}
	if state >= identity.Issued {
		r.Bundle.PrivateKey = []byte("the key")
	}
	if state == identity.Complete {
		r.Bundle.ClientCert, r.Bundle.CACert, r.Bundle.TrustStore = []byte("the certificate"), []byte("the CA"), []byte{0xFE, 0xED}
	}
	return r
}

func TestOneSecretHoldsAll(t *testing.T) {
	t.Parallel()
	c := newCluster(nil)
	s := SecretStore(c, testNamespace, testName)
	v, err := s.Swap(t.Context(), record(identity.Applying), "")
	require.NoError(t, err)
	require.Equal(t, c.there(t).ResourceVersion, v)
	require.Equal(t, []string{"identity.json"}, slices.Sorted(maps.Keys(c.there(t).Data)))
	_, err = s.Swap(t.Context(), record(identity.Complete), v)
	require.NoError(t, err)

	secret := c.there(t)
	require.Equal(t, corev1.SecretTypeOpaque, secret.Type)
	require.Equal(t, []string{"ca.crt", "client.crt", "client.key", "identity.json", "trustCa"}, slices.Sorted(maps.Keys(secret.Data)))
	require.Equal(t, "the key", string(secret.Data["client.key"]))
	require.Equal(t, "the certificate", string(secret.Data["client.crt"]))
	require.Equal(t, "the CA", string(secret.Data["ca.crt"]))
	require.Equal(t, "\xFE\xED", string(secret.Data["trustCa"]))
	require.NotContains(t, string(secret.Data["identity.json"]), "Bundle")
}

func TestWhatIsThere(t *testing.T) {
	t.Parallel()
	data := func(pairs ...string) map[string][]byte {
		m := map[string][]byte{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = []byte(pairs[i+1])
		}
		return m
	}
	for name, c := range map[string]struct {
		data  map[string][]byte
		state identity.State
		err   string
	}{
		"a Secret without a record is Empty at its resourceVersion": {data: data("other", "x")},
		"a client.key without a record is Issued":                   {data: data("client.key", "k"), state: identity.Issued},
		"files without a key are in the way":                        {data: data("client.crt", "c"), err: "client.crt is there without a key"},
		"a record that cannot be read is an error":                  {data: data("identity.json", "{"), err: "identity.json: unexpected end of JSON input"},
		"an empty record is an error":                               {data: data("identity.json", ""), err: "identity.json: "},
		"a record of an unknown State is an error":                  {data: data("identity.json", `{"State":"Revoked"}`), err: "identity.json: identity: unknown state"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := SecretStore(newCluster(&corev1.Secret{Data: c.data}), testNamespace, testName)
			r, version, err := s.Load(t.Context())
			if c.err != "" {
				require.ErrorContains(t, err, "k8s: Secret wallet/wallet-identity: "+c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "7", version)
			assert.Equal(t, c.state, r.State)
			_, err = s.Swap(t.Context(), record(identity.Applying), "")
			assert.ErrorIs(t, err, identity.ErrConflict, "nothing is created over it")
		})
	}
}

func TestOthersStay(t *testing.T) {
	t.Parallel()
	meta := metav1.ObjectMeta{
		Labels: map[string]string{"team": "wallet"}, Annotations: map[string]string{"note": "mine"}, Finalizers: []string{"example.com/keep"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "wallet", UID: "u-1"}},
	}
	c := newCluster(&corev1.Secret{ObjectMeta: *meta.DeepCopy(), Data: map[string][]byte{"other": []byte("x")}})
	s := SecretStore(c, testNamespace, testName)
	v := "7"
	for _, state := range []identity.State{identity.Applying, identity.Complete, identity.Empty} {
		var err error
		v, err = s.Swap(t.Context(), record(state), v)
		require.NoError(t, err)
		there := c.there(t)
		require.Equal(t, meta.Labels, there.Labels)
		require.Equal(t, meta.Annotations, there.Annotations)
		require.Equal(t, meta.Finalizers, there.Finalizers)
		require.Equal(t, meta.OwnerReferences, there.OwnerReferences)
		require.Equal(t, "x", string(there.Data["other"]))
	}
	require.Equal(t, []string{"identity.json", "other"}, slices.Sorted(maps.Keys(c.there(t).Data)), "files of the record before are gone")
}

func TestSwapErrors(t *testing.T) {
	t.Parallel()
	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, testName, field.ErrorList{
		field.Invalid(field.NewPath("data"), "secret value", "it is no good"), field.TooLong(field.NewPath("data"), "secret value", 1<<20),
	})
	for name, c := range map[string]struct {
		verb     string
		err      error
		conflict bool
		text     string
	}{
		"NotFound on Update": {"update", apierrors.NewNotFound(secretsResource, testName), true, "it has been deleted meanwhile"},
		"Conflict":           {"update", apierrors.NewConflict(secretsResource, testName, nil), true, "update: somebody else was faster"},
		"AlreadyExists":      {"create", apierrors.NewAlreadyExists(secretsResource, testName), true, "create: somebody else was faster"},
		"NotFound on Create": {"create", apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, testNamespace), false, "create: the namespace is not there"},
		"Forbidden get": {"get", apierrors.NewForbidden(secretsResource, testName, errors.New("no")), false,
			"get is forbidden: give the service account the verb get on secrets with this resourceName"},
		"Forbidden update": {"update", apierrors.NewForbidden(secretsResource, testName, errors.New("no")), false,
			"update is forbidden: give the service account the verb update on secrets with this resourceName"},
		"Forbidden create": {"create", apierrors.NewForbidden(secretsResource, "", errors.New("no")), false,
			"create is forbidden: give the service account the verb create on secrets, or make an empty Secret of this name"},
		"Unauthorized": {"update", apierrors.NewUnauthorized("no"), false, "update: the API server does not accept the credentials"},
		"Invalid":      {"update", invalid, false, `update: the API server refuses its content; "data": "FieldValueInvalid" (immutable or too large)`},
		"too large":    {"update", apierrors.NewRequestEntityTooLargeError("limit is 3145728"), false, "update: it has no room"},
		"unavailable":  {"update", apierrors.NewServiceUnavailable("later"), false, "update: later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, version := newCluster(nil), ""
			if c.verb == "update" {
				fake, version = newCluster(&corev1.Secret{Data: map[string][]byte{"other": []byte("x")}}), "7"
			}
			fake.fail = func(verb string) error {
				if verb == c.verb {
					return c.err
				}
				return nil
			}
			_, err := SecretStore(fake, testNamespace, testName).Swap(t.Context(), record(identity.Applying), version)
			require.ErrorContains(t, err, "k8s: Secret wallet/wallet-identity: "+c.text)
			require.Equal(t, c.conflict, errors.Is(err, identity.ErrConflict))
			require.NotContains(t, err.Error(), "secret value")
			if !c.conflict {
				require.ErrorIs(t, err, c.err)
			}
		})
	}
}

func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	c := newCluster(nil)
	s := SecretStore(c, testNamespace, testName)
	v, err := s.Swap(t.Context(), record(identity.Applying), "")
	require.NoError(t, err)
	c.change(func(*corev1.Secret) *corev1.Secret { return nil })
	_, err = s.Swap(t.Context(), record(identity.Issued), v)
	require.ErrorIs(t, err, identity.ErrConflict)
	require.ErrorContains(t, err, "deleted")
	require.Nil(t, c.there(t), "nothing is recreated")
}

func TestImmutable(t *testing.T) {
	t.Parallel()
	yes := true
	c := newCluster(&corev1.Secret{Immutable: &yes, Data: map[string][]byte{"other": []byte("x")}})
	before := c.there(t)
	_, err := SecretStore(c, testNamespace, testName).Swap(t.Context(), record(identity.Applying), "7")
	require.ErrorContains(t, err, "k8s: Secret wallet/wallet-identity: it is immutable")
	requireSameData(t, before.Data, c.there(t).Data)
}

func TestSize(t *testing.T) {
	t.Parallel()
	data := map[string][]byte{"other": make([]byte, corev1.MaxSecretSize-room+1)}
	c := newCluster(&corev1.Secret{Data: data})
	s := SecretStore(c, testNamespace, testName)
	_, err := s.Swap(t.Context(), record(identity.Applying), "7")
	require.ErrorContains(t, err, "it has no room")
	require.ErrorContains(t, err, `the largest of its data is "other"`)
	requireSameData(t, data, c.there(t).Data)

	v, err := s.Swap(t.Context(), record(identity.Issued), "7")
	require.NoError(t, err, "a key has the room that was kept")
	big := record(identity.Complete)
	big.Bundle.TrustStore = make([]byte, room)
	_, err = s.Swap(t.Context(), big, v)
	require.ErrorContains(t, err, "it has no room")
	require.Equal(t, "the key", string(c.there(t).Data["client.key"]))
}

func TestUseless(t *testing.T) {
	t.Parallel()
	for text, s := range map[string]identity.Store{
		"k8s: client is nil":              SecretStore(nil, "a", "b"),
		"k8s: the namespace is empty":     SecretStore(newCluster(nil), "", "b"),
		"k8s: the Secret's name is empty": SecretStore(newCluster(nil), "a", "", nil),
	} {
		_, _, err := s.Load(t.Context())
		require.EqualError(t, err, text)
		_, err = s.Swap(t.Context(), identity.Record{}, "")
		require.EqualError(t, err, text)
	}
}

// issued is a complete identity of a test server.
func issued(t *testing.T) (identity.Record, certbundle.Bundle) {
	t.Helper()
	b := enroll(t)
	r := record(identity.Complete)
	r.Bundle = b
	return r, b
}

func TestTLS(t *testing.T) {
	t.Parallel()
	complete, b := issued(t)
	cert, err := b.TLSCertificate(keyPassword)
	require.NoError(t, err)

	t.Run("tls.crt and tls.key are empty until the identity is complete", func(t *testing.T) {
		c := newCluster(nil)
		s := SecretStore(c, testNamespace, testName, WithTLS(keyPassword))
		v, err := s.Swap(t.Context(), record(identity.Applying), "")
		require.NoError(t, err)
		require.Equal(t, corev1.SecretTypeTLS, c.there(t).Type)
		for _, key := range []string{"tls.crt", "tls.key"} {
			value, ok := c.there(t).Data[key]
			require.True(t, ok)
			require.Empty(t, value)
		}
		v, err = s.Swap(t.Context(), record(identity.Issued), v)
		require.NoError(t, err)
		require.Empty(t, c.there(t).Data["tls.key"])
		_, err = s.Swap(t.Context(), complete, v)
		require.NoError(t, err)
		requirePair(t, c.there(t), cert)
		r, _, err := s.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, b, r.Bundle)
	})
	t.Run("a wrong password leaves the key", func(t *testing.T) {
		c := newCluster(nil)
		s := SecretStore(c, testNamespace, testName, WithTLS("wrong"))
		v, err := s.Swap(t.Context(), record(identity.Issued), "")
		require.NoError(t, err)
		_, err = s.Swap(t.Context(), complete, v)
		require.ErrorIs(t, err, certbundle.ErrPassword)
		require.Equal(t, "the key", string(c.there(t).Data["client.key"]))
	})
	t.Run("a Secret of another type", func(t *testing.T) {
		c := newCluster(&corev1.Secret{Type: corev1.SecretTypeOpaque})
		_, err := SecretStore(c, testNamespace, testName, WithTLS(keyPassword)).Swap(t.Context(), record(identity.Applying), "7")
		require.ErrorContains(t, err, `its type is "Opaque", which Kubernetes never changes`)
	})
	t.Run("a tls.key that is not this identity's", func(t *testing.T) {
		c := newCluster(&corev1.Secret{Type: corev1.SecretTypeTLS, Data: map[string][]byte{"tls.key": []byte("theirs")}})
		s := SecretStore(c, testNamespace, testName, WithTLS(keyPassword))
		for _, r := range []identity.Record{record(identity.Applying), complete} {
			_, err := s.Swap(t.Context(), r, "7")
			require.ErrorContains(t, err, "tls.key is there and not of this identity")
			require.ErrorIs(t, err, certbundle.ErrExists)
		}
		_, err := s.Swap(t.Context(), record(identity.Issued), "7")
		require.NoError(t, err, "a key is stored first")
		require.Equal(t, "theirs", string(c.there(t).Data["tls.key"]))
		_, err = SecretStore(c, testNamespace, testName).Swap(t.Context(), complete, c.there(t).ResourceVersion)
		require.NoError(t, err)
		_, _, err = s.Load(t.Context())
		require.ErrorIs(t, err, certbundle.ErrExists, "of a complete identity as well")
	})
	t.Run("a complete identity without tls.key", func(t *testing.T) {
		c := newCluster(&corev1.Secret{Type: corev1.SecretTypeTLS, Data: map[string][]byte{"tls.key": {}, "tls.crt": {}}})
		_, err := SecretStore(c, testNamespace, testName).Swap(t.Context(), complete, "7")
		require.NoError(t, err)
		_, _, err = SecretStore(c, testNamespace, testName, WithTLS(keyPassword)).Load(t.Context())
		require.ErrorContains(t, err, "it was completed without WithTLS")
	})
}

func TestStoreKeepsNoSecretInErrors(t *testing.T) {
	t.Parallel()
	c := newCluster(nil)
	c.fail = func(string) error { return context.DeadlineExceeded }
	s := SecretStore(c, testNamespace, testName, WithTLS(keyPassword))
	_, err := s.Swap(t.Context(), record(identity.Complete), "")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotContains(t, err.Error(), "the key")
	require.NotContains(t, err.Error(), keyPassword)
}

// A silent API server costs one attempt; the context of the caller goes on.
func TestSilentAPIServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		client, err := kubernetes.NewForConfigAndClient(&rest.Config{Host: "http://127.0.0.1"}, &http.Client{Transport: silent})
		require.NoError(t, err)
		begin := time.Now()
		_, _, err = SecretStore(client, testNamespace, testName).Load(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, requestTimeout, time.Since(begin))
		require.NoError(t, t.Context().Err())
	})
}
