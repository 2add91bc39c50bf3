package baas

import (
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/aliyun/credentials-go/credentials"
)

// version is the version of this module.
const version = "0.1.0"

const defaultAttemptTimeout = 90 * time.Second

// An Option configures a Client. Nil options are skipped, the order does not
// matter, and of several of a kind the last one wins. NewClient reports bad
// values.
type Option func(*options) error

// options holds what the options say, unchecked, so that the last of a kind
// can win over a bad one.
type options struct {
	region         string
	endpoint       *string
	insecureHTTP   bool
	credential     *credential
	httpClient     **http.Client
	attemptTimeout time.Duration
	retry          RetryPolicy
	logger         **slog.Logger
	userAgent      string
	paramsInQuery  bool
}

// A credential is what WithAccessKey or WithCredential was given.
type credential struct {
	option     string // the name of the option
	id, secret string
	cred       credentials.Credential
}

// WithRegion sets the region whose endpoint is called; "cn-hangzhou" by
// default. Its name consists of lower-case letters, digits and hyphens.
func WithRegion(regionID string) Option {
	return func(o *options) error { o.region = regionID; return nil }
}

// WithEndpoint sets the endpoint in the place of the region's: a host, with or
// without a port, or a URL without user info, path and query. The scheme is
// https unless a URL says http, which is accepted for localhost and loopback
// addresses only, unless WithInsecureHTTP is given.
func WithEndpoint(endpoint string) Option {
	return func(o *options) error { o.endpoint = &endpoint; return nil }
}

// WithAccessKey signs with a fixed access key. Of WithAccessKey and
// WithCredential the last one given wins.
func WithAccessKey(id, secret string) Option {
	return func(o *options) error {
		o.credential = &credential{option: "WithAccessKey", id: id, secret: secret}
		return nil
	}
}

// WithCredential takes the credentials from cred, which is asked before each
// attempt, but never by two goroutines at once, and may take as long as the
// call's context allows. Without it and without WithAccessKey the default
// provider chain of credentials-go is used: environment variables, OIDC, the
// configuration files of the aliyun command line, the ECS RAM role, and the
// credentials URI.
func WithCredential(cred credentials.Credential) Option {
	return func(o *options) error {
		o.credential = &credential{option: "WithCredential", cred: cred}
		return nil
	}
}

// WithHTTPClient sends through hc's Transport; if that is nil, through
// http.DefaultTransport as it is at the time of each call. Nothing else of hc
// is used: redirects are never followed, cookies never sent, and the time
// limit is that of WithAttemptTimeout, since a shorter one loses keys. hc is
// not modified, nor are later changes to it seen.
//
// After a call has come in doubt, an *http.Transport is cloned for a new
// connection, which protocols that were added with RegisterProtocol do not
// survive. Any other RoundTripper has its idle connections closed if it can
// do that, and what it would send on an old one is held back: if it keeps to
// one HTTP/2 connection, nothing can be sent again and the outcome stays
// unknown. The limits on connecting (10 s), the TLS handshake (10 s) and
// headers (64 KiB) are those of the client's own transport.
//
// Whether a request was sent is told by its body: a transport that fails
// before it has read the body has sent nothing, and the client sends again. A
// mock that is to lose a reply reads the body first.
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
	return func(o *options) error { o.retry = p; return nil }
}

// WithLogger logs a debug record per attempt, and a warning when an outcome is
// unknown or a reply was salvaged. No record holds a secret. By default
// nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error { o.logger = &l; return nil }
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

// NewClient returns a client for the endpoint of cn-hangzhou with the default
// provider chain of credentials-go, unless options say otherwise. It sends
// nothing and does not look for credentials yet. Its error is a
// *ValidationError that names every option at fault.
func NewClient(opts ...Option) (*Client, error) {
	o := options{region: defaultRegion, attemptTimeout: defaultAttemptTimeout}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	return o.client()
}

// client checks the options and makes the client of them.
func (o *options) client() (*Client, error) {
	var faults []FieldError
	fault := func(option, reason string) { faults = append(faults, FieldError{option, reason}) }

	c := &Client{
		endpoint:       endpoint{scheme: "https", host: regionHost(o.region)},
		attemptTimeout: o.attemptTimeout,
		retry:          o.retry.withDefaults(),
		logger:         slog.New(slog.DiscardHandler),
		paramsInQuery:  o.paramsInQuery,
		clock:          systemClock(),
		nonce:          newNonce,
	}
	if !isRegion(o.region) {
		fault("WithRegion", "is not the ID of a region")
	}
	if o.endpoint != nil {
		var reason string
		if c.endpoint, reason = parseEndpoint(*o.endpoint, o.insecureHTTP); reason != "" {
			fault("WithEndpoint", reason)
		}
	}
	if option, reason := o.checkCredential(); reason != "" {
		fault(option, reason)
	}
	if o.attemptTimeout <= 0 {
		fault("WithAttemptTimeout", "is not positive")
	}
	if reason := o.retry.check(); reason != "" {
		fault("WithRetryPolicy", reason)
	}
	switch {
	case o.logger == nil:
	case *o.logger == nil || (*o.logger).Handler() == nil:
		fault("WithLogger", "is nil or has no handler")
	default:
		c.logger = *o.logger
	}
	if !isHeaderValue(o.userAgent) {
		fault("WithUserAgent", "has characters that a header cannot hold")
	}
	if o.httpClient != nil && (*o.httpClient == nil || (*o.httpClient).Transport != nil && isNil((*o.httpClient).Transport)) {
		fault("WithHTTPClient", "is nil or has a nil pointer as Transport")
	}
	if faults != nil {
		return nil, &ValidationError{Fields: faults}
	}
	c.request = &http.Request{
		Method: http.MethodPost, Host: c.endpoint.host, Header: o.header(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	c.keys = o.keySource()
	c.transport = newTransporter(o.httpClient)
	return c, nil
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
	if !o.paramsInQuery {
		h["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	}
	return h
}

func (o *options) checkCredential() (option, reason string) {
	c := o.credential
	switch {
	case c == nil:
		return "", ""
	case c.option == "WithAccessKey" && (c.id == "" || c.secret == ""):
		return c.option, "lacks the ID or the secret"
	case c.option == "WithCredential" && isNil(c.cred):
		return c.option, "is nil"
	}
	return "", ""
}

// keySource makes the source of a credential that has been checked.
func (o *options) keySource() keySource {
	c := o.credential
	if c == nil {
		return &sharedSource{make: func() (credentials.Credential, error) { return credentials.NewCredential(nil) }}
	}
	if c.cred != nil {
		return &sharedSource{cred: c.cred}
	}
	config := new(credentials.Config).SetType("access_key").SetAccessKeyId(c.id).SetAccessKeySecret(c.secret)
	make := func() (credentials.Credential, error) { return credentials.NewCredential(config) }
	cred, err := make()
	if err == nil {
		var fixed keys
		if fixed, err = getKeys(cred); err == nil {
			return staticSource{fixed}
		}
	}
	// It refuses empty members only, which have been checked for. If ever it
	// refuses more, each call says so.
	return &sharedSource{make: make}
}

// isNil also sees a nil pointer in an interface.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan, reflect.Slice:
		return r.IsNil()
	}
	return false
}

func isHeaderValue(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}
