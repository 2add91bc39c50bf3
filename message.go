package baas

import (
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/antchain-go/baas/internal/clock"
	"github.com/antchain-go/baas/internal/credential"
	"github.com/antchain-go/baas/internal/sign"
)

// A message is what is sent, to the byte, maybe more than once.
type message struct {
	sign.Output
	header http.Header
	nonce  string
	made   clock.Instant
}

// newMessage makes the message that is sent next, with fresh credentials, nonce
// and timestamp, and journals it; or that of the stamp to be resumed.
func (k *call) newMessage() error {
	if k.opts.resume != nil {
		return k.resumeMessage(*k.opts.resume)
	}
	if err := k.learnGatewayTime(); err != nil {
		return err
	}
	creds, err := k.credentials()
	if err != nil {
		return err
	}
	now := k.c.clock()
	t := now.Wall.Add(k.offset)
	if k.opts.journal != nil {
		t = k.c.gateway.NotAhead(t, now)
	}
	k.sign(creds, k.c.nonce(), t, now)
	return k.journal(t)
}

// credentials asks for the credentials of a message.
func (k *call) credentials() (sign.Credentials, error) {
	creds, err := k.c.credentials.Get(k.ctx)
	if err != nil {
		return creds, k.noCredentials(err)
	}
	k.scrub.Add(creds.AccessKeySecret, creds.SecurityToken, creds.BearerToken)
	return creds, nil
}

// sign makes the bytes of a message.
func (k *call) sign(creds sign.Credentials, nonce string, t time.Time, made clock.Instant) {
	k.message = message{nonce: nonce, made: made}
	k.message.Output = k.c.signature.sign(&sign.Input{
		Action: k.in.name, Version: APIVersion, Host: k.c.endpoint.Host, Nonce: nonce, Time: t,
		Credentials: creds, Params: k.in.params, InQuery: k.c.paramsInQuery,
	})
	k.scrub.Add(k.message.Signature)
	k.message.header = k.c.request.Header
	if signed := k.message.Header; signed != nil {
		k.message.header = signed.Clone()
		maps.Copy(k.message.header, k.c.request.Header)
	} else if !k.c.sender.Own() {
		k.message.header = k.message.header.Clone() // transports of others may write to it
	}
}

// noCredentials is the error of a call that got err instead of credentials.
func (k *call) noCredentials(err error) error {
	var ce *credential.Error
	if errors.As(err, &ce) {
		return &CredentialsError{Provider: ce.Provider, Err: ce.Err, action: k.in.name}
	}
	return k.ended(err, k.last)
}
