package baas_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// fakeCredential supplies what get says. It has no other method that works,
// since no other may be used.
type fakeCredential struct {
	credentials.Credential
	get func() (*credentials.CredentialModel, error)
}

func (f fakeCredential) GetCredential() (*credentials.CredentialModel, error) { return f.get() }

func ptr(s string) *string { return &s }

// TestCredentialKinds: baastest verifies what each kind is to send.
func TestCredentialKinds(t *testing.T) {
	t.Parallel()
	for kind, cred := range credentialsOfEveryKind(t) {
		for mode, opts := range map[string][]baas.Option{"in the body": nil, "in the query": {baas.WithParamsInQuery()}} {
			t.Run(kind+", parameters "+mode, func(t *testing.T) {
				t.Parallel()
				server := baastest.NewServer(baastest.WithCredential(cred))
				defer server.Close()
				_, err := server.Client(opts...).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				require.NoError(t, err)
				params := server.Requests()[0].Params
				require.Equal(t, kind == "sts", params.Has("SecurityToken"))
				require.Equal(t, kind == "bearer", params.Has("BearerToken"))
				require.Equal(t, kind == "bearer", params.Get("SignatureType") == "BEARERTOKEN")
				require.Equal(t, kind != "bearer", params.Has("Signature") && params.Has("AccessKeyId"))
			})
		}
	}
	t.Run("nil and empty members mean absent", func(t *testing.T) {
		t.Parallel()
		cred := fakeCredential{get: func() (*credentials.CredentialModel, error) {
			return &credentials.CredentialModel{AccessKeyId: ptr("id"), AccessKeySecret: ptr("s"), SecurityToken: ptr("")}, nil
		}}
		server := baastest.NewServer(baastest.WithCredential(cred))
		defer server.Close()
		_, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		require.NoError(t, err)
		require.False(t, server.Requests()[0].Params.Has("SecurityToken"))
		require.False(t, server.Requests()[0].Params.Has("BearerToken"))
	})
}

func TestCredentialFailures(t *testing.T) {
	t.Parallel()
	type model = credentials.CredentialModel
	for name, get := range map[string]func() (*model, error){
		"an error":           func() (*model, error) { return nil, errors.New("no") },
		"nil":                func() (*model, error) { return nil, nil },
		"nothing in it":      func() (*model, error) { return new(model), nil },
		"no secret":          func() (*model, error) { return &model{AccessKeyId: ptr("id"), AccessKeySecret: ptr("")}, nil },
		"no ID":              func() (*model, error) { return &model{AccessKeySecret: ptr("s")}, nil },
		"a panic":            func() (*model, error) { panic("boom") },
		"its goroutine ends": func() (*model, error) { runtime.Goexit(); return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
				t.Error("something was sent")
				return nil, errDial
			}), baas.WithCredential(fakeCredential{get: get}))
			for range 2 {
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				require.ErrorIs(t, err, baas.ErrCredentials)
				var ce *baas.CredentialsError
				require.ErrorAs(t, err, &ce)
				require.Error(t, ce.Err)
			}
		})
	}
}

