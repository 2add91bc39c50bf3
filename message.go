package baas

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Names of the common parameters, which a client sets with every call.
const (
	paramAccessKeyID      = "AccessKeyId"
	paramAction           = "Action"
	paramBearerToken      = "BearerToken"
	paramFormat           = "Format"
	paramSecurityToken    = "SecurityToken"
	paramSignature        = "Signature"
	paramSignatureMethod  = "SignatureMethod"
	paramSignatureNonce   = "SignatureNonce"
	paramSignatureType    = "SignatureType"
	paramSignatureVersion = "SignatureVersion"
	paramTimestamp        = "Timestamp"
	paramVersion          = "Version"

	paramPassword = "Password"

	timestampLayout = "2006-01-02T15:04:05Z"
)

var commonParams = []string{
	paramAccessKeyID, paramAction, paramBearerToken, paramFormat, paramSecurityToken, paramSignature,
	paramSignatureMethod, paramSignatureNonce, paramSignatureType, paramSignatureVersion, paramTimestamp,
	paramVersion,
}

// A pair is a parameter, escaped as it stands in the canonical query, in the
// URL and in the body.
type pair struct {
	name string // not escaped, for sorting
	text string // name=value
}

func newPair(name, value string) pair {
	return pair{name, string(appendPair(nil, name, value))}
}

// An operation is an Operation or a typed call, checked and ready to be
// signed.
type operation struct {
	action   string
	readOnly bool
	wantsKey bool     // nothing but a private key is an answer
	params   []pair   // sorted by name
	secrets  []string // values that are never shown
}

// prepare checks op and copies what is needed of it.
func prepare(op Operation) (*operation, []FieldError) {
	o := &operation{
		action:   op.Action,
		readOnly: op.ReadOnly,
		wantsKey: op.Action == actionApply,
	}
	var faults []FieldError
	if !isIdentifier(op.Action) {
		faults = append(faults, FieldError{"Action", "is not the name of an action"})
		o.action = "Do" // for the error
	}
	for name, values := range op.Params {
		for _, value := range values {
			if reason := checkParam(name, value); reason != "" {
				faults = append(faults, FieldError{"Params", reason})
			}
			o.params = append(o.params, newPair(name, value))
			if name == paramPassword || slices.Contains(op.Secrets, name) {
				o.secrets = append(o.secrets, value)
			}
		}
	}
	// Stable, for the values of one name keep their order.
	slices.SortStableFunc(o.params, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	slices.SortFunc(faults, func(a, b FieldError) int { return strings.Compare(a.Reason, b.Reason) })
	return o, faults
}

func checkParam(name, value string) (reason string) {
	switch {
	case name == "":
		return "have a parameter without a name"
	case !utf8.ValidString(name):
		return "have a name that is not valid UTF-8"
	case slices.ContainsFunc(commonParams, func(common string) bool { return strings.EqualFold(common, name) }):
		return "have " + name + ", which is a common parameter"
	case !utf8.ValidString(value):
		return "have a value of " + strconv.Quote(cut(name, maxIdentifier)) + " that is not valid UTF-8"
	}
	return ""
}

// isIdentifier reports whether s consists of ASCII letters and digits.
func isIdentifier(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}) < 0
}

// A message is what is sent, to the byte, maybe more than once.
type message struct {
	query string
	body  string
	nonce string
	made  instant
}

// newMessage signs the operation anew, with fresh credentials, nonce and
// timestamp.
func (k *call) newMessage() error {
	creds, err := k.c.keys.keys(k.ctx)
	if ce := (*CredentialsError)(nil); errors.As(err, &ce) {
		// The error may have gone to other calls too.
		return &CredentialsError{Provider: ce.Provider, Err: ce.Err, action: k.op.action}
	}
	if err != nil {
		return k.ended(err, k.last)
	}
	m := &message{nonce: k.c.nonce(), made: k.c.clock()}
	common := k.commonPairs(creds, m)
	canonical := merge(common, k.op.params)
	m.query, m.body = canonical, ""
	if !k.c.paramsInQuery {
		m.query, m.body = merge(common, nil), merge(nil, k.op.params)
	}
	k.scrub.add(creds.secrets()...)
	if creds.bearerToken == "" {
		signature := sign(http.MethodPost, []byte(canonical), creds.accessKeySecret)
		m.query = string(appendPair([]byte(m.query), paramSignature, signature))
		k.scrub.add(signature)
	}
	k.message = m
	return nil
}

// commonPairs lists the common parameters, sorted by name.
func (k *call) commonPairs(creds keys, m *message) []pair {
	action := newPair(paramAction, k.op.action)
	format := newPair(paramFormat, "JSON")
	nonce := newPair(paramSignatureNonce, m.nonce)
	timestamp := newPair(paramTimestamp, m.made.wall.Add(k.offset).UTC().Format(timestampLayout))
	version := newPair(paramVersion, APIVersion)
	if creds.bearerToken != "" {
		// The token stands for a signature.
		return []pair{
			action, newPair(paramBearerToken, creds.bearerToken), format,
			nonce, newPair(paramSignatureType, "BEARERTOKEN"), timestamp, version,
		}
	}
	pairs := []pair{newPair(paramAccessKeyID, creds.accessKeyID), action, format}
	if creds.securityToken != "" {
		pairs = append(pairs, newPair(paramSecurityToken, creds.securityToken))
	}
	return append(pairs,
		newPair(paramSignatureMethod, "HMAC-SHA1"), nonce, newPair(paramSignatureVersion, "1.0"), timestamp, version)
}

// merge joins two sorted lists into one canonical query.
func merge(a, b []pair) string {
	size := 0
	for _, p := range a {
		size += len(p.text) + 1
	}
	for _, p := range b {
		size += len(p.text) + 1
	}
	var s strings.Builder
	s.Grow(size)
	for len(a) > 0 || len(b) > 0 {
		from := &a
		if len(a) == 0 || len(b) > 0 && b[0].name < a[0].name {
			from = &b
		}
		if s.Len() > 0 {
			s.WriteByte('&')
		}
		s.WriteString((*from)[0].text)
		*from = (*from)[1:]
	}
	return s.String()
}

// request makes an HTTP request of the message, with d as its body.
func (k *call) request(ctx context.Context, d *delivery) *http.Request {
	header := http.Header{
		"Accept": {"application/json"},
		// A reply that breaks off has to be readable up to that point.
		"Accept-Encoding": {"identity"},
		"User-Agent":      {k.c.userAgent},
	}
	if !d.empty {
		header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	}
	req := &http.Request{
		Method:        http.MethodPost,
		URL:           &url.URL{Scheme: k.c.endpoint.scheme, Host: k.c.endpoint.host, Path: "/", RawQuery: k.message.query},
		Host:          k.c.endpoint.host,
		Header:        header,
		Body:          d,
		ContentLength: int64(len(k.message.body)),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
	}
	return req.WithContext(ctx)
}
