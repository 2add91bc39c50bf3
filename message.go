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

// A pair is a parameter.
type pair struct {
	name, value string
	plain       bool // the name needs no escaping
}

// param is a parameter with a name that needs no escaping.
func param(name, value string) pair { return pair{name, value, true} }

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
			o.params = append(o.params, pair{name: name, value: value})
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
	k.scrub.add(creds.accessKeySecret, creds.securityToken, creds.bearerToken)
	m := &message{nonce: k.c.nonce(), made: k.c.clock()}
	s := newScratch(http.MethodPost)
	defer s.release()
	var room [maxCommon]pair
	s.encode(k.commonPairs(room[:0], creds, m), k.op.params, k.c.paramsInQuery)
	if creds.bearerToken == "" { // else the token stands for a signature
		signature := s.sign(creds.accessKeySecret)
		s.query = s.appendPair(s.query, param(paramSignature, signature)) // and to what is signed already
		k.scrub.add(signature)
	}
	m.query, m.body = string(s.query), string(s.body)
	k.message = m
	return nil
}

// maxCommon is how many common parameters there are at most.
const maxCommon = 9

// commonPairs appends the common parameters, sorted by name.
func (k *call) commonPairs(pairs []pair, creds keys, m *message) []pair {
	timestamp := m.made.wall.Add(k.offset).UTC().Format(timestampLayout)
	if creds.bearerToken != "" {
		return append(pairs,
			param(paramAction, k.op.action),
			param(paramBearerToken, creds.bearerToken),
			param(paramFormat, "JSON"),
			param(paramSignatureNonce, m.nonce),
			param(paramSignatureType, "BEARERTOKEN"),
			param(paramTimestamp, timestamp),
			param(paramVersion, APIVersion))
	}
	pairs = append(pairs,
		param(paramAccessKeyID, creds.accessKeyID),
		param(paramAction, k.op.action),
		param(paramFormat, "JSON"))
	if creds.securityToken != "" {
		pairs = append(pairs, param(paramSecurityToken, creds.securityToken))
	}
	return append(pairs,
		param(paramSignatureMethod, "HMAC-SHA1"),
		param(paramSignatureNonce, m.nonce),
		param(paramSignatureVersion, "1.0"),
		param(paramTimestamp, timestamp),
		param(paramVersion, APIVersion))
}

// encode merges two sorted lists into the string to sign, and parts them into
// query and body. Each pair is escaped once.
func (s *scratch) encode(common, params []pair, inQuery bool) {
	for len(common) > 0 || len(params) > 0 {
		switch {
		case len(common) > 0 && (len(params) == 0 || common[0].name <= params[0].name):
			s.query = s.appendPair(s.query, common[0])
			common = common[1:]
		case inQuery:
			s.query = s.appendPair(s.query, params[0])
			params = params[1:]
		default:
			s.body = s.appendPair(s.body, params[0])
			params = params[1:]
		}
	}
}

// request makes an HTTP request of the message, with d as its body.
func (k *call) request(ctx context.Context, d *delivery) *http.Request {
	header := k.c.header
	if k.c.transport.own == nil {
		header = header.Clone() // transports of others may write to it
	}
	req := &http.Request{
		Method:        http.MethodPost,
		URL:           &url.URL{Scheme: k.c.endpoint.scheme, Host: k.c.endpoint.host, Path: "/", RawQuery: k.message.query},
		Host:          k.c.endpoint.host,
		Header:        header,
		Body:          d.body(),
		ContentLength: int64(len(k.message.body)),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
	}
	return req.WithContext(ctx)
}
