package baas

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/aliyun/credentials-go/credentials"

	"github.com/antchain-go/baas/internal/sign"
)

// A credentialSource supplies credentials.
type credentialSource interface {
	// get returns the error of ctx if that ended the wait, else a
	// *CredentialsError.
	get(ctx context.Context) (sign.Credentials, error)
}

// A staticSource is an access key that was asked for once and never changes.
type staticSource struct{ creds sign.Credentials }

func (s staticSource) get(context.Context) (sign.Credentials, error) { return s.creds, nil }

// A sharedSource is a credential that may block, takes no context and is not
// safe for concurrent first use. One GetCredential runs at a time, in a
// goroutine of its own, and whoever asks meanwhile gets its result: also another
// client that was given the same credential.
type sharedSource struct {
	// make makes the credential when there is none; nil if it was given.
	make func() (credentials.Credential, error)

	cred credentials.Credential // guarded by the flight, one at a time
}

// flights are those under way in the program, by the credential that was given
// or else by the source. Clients that share a credential share its flight.
var flights = struct {
	sync.Mutex
	of map[any]*flight
}{of: make(map[any]*flight)}

type flight struct {
	done  chan struct{} // closed when creds and err are set
	creds sign.Credentials
	err   error
}

// key is what the flight of the source is found by.
func (s *sharedSource) key() any {
	if s.make == nil && reflect.TypeOf(s.cred).Comparable() {
		return s.cred
	}
	return s
}

func (s *sharedSource) get(ctx context.Context) (sign.Credentials, error) {
	key := s.key()
	flights.Lock()
	f := flights.of[key]
	if f == nil {
		f = &flight{done: make(chan struct{}), err: &CredentialsError{Err: errors.New("GetCredential did not return")}}
		flights.of[key] = f
		go s.fly(key, f)
	}
	flights.Unlock()
	select {
	case <-f.done:
		return f.creds, f.err
	case <-ctx.Done():
		return sign.Credentials{}, ctx.Err()
	}
}

func (s *sharedSource) fly(key any, f *flight) {
	// Deferred, since GetCredential may end its goroutine.
	defer func() {
		flights.Lock()
		delete(flights.of, key)
		flights.Unlock()
		close(f.done)
	}()
	if s.cred == nil {
		s.cred, f.err = s.build()
		if f.err != nil {
			return
		}
	}
	f.creds, f.err = getCredentials(s.cred)
	if f.err != nil && s.make != nil {
		f.err.(*CredentialsError).Provider = defaultProvider
		// The default chain sticks to the last provider it tried, even one
		// that failed; a new chain tries all of them.
		s.cred = nil
	}
}

func (s *sharedSource) build() (cred credentials.Credential, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			err = &CredentialsError{Provider: defaultProvider, Err: err}
		}
	}()
	return s.make()
}

// defaultProvider is what credentials-go calls its provider chain.
const defaultProvider = "default"

// getCredentials asks cred. All errors are *CredentialsError.
func getCredentials(cred credentials.Credential) (c sign.Credentials, err error) {
	provider := fmt.Sprintf("%T", cred)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			c, err = sign.Credentials{}, &CredentialsError{Provider: provider, Err: err}
		}
	}()
	model, err := cred.GetCredential()
	if err != nil {
		return c, err
	}
	if model == nil {
		return c, errors.New("GetCredential returned nil")
	}
	if name := deref(model.ProviderName); name != "" {
		provider = name
	}
	c = sign.Credentials{
		AccessKeyID:     deref(model.AccessKeyId),
		AccessKeySecret: deref(model.AccessKeySecret),
		SecurityToken:   deref(model.SecurityToken),
		BearerToken:     deref(model.BearerToken),
	}
	if c.BearerToken == "" && (c.AccessKeyID == "" || c.AccessKeySecret == "") {
		return c, errors.New("GetCredential returned neither a bearer token nor an access key")
	}
	return c, nil
}

// deref is *s, and nothing if there is none: to credentials-go both mean
// absent.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
