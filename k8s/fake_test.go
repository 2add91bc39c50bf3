package k8s

import (
	"bytes"
	"context"
	"maps"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

const (
	testNamespace = "wallet"
	testName      = "wallet-identity"
)

var secretsResource = schema.GroupResource{Resource: "secrets"}

// A cluster is client-go's fake with what that leaves out: resource versions,
// which each write checks and raises.
type cluster struct {
	*fake.Clientset

	mu     sync.Mutex
	next   int
	secret *corev1.Secret
	fail   func(verb string) error // before a request is looked at
}

func newCluster(secret *corev1.Secret) *cluster {
	c := &cluster{Clientset: fake.NewClientset(), next: 7}
	if secret != nil {
		secret.Namespace, secret.Name, secret.ResourceVersion = testNamespace, testName, "7"
		c.secret = secret
	}
	c.PrependReactor("*", "secrets", func(action clienttesting.Action) (bool, runtime.Object, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.fail != nil {
			if err := c.fail(action.GetVerb()); err != nil {
				return true, nil, err
			}
		}
		obj, err := c.do(action)
		if err != nil {
			return true, nil, err
		}
		return true, obj.DeepCopy(), nil
	})
	return c
}

func (c *cluster) do(action clienttesting.Action) (*corev1.Secret, error) {
	switch a := action.(type) {
	case clienttesting.UpdateAction: // has the methods of a create as well
		sent := a.GetObject().(*corev1.Secret).DeepCopy()
		switch {
		case action.GetVerb() == "create" && c.secret != nil:
			return nil, apierrors.NewAlreadyExists(secretsResource, sent.Name)
		case action.GetVerb() == "create":
		case c.secret == nil:
			return nil, apierrors.NewNotFound(secretsResource, sent.Name)
		case sent.ResourceVersion != c.secret.ResourceVersion:
			return nil, apierrors.NewConflict(secretsResource, sent.Name, nil)
		case sent.Type != c.secret.Type:
			return nil, apierrors.NewBadRequest("the type is immutable")
		}
		c.next++
		sent.ResourceVersion = strconv.Itoa(c.next)
		c.secret = sent
	default:
		if c.secret == nil {
			return nil, apierrors.NewNotFound(secretsResource, testName)
		}
	}
	return c.secret, nil
}

// behind returns a client that sees no Secret until two of its writes were
// refused.
func (c *cluster) behind() *fake.Clientset {
	client, refused := fake.NewClientset(), 0
	client.PrependReactor("*", "secrets", func(action clienttesting.Action) (bool, runtime.Object, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if action.GetVerb() == "get" && refused < 2 {
			return true, nil, apierrors.NewNotFound(secretsResource, testName)
		}
		secret, err := c.do(action)
		if err != nil {
			refused++
			return true, nil, err
		}
		return true, secret.DeepCopy(), nil
	})
	return client
}

// there returns the Secret, nil if there is none.
func (c *cluster) there(t *testing.T) *corev1.Secret {
	t.Helper()
	secret, err := c.CoreV1().Secrets(testNamespace).Get(context.Background(), testName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	require.NoError(t, err)
	return secret
}

// change is what somebody else does to the Secret.
func (c *cluster) change(f func(*corev1.Secret) *corev1.Secret) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	if c.secret = f(c.secret.DeepCopy()); c.secret != nil {
		c.secret.ResourceVersion = strconv.Itoa(c.next)
	}
}

func requireSameData(t *testing.T, want, got map[string][]byte) {
	t.Helper()
	require.True(t, maps.EqualFunc(want, got, bytes.Equal), "other data")
}
