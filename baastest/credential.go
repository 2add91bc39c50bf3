package baastest

import (
	"crypto/rand"
	"errors"
	"sync"

	"github.com/aliyun/credentials-go/credentials"
)

// sharedCredential lets one caller at a time use a credential: those of credentials-go are not safe for concurrent
// use, and the server and its clients use the same one.
type sharedCredential struct {
	mu   sync.Mutex
	cred credentials.Credential
}

func (c *sharedCredential) GetCredential() (*credentials.CredentialModel, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cred.GetCredential()
}

// The members one by one, which the interface still asks for.

func (c *sharedCredential) GetAccessKeyId() (*string, error) {
	id, err := c.identity()
	return &id.accessKeyID, err
}

func (c *sharedCredential) GetAccessKeySecret() (*string, error) {
	id, err := c.identity()
	return &id.accessKeySecret, err
}

func (c *sharedCredential) GetSecurityToken() (*string, error) {
	id, err := c.identity()
	return &id.securityToken, err
}

func (c *sharedCredential) GetBearerToken() *string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cred.GetBearerToken()
}

func (c *sharedCredential) GetType() *string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cred.GetType()
}

// identity is who may call: a bearer token, or an access key with or without a security token.
type identity struct {
	accessKeyID, accessKeySecret, securityToken, bearerToken string
}

// owner names the holder of the identity, for the nonce table.
func (id identity) owner() string {
	if id.bearerToken != "" {
		return "bearer " + id.bearerToken
	}
	return "key " + id.accessKeyID
}

func (c *sharedCredential) identity() (identity, error) {
	model, err := c.GetCredential()
	if err != nil {
		return identity{}, err
	}
	if model == nil {
		return identity{}, errors.New("baastest: the credential supplied nothing")
	}
	return identity{
		accessKeyID:     deref(model.AccessKeyId),
		accessKeySecret: deref(model.AccessKeySecret),
		securityToken:   deref(model.SecurityToken),
		bearerToken:     deref(model.BearerToken),
	}, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// staticKey is an access key that never changes.
type staticKey struct{ id, secret string }

// madeUpCredential is fresh per server, so that a request that reaches the wrong server is refused.
func madeUpCredential() credentials.Credential {
	return staticKey{id: "LTAI" + rand.Text()[:20], secret: rand.Text()}
}

func (k staticKey) GetCredential() (*credentials.CredentialModel, error) {
	model := new(credentials.CredentialModel)
	model.SetAccessKeyId(k.id).SetAccessKeySecret(k.secret).SetType("access_key").SetProviderName("baastest")
	return model, nil
}

func (k staticKey) GetAccessKeyId() (*string, error)     { return &k.id, nil }
func (k staticKey) GetAccessKeySecret() (*string, error) { return &k.secret, nil }
func (k staticKey) GetSecurityToken() (*string, error)   { return new(string), nil }
func (k staticKey) GetBearerToken() *string              { return new(string) }
func (k staticKey) GetType() *string                     { kind := "access_key"; return &kind }
