package k8s

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/antchain-go/baas/identity"
)

// requestTimeout bounds one request to the API server, so that a server that is
// silent costs one attempt and not the whole time of the caller.
const requestTimeout = 10 * time.Second

// An Option configures a SecretStore. Nil options are skipped; the last of a
// kind wins.
type Option func(*store)

// WithTLS also keeps the identity as tls.crt and tls.key, in a Secret of type
// kubernetes.io/tls, for programs that read nothing else. password opens the
// private key.
//
//   - tls.key is the private key in the clear: whoever can read the Secret has
//     the identity. Without this option the password is needed as well.
//   - Both are empty until the identity is complete. The API server warns of that,
//     and client-go prints it; see WarningHandler of rest.Config.
//   - Kubernetes never changes the type of a Secret: set the option from the
//     first start on. A Secret of another type, one with a tls.key that is not
//     this identity's, and a complete identity without tls.key are errors.
func WithTLS(password string) Option {
	return func(s *store) { s.tls, s.password = true, password }
}

// SecretStore returns a Store that is one Secret. The record is identity.json
// in it; beside it are client.key, client.crt, ca.crt and trustCa, so that the
// Secret can be mounted, once they are there.
//
// The version of a record is the Secret's resourceVersion. If there is no Secret
// it is created, without a record, and only then; the record always comes with an
// update, and nothing is ever deleted. Labels, annotations, owners and other
// data of the Secret stay as they are. A Secret without identity.json and without
// any of the four files is an Empty record, so the Secret may be made beforehand;
// one with a client.key is an identity whose key is stored.
//
// The client needs the verbs get and update on the Secret, and create on
// secrets, which Kubernetes cannot limit to a name, unless the Secret is there.
// get is enough for an identity that is complete. Each request is bounded to 10
// seconds. The Store is safe for concurrent use, as the client is.
//
// Its String method names the Secret, for identity.FromStore.
//
// Beside identity.ErrConflict, errors wrap those of the API, to be asked for
// with package k8s.io/apimachinery/pkg/api/errors. None holds data of the Secret.
func SecretStore(client kubernetes.Interface, namespace, name string, opts ...Option) identity.Store {
	s := &store{client: client, namespace: namespace, name: name}
	for _, opt := range opts {
		if opt != nil {
			opt(s)
		}
	}
	return s
}

type store struct {
	client          kubernetes.Interface
	namespace, name string
	tls             bool
	password        string
}

// String is how errors and logs name the store; see identity.FromStore.
func (s *store) String() string { return "Secret " + s.namespace + "/" + s.name }

// check finds what makes the store useless.
func (s *store) check() error {
	switch {
	case s.client == nil:
		return errors.New("k8s: client is nil")
	case s.namespace == "":
		return errors.New("k8s: the namespace is empty")
	case s.name == "":
		return errors.New("k8s: the Secret's name is empty")
	}
	return nil
}

// get returns the Secret, nil if there is none. It asks for the latest, not for
// what the API server has cached.
func (s *store) get(ctx context.Context) (*corev1.Secret, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	secret, err := s.client.CoreV1().Secrets(s.namespace).Get(ctx, s.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, s.apiFault("get", err)
	}
	return secret, nil
}

// Load implements identity.Loader.
func (s *store) Load(ctx context.Context) (identity.Record, string, error) {
	secret, err := s.get(ctx)
	if err != nil || secret == nil {
		return identity.Record{}, "", err
	}
	r, err := readRecord(secret.Data)
	if err == nil && s.tls && r.State == identity.Complete {
		err = s.checkTLS(secret, &r)
	}
	if err != nil {
		return identity.Record{}, "", s.fault(err)
	}
	return r, secret.ResourceVersion, nil
}

// Swap implements identity.Store.
func (s *store) Swap(ctx context.Context, r identity.Record, version string) (string, error) {
	secret, err := s.get(ctx)
	if err != nil {
		return "", err
	}
	if secret == nil && version != "" {
		return "", fmt.Errorf("%w: %w", identity.ErrConflict, s.fault(errDeleted))
	}
	if secret != nil && secret.ResourceVersion != version {
		return "", identity.ErrConflict
	}
	if secret == nil {
		if secret, err = s.create(ctx); err != nil {
			return "", err
		}
	}
	if err := s.put(secret, &r); err != nil {
		return "", s.fault(err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	secret, err = s.client.CoreV1().Secrets(s.namespace).Update(ctx, secret, metav1.UpdateOptions{})
	if err != nil {
		return "", s.swapFault("update", err)
	}
	return secret.ResourceVersion, nil
}

// create makes a Secret without a record. The record comes with an update even
// so: who may create but not update must hear of it before anything is applied
// for, not when there is a key to be stored.
func (s *store) create(ctx context.Context) (*corev1.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	secret, err := s.client.CoreV1().Secrets(s.namespace).Create(ctx, s.newSecret(), metav1.CreateOptions{})
	if err != nil {
		return nil, s.swapFault("create", err)
	}
	return secret, nil
}

func (s *store) newSecret() *corev1.Secret {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.name},
		Type:       corev1.SecretTypeOpaque,
	}
	if s.tls {
		secret.Type = corev1.SecretTypeTLS
		// Kubernetes wants both keys, and takes them when they are empty.
		secret.Data = map[string][]byte{corev1.TLSCertKey: {}, corev1.TLSPrivateKeyKey: {}}
	}
	return secret
}
