package baastest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

func newCredential(t *testing.T, c *credentials.Config) credentials.Credential {
	t.Helper()
	cred, err := credentials.NewCredential(c)
	require.NoError(t, err)
	return cred
}

func TestSecurityToken(t *testing.T) {
	t.Parallel()
	c := new(credentials.Config)
	c.SetType("sts").SetAccessKeyId("STS.id").SetAccessKeySecret("secret").SetSecurityToken("token/+=")
	srv := newServer(t, baastest.WithCredential(newCredential(t, c)))
	for name, tt := range map[string]struct {
		token *string
		code  string
	}{
		"right":   {ptr("token/+="), "MissingAntChainId"},
		"wrong":   {ptr("token"), "InvalidSecurityToken.MalFormed"},
		"empty":   {ptr(""), "InvalidSecurityToken.MalFormed"},
		"missing": {nil, "InvalidSecurityToken.MalFormed"},
	} {
		t.Run(name, func(t *testing.T) {
			v := application(t, srv, time.Now())
			v.Del("AntChainId")
			v.Del("SecurityToken")
			if tt.token != nil {
				v.Set("SecurityToken", *tt.token)
			}
			a := mustPost(t, srv, sign(http.MethodPost, v, "secret"))
			require.Equal(t, tt.code, a.refusal(t).Code)
			require.Equal(t, http.StatusBadRequest, a.status)
		})
	}
}

func ptr(s string) *string { return &s }

func TestBearerToken(t *testing.T) {
	t.Parallel()
	c := new(credentials.Config)
	c.SetType("bearer").SetBearerToken("the token")
	srv := newServer(t, baastest.WithCredential(newCredential(t, c)))
	send := func(change func(url.Values)) string {
		v := application(t, srv, time.Now())
		v.Del("AntChainId")
		change(v)
		return mustPost(t, srv, v).refusal(t).Code
	}
	require.Equal(t, "MissingAntChainId", send(func(url.Values) {}), "no access key, no signature")
	require.Equal(t, "InvalidBearerToken", send(func(v url.Values) { v.Set("BearerToken", "other") }))
	require.Equal(t, "MissingBearerToken", send(func(v url.Values) { v.Del("BearerToken") }))
	require.Equal(t, "MissingSignatureNonce", send(func(v url.Values) { v.Del("SignatureNonce") }))
	require.Equal(t, "InvalidAccessKeyId.NotFound", send(func(v url.Values) {
		v.Del("SignatureType")
		v.Set("AccessKeyId", "id")
		v.Set("Signature", "s")
	}), "a key is no bearer token")
	require.Equal(t, "MissingAntChainId", send(func(v url.Values) { v.Set("SignatureNonce", "n") }))
	require.Equal(t, "SignatureNonceUsed", send(func(v url.Values) { v.Set("SignatureNonce", "n") }))
}

// rotating is a credential that a test can change or break.
type rotating struct {
	credentials.Credential
	secret, bearer string
	err            error
}

func (r *rotating) GetCredential() (*credentials.CredentialModel, error) {
	if r.err != nil {
		return nil, r.err
	}
	model := new(credentials.CredentialModel)
	return model.SetAccessKeyId("id").SetAccessKeySecret(r.secret).SetBearerToken(r.bearer), nil
}

func TestCredentialIsAskedAfreshForEveryRequest(t *testing.T) {
	t.Parallel()
	cred := &rotating{secret: "one"}
	srv := newServer(t, baastest.WithCredential(cred))
	code := func() string {
		v := url.Values{"AccessKeyId": {"id"}}
		for name, values := range application(t, newServer(t), time.Now()) {
			if name != "AccessKeyId" && name != "AntChainId" {
				v[name] = values
			}
		}
		return mustPost(t, srv, sign(http.MethodPost, v, "one")).refusal(t).Code
	}
	require.Equal(t, "MissingAntChainId", code())
	cred.secret = "two"
	require.Equal(t, "SignatureDoesNotMatch", code())
	cred.secret, cred.bearer = "one", "token"
	require.Equal(t, "InvalidAccessKeyId.NotFound", code(), "a bearer token stands instead of the key beside it")
	cred.err = http.ErrNotSupported
	require.Equal(t, "InvalidAccessKeyId.NotFound", code())
}

func TestEachServerHasItsOwnKey(t *testing.T) {
	t.Parallel()
	a, b := newServer(t), newServer(t)
	require.NotEqual(t, keyID(t, a), keyID(t, b))
	require.NotEqual(t, secretOf(t, a), secretOf(t, b))
}
