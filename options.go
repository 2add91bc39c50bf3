package baas

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/aliyun/credentials-go/credentials"

	"github.com/antchain-go/baas/internal/backoff"
	"github.com/antchain-go/baas/internal/check"
	"github.com/antchain-go/baas/internal/clock"
	"github.com/antchain-go/baas/internal/credential"
	"github.com/antchain-go/baas/internal/endpoint"
	"github.com/antchain-go/baas/internal/send"
	"github.com/antchain-go/baas/internal/unpack"
)

const (
	defaultRegion         = "cn-hangzhou"
	defaultAttemptTimeout = 90 * time.Second
)

// An Option configures a Client. Nil options are skipped, the order does not
// matter, and of several of a kind the last one wins. NewClient reports bad
// values.
type Option func(*options) error

// options holds what the options say, unchecked, so that the last of a kind
// can win over a bad one. The pointers tell what was given from what was not.
type options struct {
	region         *string
	endpoint       *string
	insecureHTTP   bool
	credential     givenCredential
	httpClient     **http.Client
	attemptTimeout time.Duration
	retry          backoff.Policy
	logger         *slog.Logger
	userAgent      string
	paramsInQuery  bool
	refusalCodes   []string
	decompressors  []unpack.Coding
	signature      SignatureVersion
}

func defaultOptions() options {
	return options{
		credential:     givenCredential{source: credential.Default()},
		attemptTimeout: defaultAttemptTimeout,
		logger:         slog.New(slog.DiscardHandler),
	}
}

// A givenCredential is what WithAccessKey or WithCredential has set.
type givenCredential struct {
	option string // the name of the option; empty for the default chain
	source credential.Source
	reason string // what is wrong with it
}

// WithRegion sets the region whose endpoint is called, and which is sent as
// RegionId with calls that name none; "cn-hangzhou" by default. Its name consists
// of lower-case letters, digits and hyphens.
func WithRegion(regionID string) Option {
	return func(o *options) error { o.region = &regionID; return nil }
}

// WithEndpoint sets the endpoint in the place of the region's: a host, with or
// without a port, or a URL without user info, path and query. The scheme is
// https unless a URL says http, which is accepted for localhost and loopback
// addresses only, unless WithInsecureHTTP is given. Without WithRegion beside it,
// no RegionId is sent.
func WithEndpoint(endpoint string) Option {
	return func(o *options) error { o.endpoint = &endpoint; return nil }
}

// WithAccessKey signs with a fixed access key, without white space in either
// part. Of WithAccessKey and WithCredential the last one given wins.
func WithAccessKey(id, secret string) Option {
	return func(o *options) error {
		source, reason := credential.AccessKey(id, secret)
		o.credential = givenCredential{"WithAccessKey", source, reason}
		return nil
	}
}

// WithCredential takes the credentials from cred, which may take as long as the
// call's context allows. It is asked before each message that is signed, but
// never by two goroutines at once, whichever clients of the program share it.
// Without it and without WithAccessKey the default provider chain of
// credentials-go is used: environment variables, OIDC, the configuration files of
// the aliyun command line, the ECS RAM role, and the credentials URI.
func WithCredential(cred credentials.Credential) Option {
	return func(o *options) error {
		source, reason := credential.Of(cred)
		o.credential = givenCredential{"WithCredential", source, reason}
		return nil
	}
}

// WithHTTPClient sends through hc's Transport; if that is nil, through
// http.DefaultTransport as it is at the time of each call. Nothing else of hc
// is used: redirects are never followed, cookies never sent, and the time
// limit is that of WithAttemptTimeout, since a shorter one loses keys. hc is
// not modified, nor are later changes to it seen.
//
// Over an *http.Transport a request counts as sent once it has a connection.
// Over any other RoundTripper it counts as sent once its body was read: a
// transport that fails before that has sent nothing, and a mock that is to lose a
// reply reads the body first.
//
// # Retries
//
// Each retry uses a new connection. An *http.Transport is cloned for that;
// protocols added with RegisterProtocol do not survive it. Any other
// RoundTripper chooses by itself, so each request asks it to close the connection
// afterwards (Request.Close). What it would send again on a connection that others
// have used is held back, which closes an HTTP/1 connection, until it makes a new
// one. If it ignores Request.Close and keeps to one HTTP/2 connection, a body
// cannot be sent again, and an outcome in doubt stays unknown.
//
// # Limits
//
// The limits on connecting (10 s), the TLS handshake (10 s) and headers (64 KiB)
// are those of the client's own transport, not of hc's.
func WithHTTPClient(hc *http.Client) Option {
	return func(o *options) error { o.httpClient = &hc; return nil }
}

// WithAttemptTimeout bounds each attempt, from connecting to the end of the
// reply; 90 s by default, which is longer than the gateway waits for the
// service. With a shorter one, an application that takes long is abandoned
// with its key. It must be positive. The call as a whole is bounded by its
// context.
func WithAttemptTimeout(d time.Duration) Option {
	return func(o *options) error { o.attemptTimeout = d; return nil }
}

// WithRetryPolicy sets how often and after which delays a call is sent again.
func WithRetryPolicy(p RetryPolicy) Option {
	return func(o *options) error { o.retry = backoff.Policy(p); return nil }
}

// WithLogger logs a debug record per attempt, and a warning when an outcome is
// unknown or a reply was salvaged. No record holds a secret. By default
// nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error { o.logger = l; return nil }
}

// WithUserAgent puts product, such as "wallet/1.2", before the SDK's own name
// in the User-Agent header.
func WithUserAgent(product string) Option {
	return func(o *options) error { o.userAgent = product; return nil }
}