// TestCredentialsThatNoHeaderHolds: with version 3 they are refused before anything
// is signed, not found out by net/http when the message may have been sent.
func TestCredentialsThatNoHeaderHolds(t *testing.T) {
	t.Parallel()
	const secretPart = "t0ken-of-this-test"
	type model = credentials.CredentialModel
	key := func(id, token string) *model {
		return &model{AccessKeyId: &id, AccessKeySecret: ptr("s\n"), SecurityToken: &token, ProviderName: ptr("p")}
	}
	bearer := func(token string) *model {
		return &model{BearerToken: &token, AccessKeyId: ptr("unused\n"), ProviderName: ptr("p")}
	}
	for name, tt := range map[string]struct {
		model *model
		fault string // of version 3
	}{
		"a security token that ends in a line break":       {key("id", secretPart+"\n"), "the security token has"},
		"a security token with a control character":        {key("id", secretPart+"\x00"), "the security token has"},
		"a security token that is not ASCII":               {key("id", secretPart+"密"), ""},
		"a security token in white space":                  {key("id", " "+secretPart+" "), ""},
		"a bearer token that ends in a line break":         {bearer(secretPart + "\r\n"), "the bearer token has"},
		"a bearer token, and an access key that is unused": {bearer(secretPart), ""},
		"an access key ID that ends in a line break":       {key("id\n", ""), "the access key ID has"},
	} {
		for version, signature := range versions {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				cred := fakeCredential{get: func() (*model, error) { return tt.model, nil }}
				server := baastest.NewServer(baastest.WithInMemory(), baastest.WithCredential(cred))
				defer server.Close()
				journaled := 0
				_, err := server.Client(baas.WithSignatureVersion(signature)).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(),
					baas.WithJournal(func(context.Context, baas.Stamp) error { journaled++; return nil }))
				if tt.fault == "" || version == "version 2" {
					require.NoError(t, err)
					require.Equal(t, 1, server.Issued())
					return
				}
				require.ErrorIs(t, err, baas.ErrCredentials)
				require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
				var ce *baas.CredentialsError
				require.ErrorAs(t, err, &ce)
				require.Equal(t, "p", ce.Provider)
				require.ErrorContains(t, ce.Err, tt.fault)
				require.ErrorContains(t, err, `provider "p" that signature version 3 can send: `+tt.fault+" characters that a header cannot hold")
				for _, text := range append(everyText(err), ce.Err.Error()) {
					require.NotContains(t, text, secretPart)
				}
				require.Zero(t, journaled)
				require.Empty(t, server.Requests())
			})
		}
	}
}

// TestCredentialsAreAskedAfresh: before every attempt but one that sends the
// same bytes.
func TestCredentialsAreAskedAfresh(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		faults []baastest.Fault
		asked  int32
	}{
		{"one attempt", nil, 1},
		{"throttled", throttles(2), 3},
		{"clock corrected", []baastest.Fault{oldClock(20 * time.Minute)}, 2},
		{"in doubt", []baastest.Fault{baastest.Throttle(), baastest.DropBefore(), baastest.DropBefore()}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := baastest.NewServer(baastest.WithInMemory())
				defer server.Close()
				var asked atomic.Int32
				cred := fakeCredential{get: func() (*credentials.CredentialModel, error) {
					asked.Add(1)
					return server.Credential().GetCredential()
				}}
				server.Inject(c.faults...)
				_, _ = server.Client(baas.WithCredential(cred)).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				require.Len(t, server.Requests(), len(c.faults)+1)
				require.Equal(t, c.asked, asked.Load())
			})
		})
	}
}

// TestOneGetCredentialAtATime: credentials-go is not safe for concurrent first
// use, and callers wait no longer than their context.
func TestOneGetCredentialAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baastest.NewServer(baastest.WithInMemory())
		defer server.Close()
		model, err := server.Credential().GetCredential()
		require.NoError(t, err)
		var running, most atomic.Int32
		cred := fakeCredential{get: func() (*credentials.CredentialModel, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Minute) // of the bubble
			return model, nil
		}}
		client := server.Client(baas.WithCredential(cred))
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				require.NoError(t, err)
			})
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.NotErrorIs(t, err, baas.ErrCredentials)
				require.Equal(t, time.Second, time.Since(start), "at once")
			})
		}
		calls.Wait()
		require.Equal(t, int32(1), most.Load())
		require.Equal(t, 10, server.Issued())
	})
}

// TestDefaultChain: without credentials given, the provider chain is asked,
// and is built anew after a failure.
func TestDefaultChain(t *testing.T) {
	for _, name := range []string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN",
		"ALIBABA_CLOUD_OIDC_TOKEN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_PROFILE",
		"ALIBABA_CLOUD_CREDENTIALS_FILE", "ALIBABA_CLOUD_CONFIG_FILE",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
	server := baastest.NewServer()
	defer server.Close()
	client, err := baas.NewClient(baas.WithEndpoint(server.URL()), baas.WithHTTPClient(server.HTTPClient()))
	require.NoError(t, err, "no credentials are needed yet")
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.ErrorIs(t, err, baas.ErrCredentials)
	var ce *baas.CredentialsError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, "default", ce.Provider)

	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", *model.AccessKeyId)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", *model.AccessKeySecret)
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err, "a chain that failed is not stuck to")
}
