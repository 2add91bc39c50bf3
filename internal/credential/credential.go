// Package credential asks credentials-go for credentials, which takes no context,
// may block, and is not safe for concurrent first use. It imports internal/sign
// for their type, internal/check for what callers give, and nothing else of this
// module.
package credential

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"

	"github.com/aliyun/credentials-go/credentials"

	"github.com/antchain-go/baas/internal/check"
	"github.com/antchain-go/baas/internal/sign"
)

// A Source supplies credentials.
type Source interface {
	// Get returns the error of ctx if that ended the wait, else an *Error.
	Get(ctx context.Context) (sign.Credentials, error)
}

// An Error says that credentials-go could not supply credentials, or none that
// can be sent. Its text has nothing of what credentials-go says.
type Error struct {
	Provider string
	Err      error
}

func (e *Error) Error() string {
	text := "no credentials from provider " + strconv.Quote(e.Provider)
	if unfit, ok := e.Err.(unfitError); ok {
		return text + " that signature version 3 can send: " + unfit.Error()
	}
	if e.Provider == defaultProvider {
		text += ": set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or use WithAccessKey or WithCredential"
	}
	return text
}

// Of is a Source that asks cred, and takes turns with all others that do; or the
// reason why cred is none.
func Of(cred credentials.Credential) (s Source, reason string) {
	if check.IsNil(cred) {
		return nil, "is nil"
	}
	return &sharedSource{cred: cred}, ""
}

// Default is a Source that asks the default provider chain of credentials-go.
func Default() Source {
	return &sharedSource{make: func() (credentials.Credential, error) { return credentials.NewCredential(nil) }}
}

// AccessKey is a Source of a fixed access key, or the reason why there cannot be
// one.
func AccessKey(id, secret string) (s Source, reason string) {
	switch {
	case id == "" || secret == "":
		return nil, "lacks the ID or the secret"
	case check.HasSpace(id) || check.HasSpace(secret):
		return nil, "has white space or control characters, as a key that was pasted with its line has"
	}
	config := new(credentials.Config).SetType("access_key").SetAccessKeyId(id).SetAccessKeySecret(secret)
	make := func() (credentials.Credential, error) { return credentials.NewCredential(config) }
	cred, err := make()
	if err == nil {
		var fixed sign.Credentials
		if fixed, err = getCredentials(cred); err == nil {
			return staticSource{fixed}, ""
		}
	}
	// It refuses empty members only. If ever it refuses more, each call says so.
	return &sharedSource{make: make}, ""
}

// A staticSource is an access key that was asked for once and never changes.
type staticSource struct{ creds sign.Credentials }

func (s staticSource) Get(context.Context) (sign.Credentials, error) { return s.creds, nil }

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

func (s *sharedSource) Get(ctx context.Context) (sign.Credentials, error) {
	key := s.key()
	flights.Lock()
	f := flights.of[key]
	if f == nil {
		f = &flight{done: make(chan struct{}), err: &Error{Err: errors.New("GetCredential did not return")}}
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
	switch {
	case s.make == nil:
	case f.err == nil:
		f.creds.Provider = defaultProvider
	default:
		f.err.(*Error).Provider = defaultProvider
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
			err = &Error{Provider: defaultProvider, Err: err}
		}
	}()
	return s.make()
}

// defaultProvider is what credentials-go calls its provider chain.
const defaultProvider = "default"

// getCredentials asks cred. All errors are *Error.
func getCredentials(cred credentials.Credential) (c sign.Credentials, err error) {
	provider := fmt.Sprintf("%T", cred)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			c, err = sign.Credentials{}, &Error{Provider: provider, Err: err}
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
		Provider:        provider,
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