// WithParamsInQuery puts every parameter into the URL query, as the example of
// the reference page does, and leaves the body empty. It costs what the body
// protects: the key's password stands in the access logs of every proxy and
// server on the way. And a request that has a connection counts as sent, so
// that more calls end with an unknown outcome. The method stays POST; over
// HTTP/1 the empty body is sent with chunked encoding.
func WithParamsInQuery() Option {
	return func(o *options) error { o.paramsInQuery = true; return nil }
}

// WithInsecureHTTP allows an endpoint of plain HTTP that is not on this
// machine. Whoever is on the way reads the key's password and the key.
func WithInsecureHTTP() Option {
	return func(o *options) error { o.insecureHTTP = true; return nil }
}

// WithRefusalCodes adds codes of the service that mean that nothing was carried
// out. The service's own codes are not documented: one that the client does not
// recognize leaves the call in doubt. A code has to match exactly. Calls add up.
// A code that is added wins over what its words say, but never over Throttling
// and SignatureNonceUsed.
//
// Only add a code that you have seen, with the console showing that nothing was
// issued: after a code that is added wrongly, a second certificate can be
// issued.
func WithRefusalCodes(codes ...string) Option {
	return func(o *options) error { o.refusalCodes = append(o.refusalCodes, codes...); return nil }
}

// WithDecompressors adds ways to decompress a reply, for a proxy that compresses
// though the client asks it not to: a key in a reply that cannot be read is lost.
// The client knows gzip and deflate by itself; Brotli and Zstandard would cost
// every program a module. Calls add up.
//
// Each opens a reader of what r decompresses to. It is tried on a reply that is
// no JSON object, whatever Content-Encoding says, so it may fail, or read
// nonsense, if r is something else. At most 1 MiB is read, and the reader is
// closed. Several goroutines may call it at once.
func WithDecompressors(open ...func(r io.Reader) (io.ReadCloser, error)) Option {
	return func(o *options) error { o.decompressors = append(o.decompressors, open...); return nil }
}

// WithSignatureVersion sets how requests are signed: SignatureV2 by default.
//
// The documentation of Alibaba Cloud calls version 2 discontinued and recommends
// version 3. What is not known of version 3 is whether the gateway remembers its nonce,
// as it does that of version 2: at most one certificate a call then rests on the
// gateway's documentation alone.
func WithSignatureVersion(v SignatureVersion) Option {
	return func(o *options) error { o.signature = v; return nil }
}

// calledRegion is the one whose endpoint is called.
func (o *options) calledRegion() string {
	if o.region == nil {
		return defaultRegion
	}
	return *o.region
}

// check names every option at fault.
func (o *options) check() (faults []FieldError) {
	fault := func(wrong bool, option, reason string) {
		if wrong {
			faults = append(faults, FieldError{option, reason})
		}
	}
	fault(!endpoint.IsRegion(o.calledRegion()), "WithRegion", "is not the ID of a region")
	if o.endpoint != nil {
		_, reason := endpoint.Parse(*o.endpoint, o.insecureHTTP)
		fault(reason != "", "WithEndpoint", reason)
	}
	fault(o.credential.reason != "", o.credential.option, o.credential.reason)
	fault(o.attemptTimeout <= 0, "WithAttemptTimeout", "is not positive")
	fault(o.retry.Check() != "", "WithRetryPolicy", o.retry.Check())
	fault(o.signature != SignatureV2 && o.signature != SignatureV3, "WithSignatureVersion", "is not a version of the signature")
	fault(o.logger == nil || o.logger.Handler() == nil, "WithLogger", "is nil or has no handler")
	fault(slices.ContainsFunc(o.decompressors, func(c unpack.Coding) bool { return c == nil }), "WithDecompressors", "has one that is nil")
	fault(!check.IsHeaderValue(o.userAgent), "WithUserAgent", "has characters that a header cannot hold")
	if o.httpClient != nil {
		hc := *o.httpClient
		fault(hc == nil || hc.Transport != nil && check.IsNil(hc.Transport), "WithHTTPClient", "is nil or has a nil pointer as Transport")
	}
	return faults
}

// core makes a client's of options that have been checked.
func (o *options) core() *core {
	c := &core{
		endpoint:       endpoint.OfRegion(o.calledRegion()),
		sender:         send.New(nil),
		credentials:    credential.Sent(o.credential.source, o.signature == SignatureV3),
		attemptTimeout: o.attemptTimeout,
		retry:          o.retry.WithDefaults(),
		logger:         o.logger,
		paramsInQuery:  o.paramsInQuery,
		refusalCodes:   slices.Clone(o.refusalCodes),
		decompressors:  slices.Clone(o.decompressors),
		signature:      o.signature,
		clock:          clock.System(),
		nonce:          rand.Text,
	}
	if o.endpoint == nil || o.region != nil {
		c.region = o.calledRegion()
	}
	if o.endpoint != nil {
		c.endpoint, _ = endpoint.Parse(*o.endpoint, o.insecureHTTP)
	}
	if o.httpClient != nil {
		c.sender = send.New(*o.httpClient)
	}
	c.request = &http.Request{
		Method: http.MethodPost, Host: c.endpoint.Host, Header: o.header(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return c
}

// header is that of every request.
func (o *options) header() http.Header {
	agent := "antchain-baas-go/" + version + " " + runtime.Version()
	if o.userAgent != "" {
		agent = o.userAgent + " " + agent
	}
	h := http.Header{"User-Agent": {agent}}
	if o.httpClient != nil {
		// Our own transport asks for no compression; others do unless told. A
		// reply that breaks off has to be readable up to that point.
		h["Accept-Encoding"] = []string{"identity"}
	}
	if !o.paramsInQuery && o.signature == SignatureV2 {
		h["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	}
	return h
}
