package credential

import (
	"context"

	"github.com/antchain-go/baas/internal/check"
	"github.com/antchain-go/baas/internal/sign"
)

// Sent is a Source of the credentials of s that can be sent. Version 3 of the
// signature has them in headers: what no header can hold is refused here, since
// net/http refuses it so late that the request looks sent.
func Sent(s Source, inHeaders bool) Source {
	if inHeaders {
		return headerSource{s}
	}
	return s
}

type headerSource struct{ Source }

func (s headerSource) Get(ctx context.Context) (sign.Credentials, error) {
	c, err := s.Source.Get(ctx)
	if err != nil {
		return c, err
	}
	members := []struct{ name, value string }{{"security token", c.SecurityToken}, {"access key ID", c.AccessKeyID}}
	if c.BearerToken != "" { // then nothing else is sent
		members = []struct{ name, value string }{{"bearer token", c.BearerToken}}
	}
	for _, m := range members {
		if !check.FitsHeader(m.value) {
			return sign.Credentials{}, &Error{Provider: c.Provider, Err: unfitError(m.name)}
		}
	}
	return c, nil
}

// An unfitError is the name of a member that no header can hold.
type unfitError string

func (e unfitError) Error() string {
	return "the " + string(e) + " has characters that a header cannot hold, such as the line break of a file that it was read from"
}
