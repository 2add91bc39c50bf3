package credential

import (
	"context"
	"errors"
	"testing"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/sign"
)

func TestAccessKey(t *testing.T) {
	t.Parallel()
	const space = "has white space or control characters, as a key that was pasted with its line has"
	for name, tt := range map[string]struct{ id, secret, reason string }{
		"a key":               {"testid", "testsecret", ""},
		"no ID":               {"", "testsecret", "lacks the ID or the secret"},
		"no secret":           {"testid", "", "lacks the ID or the secret"},
		"a line break":        {"testid\n", "testsecret", space},
		"a space":             {"testid", "test secret", space},
		"a control character": {"testid", "testsecret\x00", space},
	} {
		source, reason := AccessKey(tt.id, tt.secret)
		require.Equal(t, tt.reason, reason, name)
		require.Equal(t, reason != "", source == nil, name)
		if source != nil {
			creds, err := source.Get(t.Context())
			require.NoError(t, err, name)
			require.Equal(t, sign.Credentials{AccessKeyID: tt.id, AccessKeySecret: tt.secret, Provider: "static_ak"}, creds, name)
		}
	}
}

// A stub answers GetCredential.
type stub struct {
	credentials.Credential
	answer func() (*credentials.CredentialModel, error)
}

func (s *stub) GetCredential() (*credentials.CredentialModel, error) { return s.answer() }

func TestOf(t *testing.T) {
	t.Parallel()
	for name, cred := range map[string]credentials.Credential{"nothing": nil, "a nil pointer": (*stub)(nil)} {
		source, reason := Of(cred)
		require.Nil(t, source, name)
		require.Equal(t, "is nil", reason, name)
	}
	text := func(s string) *string { return &s }
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		answer   func() (*credentials.CredentialModel, error)
		want     sign.Credentials
		provider string
		fails    string
	}{
		"an access key": {
			answer: func() (*credentials.CredentialModel, error) {
				return &credentials.CredentialModel{AccessKeyId: text("i"), AccessKeySecret: text("s"), SecurityToken: text("t")}, nil
			},
			want: sign.Credentials{AccessKeyID: "i", AccessKeySecret: "s", SecurityToken: "t", Provider: "*credential.stub"},
		},
		"a bearer token": {
			answer: func() (*credentials.CredentialModel, error) {
				return &credentials.CredentialModel{BearerToken: text("b"), AccessKeyId: text(""), ProviderName: text("p")}, nil
			},
			want: sign.Credentials{BearerToken: "b", Provider: "p"},
		},
		"half an access key": {
			answer: func() (*credentials.CredentialModel, error) {
				return &credentials.CredentialModel{AccessKeyId: text("i"), ProviderName: text("p")}, nil
			},
			provider: "p", fails: "GetCredential returned neither a bearer token nor an access key",
		},
		"nothing": {
			answer:   func() (*credentials.CredentialModel, error) { return nil, nil },
			provider: "*credential.stub", fails: "GetCredential returned nil",
		},
		"an error": {
			answer:   func() (*credentials.CredentialModel, error) { return nil, broken },
			provider: "*credential.stub", fails: "broken",
		},
		"a panic": {
			answer:   func() (*credentials.CredentialModel, error) { panic("p") },
			provider: "*credential.stub", fails: "panic: p",
		},
	} {
		source, reason := Of(&stub{answer: tt.answer})
		require.Empty(t, reason, name)
		creds, err := source.Get(t.Context())
		require.Equal(t, tt.want, creds, name)
		if tt.fails == "" {
			require.NoError(t, err, name)
			continue
		}
		var ours *Error
		require.ErrorAs(t, err, &ours, name)
		require.Equal(t, tt.provider, ours.Provider, name)
		require.EqualError(t, ours.Err, tt.fails, name)
	}
}

// TestContextEndsTheWait, and the credential is asked once for all who wait.
func TestContextEndsTheWait(t *testing.T) {
	t.Parallel()
	asked, goOn := make(chan struct{}, 10), make(chan struct{})
	cred := &stub{answer: func() (*credentials.CredentialModel, error) {
		asked <- struct{}{}
		<-goOn
		return nil, errors.New("broken")
	}}
	one, _ := Of(cred)
	other, _ := Of(cred)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := one.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = other.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
	close(goOn)
	require.Empty(t, asked)
}
