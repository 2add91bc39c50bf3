package baas

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/antchain-go/baas/internal/backoff"
	"github.com/antchain-go/baas/internal/check"
	"github.com/antchain-go/baas/internal/clock"
	"github.com/antchain-go/baas/internal/credential"
	"github.com/antchain-go/baas/internal/endpoint"
	"github.com/antchain-go/baas/internal/envelope"
	"github.com/antchain-go/baas/internal/send"
	"github.com/antchain-go/baas/internal/unpack"
)

// Client calls the BaaS API. It is safe for concurrent use; one client for a
// whole program is best, since connections are kept open between calls. Make
// it with NewClient.
type Client struct {
	// A function, so that nothing that prints or compares values by reflection
	// gets at what the client holds.
	core func() *core
}

// core is what there is to a client.
type core struct {
	endpoint       endpoint.Endpoint
	region         string // sent as RegionId; empty for none
	sender         *send.Sender
	credentials    credential.Source
	attemptTimeout time.Duration
	retry          backoff.Policy
	logger         *slog.Logger
	request        *http.Request // what all requests have in common
	paramsInQuery  bool
	refusalCodes   []string
	decompressors  []unpack.Coding
	signature      SignatureVersion

	clock func() clock.Instant
	nonce func() string

	// offset is what has to be added to the wall clock, in nanoseconds, as
	// learned from the service.
	offset atomic.Int64

	gateway clock.Gateway
}

// NewClient returns a client for the endpoint of cn-hangzhou with the default
// provider chain of credentials-go, unless options say otherwise. It sends
// nothing and does not look for credentials yet. Its error is a
// *ValidationError that names every option at fault.
func NewClient(opts ...Option) (*Client, error) {
	o := defaultOptions()
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if faults := o.check(); faults != nil {
		return nil, &ValidationError{Fields: faults}
	}
	c := o.core()
	return &Client{core: func() *core { return c }}, nil
}

// CloseIdleConnections closes the connections of the client's own transport
// that no call is using. It does nothing to a transport that came with
// WithHTTPClient. The client remains usable.
func (c *Client) CloseIdleConnections() {
	if c.made() {
		c.core().sender.CloseIdleConnections()
	}
}

// made reports whether NewClient has made c.
func (c *Client) made() bool { return c != nil && c.core != nil }

// An Operation is a call of an RPC action of the API. Printed or logged, it
// does not show the values that Secrets names.
type Operation struct {
	// Action is the name of the action, such as "DescribeAntChains".
	Action string

	// Params are the action's own parameters, without the common ones, such
	// as Version or Timestamp, which the client adds. They are copied before Do
	// sends anything, and never marshaled.
	Params url.Values `json:"-" xml:"-" yaml:"-" toml:"-" msgpack:"-"`

	// Secrets names the Params whose values are never shown. Those whose names
	// end in Password, Secret, Token or PrivateKey never are.
	Secrets []string

	// ReadOnly says that repeating the call changes nothing, so that it is
	// retried freely. For an action that has a typed method the client knows
	// by itself, and ReadOnly beside one that changes something is a
	// ValidationError. Of any other, if it changes something after all, it may
	// be carried out once for each attempt. Without ReadOnly it is carried out
	// at most once, like an enrollment.
	ReadOnly bool
}

// Do calls any RPC action of the API and decodes the normalized reply,
// {"RequestId":…,"Result":…} whatever shape it came in, into result: a pointer
// to a struct, a map or a json.RawMessage; nil discards it. A reply without a
// Result, or with one that does not fit result, is ErrInvalidResponse, inside an
// OutcomeUnknownError unless the call is ReadOnly. So take what cannot be had
// again into a json.RawMessage.
//
// The errors are those of ApplyAntChainCertificateWithKeyAutoCreation. A ReadOnly
// call never returns an OutcomeUnknownError, but may return ErrInvalidResponse,
// or ErrUnavailable after server errors. Do is safe for concurrent
// use; result must not be touched until it returns.
func (c *Client) Do(ctx context.Context, op Operation, result any, opts ...CallOption) error {
	k := &call{in: prepare(&op)}
	if result != nil && !check.IsPointer(result) {
		k.in.fault("result", "is not a non-nil pointer")
	}
	if err := k.begin(ctx, c, opts); err != nil {
		return err
	}
	defer k.reply.Release()
	a, err := k.run()
	if err != nil || result == nil {
		return err
	}
	normalized, err := envelope.Flat(a.requestID, a.result)
	if err == nil {
		err = json.Unmarshal(normalized, result)
	}
	if err != nil {
		return k.undecodable(a, err)
	}
	return nil
}
