package baas_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// TestHeaderIsNotShared: what a transport writes to the header of a request
// does not get into the next one.
func TestHeaderIsNotShared(t *testing.T) {
	t.Parallel()
	var seen []http.Header
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Clone())
		r.Header.Set("Authorization", "x")
		r.Header["User-Agent"][0] = "y"
		return answering(400, `{"RequestId":"R","Code":"Throttling"}`)(r)
	}), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 2, MinDelay: time.Millisecond}))
	require.ErrorIs(t, client.Do(t.Context(), baas.Operation{Action: "A"}, nil), baas.ErrThrottled)
	require.Len(t, seen, 2)
	require.Equal(t, seen[0], seen[1])
}

// TestAccessKeyIDIsEscaped, whatever it consists of.
func TestAccessKeyIDIsEscaped(t *testing.T) {
	t.Parallel()
	const id = "a_b&c=d+e%41/é*~"
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		require.True(t, strings.HasPrefix(r.URL.RawQuery, "AccessKeyId=a_b%26c%3Dd%2Be%2541%2F%C3%A9%2A~&Action="), r.URL.RawQuery)
		return answering(200, `{"RequestId":"R","Result":1}`)(r)
	}), baas.WithAccessKey(id, "secret"))
	require.NoError(t, client.Do(t.Context(), baas.Operation{Action: "A"}, nil))
}

// TestLengthOfBodyIsKnown: gateways may refuse a body in chunks.
func TestLengthOfBodyIsKnown(t *testing.T) {
	t.Parallel()
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		require.Positive(t, r.ContentLength)
		return answering(200, documentedReply)(r)
	}))
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
}

// TestSecretsOfTheMessage: the gateway's words hold no credential and no
// signature, also where no query gives them away.
func TestSecretsOfTheMessage(t *testing.T) {
	t.Parallel()
	for name, model := range map[string]credentials.CredentialModel{
		"STS":          {AccessKeyId: ptr("id"), AccessKeySecret: ptr(accessKeySecret), SecurityToken: ptr(securityToken)},
		"bearer token": {BearerToken: ptr(bearerToken)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var signature string
			client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				signature = r.URL.Query().Get("Signature")
				words := strings.Join([]string{"from", signature, accessKeySecret, securityToken, bearerToken, "to"}, " , ")
				if model.BearerToken != nil {
					words = "from , " + bearerToken + " , to"
				}
				return answering(403, `{"RequestId":"R","Code":"Forbidden","Message":`+quote(words)+`}`)(r)
			}), baas.WithCredential(fakeCredential{get: func() (*credentials.CredentialModel, error) { return &model, nil }}))
			err := client.Do(t.Context(), baas.Operation{Action: "A"}, nil)
			var refusal *baas.APIError
			require.ErrorAs(t, err, &refusal)
			if model.BearerToken != nil {
				require.Equal(t, "from , [REDACTED] , to", refusal.Message)
				return
			}
			require.NotEmpty(t, signature)
			require.Equal(t, "from , [REDACTED] , [REDACTED] , [REDACTED] , "+bearerToken+" , to", refusal.Message, "what is not this call's stays")
		})
	}
}

// TestLastErrorIsKept: a call that ends while it waits for credentials still
// says what it was sent again for.
func TestLastErrorIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		defer close(over)
		asked := 0
		client := newClient(t, answering(400, `{"RequestId":"R","Code":"Throttling"}`),
			baas.WithCredential(fakeCredential{get: func() (*credentials.CredentialModel, error) {
				if asked++; asked > 1 {
					<-over
				}
				return &credentials.CredentialModel{AccessKeyId: ptr("id"), AccessKeySecret: ptr("secret")}, nil
			}}), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 2}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := client.Do(ctx, baas.Operation{Action: "A"}, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, baas.ErrThrottled)
	})
}

// TestOldClientResends: the window for a resend begins with the message, not
// with the client.
func TestOldClientResends(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	server.Inject(reply(503, "busy"))
	client := server.Client()
	baas.WithClock(func() (time.Time, time.Duration) { return time.Now(), time.Hour })(client)
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
}

// TestNoCompressionIsAskedFor, whatever the transport would do by itself.
func TestNoCompressionIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt  baas.Option
		want string
	}{
		"the client's own transport": {nil, ""},
		"a transport of net/http":    {baas.WithHTTPClient(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), "identity"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- r.Header.Get("Accept-Encoding")
				_, _ = w.Write([]byte(documentedReply))
			}))
			defer server.Close()
			client, err := baas.NewClient(baas.WithEndpoint(server.URL), baas.WithAccessKey("id", "secret"), c.opt)
			require.NoError(t, err)
			defer client.CloseIdleConnections()
			_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.NoError(t, err)
			require.Equal(t, c.want, <-asked)
		})
	}
}
