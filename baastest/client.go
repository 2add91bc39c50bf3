package baastest

import (
	"fmt"
	"time"

	"github.com/antchain-go/baas"
)

// Client returns a client of this server, with its credential and delays of 1 to 4 milliseconds between attempts.
// The options come after these, so they win. It panics if one of them is bad.
func (s *Server) Client(opts ...baas.Option) *baas.Client {
	all := append([]baas.Option{
		baas.WithEndpoint(s.URL()),
		baas.WithCredential(s.Credential()),
		baas.WithHTTPClient(s.HTTPClient()),
		baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond}),
	}, opts...)
	client, err := baas.NewClient(all...)
	if err != nil {
		panic(fmt.Sprintf("baastest: bad option: %v", err))
	}
	return client
}
