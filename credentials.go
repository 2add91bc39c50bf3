package baas

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aliyun/credentials-go/credentials"
)

// keys are the credentials of one attempt.
type keys struct {
	accessKeyID, accessKeySecret string
	securityToken                string // with STS credentials
	bearerToken                  string // instead of all others
}

// A keySource supplies credentials.
type keySource interface {
	// keys returns the error of ctx if that ended the wait, else a
	// *CredentialsError.
	keys(ctx context.Context) (keys, error)
}

// A staticSource is an access key that was asked for once and never changes.
type staticSource struct{ fixed keys }

func (s staticSource) keys(context.Context) (keys, error) { return s.fixed, nil }

// A sharedSource is a credential that may block, takes no context and is not
// safe for concurrent first use: one GetCredential runs at a time, in a
// goroutine of its own, and whoever asks meanwhile gets its result.
type sharedSource struct {
	// make makes the credential when there is none; nil if it was given.
	make func() (credentials.Credential, error)

	mu     sync.Mutex
	cred   credentials.Credential // guarded by the flight, one at a time
	flight *flight
}

type flight struct {
	done chan struct{} // closed when keys and err are set
	keys keys
	err  error
}

func (s *sharedSource) keys(ctx context.Context) (keys, error) {
	s.mu.Lock()
	f := s.flight
	if f == nil {
		f = &flight{done: make(chan struct{}), err: &CredentialsError{Err: errors.New("GetCredential did not return")}}
		s.flight = f
		go s.fly(f)
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.keys, f.err
	case <-ctx.Done():
		return keys{}, ctx.Err()
	}
}

func (s *sharedSource) fly(f *flight) {
	// Deferred, since GetCredential may end its goroutine.
	defer func() {
		s.mu.Lock()
		s.flight = nil
		s.mu.Unlock()
		close(f.done)
	}()
	if s.cred == nil {
		s.cred, f.err = s.build()
		if f.err != nil {
			return
		}
	}
	f.keys, f.err = getKeys(s.cred)
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

// getKeys asks cred. All errors are *CredentialsError.
func getKeys(cred credentials.Credential) (k keys, err error) {
	provider := fmt.Sprintf("%T", cred)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			k, err = keys{}, &CredentialsError{Provider: provider, Err: err}
		}
	}()
	model, err := cred.GetCredential()
	if err != nil {
		return k, err
	}
	if model == nil {
		return k, errors.New("GetCredential returned nil")
	}
	if name := text(model.ProviderName); name != "" {
		provider = name
	}
	k = keys{
		accessKeyID:     text(model.AccessKeyId),
		accessKeySecret: text(model.AccessKeySecret),
		securityToken:   text(model.SecurityToken),
		bearerToken:     text(model.BearerToken),
	}
	if k.bearerToken == "" && (k.accessKeyID == "" || k.accessKeySecret == "") {
		return k, errors.New("GetCredential returned neither a bearer token nor an access key")
	}
	return k, nil
}

// text is *s, and nothing if there is none: to credentials-go both mean
// absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
