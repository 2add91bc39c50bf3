package k8s

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

var (
	errDeleted   = errors.New("it has been deleted meanwhile")
	errImmutable = errors.New("it is immutable, so nothing can be stored in it: use another name, or make one that is not immutable")
	errTooLarge  = errors.New("it has no room, take other data out of it")
	errInvalid   = errors.New("the API server refuses its content")
)

func typeFault(there corev1.SecretType) error {
	return fmt.Errorf("its type is %.80q, which Kubernetes never changes, and WithTLS needs %q: use another name for a new identity, "+
		"or make a copy of that type of an identity that is there", there, corev1.SecretTypeTLS)
}

func foreignFault(key string) error {
	return fmt.Errorf("%s is there and not of this identity; it is left alone: use another name: %w", key, certbundle.ErrExists)
}

// fault names the Secret.
func (s *store) fault(err error) error {
	return fmt.Errorf("k8s: %v: %w", s, err)
}

// An apiFault is an error of the API, with what to do. Its text is that of the
// API server only where that holds no data of the Secret.
type apiFault struct {
	text string
	err  error
}

func (e *apiFault) Error() string { return e.text }
func (e *apiFault) Unwrap() error { return e.err }

func (s *store) apiFault(verb string, err error) error {
	switch {
	case apierrors.IsForbidden(err) && apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return s.fault(fmt.Errorf("%s: the namespace is being deleted: %w", verb, err))
	case apierrors.IsForbidden(err) && verb == "create":
		return s.fault(fmt.Errorf("create is forbidden: give the service account the verb create on secrets, or make an empty Secret of this name: %w", err))
	case apierrors.IsForbidden(err):
		return s.fault(fmt.Errorf("%s is forbidden: give the service account the verb %s on secrets with this resourceName: %w", verb, verb, err))
	case apierrors.IsUnauthorized(err):
		return s.fault(fmt.Errorf("%s: the API server does not accept the credentials; a token may have expired: %w", verb, err))
	}
	return s.fault(fmt.Errorf("%s: %w", verb, err))
}

// swapFault is the error of a create or an update.
func (s *store) swapFault(verb string, err error) error {
	switch {
	case verb == "create" && apierrors.IsNotFound(err):
		return s.fault(fmt.Errorf("create: the namespace is not there: %w", err))
	case apierrors.IsNotFound(err):
		return fmt.Errorf("%w: %w", identity.ErrConflict, s.fault(errDeleted))
	case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
		return fmt.Errorf("%w: %w", identity.ErrConflict, s.fault(fmt.Errorf("%s: somebody else was faster", verb)))
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return s.fault(&apiFault{text: verb + ": " + invalidText(err), err: err})
	case apierrors.IsRequestEntityTooLargeError(err):
		return s.fault(fmt.Errorf("%s: %w: %w", verb, errTooLarge, err))
	}
	return s.apiFault(verb, err)
}

// invalidText names the fields that the API server refuses, and not its
// message, which may quote their values.
func invalidText(err error) string {
	text := errInvalid.Error()
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return text
	}
	for i, cause := range status.Status().Details.Causes {
		if i == 8 {
			break
		}
		text += fmt.Sprintf("; %.80q: %.40q", cause.Field, string(cause.Type))
		if cause.Field == "data" {
			text += " (immutable or too large)"
		}
	}
	return text
}
