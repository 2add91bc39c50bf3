package baas

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
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
)

var commonParams = []string{
	paramAccessKeyID, paramAction, paramBearerToken, paramFormat, paramSecurityToken, paramSignature,
	paramSignatureMethod, paramSignatureNonce, paramSignatureType, paramSignatureVersion, paramTimestamp,
	paramVersion,
}

// A pair is a parameter.
type pair struct {
	name, value           string
	plainName, plainValue bool // needs no escaping
}

// param is a parameter with a name that needs no escaping.
func param(name, value string) pair { return pair{name: name, value: value, plainName: true} }

// plainParam is a parameter of which nothing needs escaping.
func plainParam(name, value string) pair {
	return pair{name: name, value: value, plainName: true, plainValue: true}
}

// An operation is an Operation or a typed call, checked and ready to be
// signed.
type operation struct {
	action   string
	readOnly bool
	wantsKey bool   // nothing but a private key is an answer
	params   []pair // sorted by name
}

// prepare checks op and copies what is needed of it. secrets are the values
// that are never shown.
func prepare(op Operation) (o operation, secrets []string, faults []FieldError) {
	o = operation{
		action:   op.Action,
		readOnly: op.ReadOnly,
		wantsKey: op.Action == actionApply,
	}
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
				secrets = append(secrets, value)
			}
		}
	}
	// Stable, for the values of one name keep their order.
	slices.SortStableFunc(o.params, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	slices.SortFunc(faults, func(a, b FieldError) int { return strings.Compare(a.Reason, b.Reason) })
	return o, secrets, faults
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
	if err != nil {
		return k.noKeys(err)
	}
	k.scrub.add(creds.accessKeySecret, creds.securityToken, creds.bearerToken)
	k.message = message{nonce: k.c.nonce(), made: k.c.clock()}
	s := newScratch(http.MethodPost)
	defer s.release()
	var room [maxCommon]pair
	s.encode(k.commonPairs(room[:0], creds), k.op.params, k.c.paramsInQuery)
	if creds.bearerToken == "" { // else the token stands for a signature
		signature := s.sign(creds.accessKeySecret)
		p := param(paramSignature, signature)
		s.query = s.appendPair(s.query, &p) // and to what is signed already
		k.scrub.add(signature)
	}
	k.message.query, k.message.body = string(s.query), string(s.body)
	return nil
}

// noKeys is the error of a call that got err instead of credentials.
func (k *call) noKeys(err error) error {
	var ce *CredentialsError
	if errors.As(err, &ce) {
		// The error may have gone to other calls too.
		return &CredentialsError{Provider: ce.Provider, Err: ce.Err, action: k.op.action}
	}
	return k.ended(err, k.last)
}

// maxCommon is how many common parameters there are at most.
const maxCommon = 9

// commonPairs appends the common parameters, sorted by name.
func (k *call) commonPairs(pairs []pair, creds keys) []pair {
	timestamp := k.message.made.wall.Add(k.offset).UTC().Format(time.RFC3339)
	if creds.bearerToken != "" {
		return append(pairs,
			plainParam(paramAction, k.op.action),
			param(paramBearerToken, creds.bearerToken),
			plainParam(paramFormat, "JSON"),
			plainParam(paramSignatureNonce, k.message.nonce),
			plainParam(paramSignatureType, "BEARERTOKEN"),
			param(paramTimestamp, timestamp),
			plainParam(paramVersion, APIVersion))
	}
	pairs = append(pairs,
		param(paramAccessKeyID, creds.accessKeyID),
		plainParam(paramAction, k.op.action),
		plainParam(paramFormat, "JSON"))
	if creds.securityToken != "" {
		pairs = append(pairs, param(paramSecurityToken, creds.securityToken))
	}
	return append(pairs,
		plainParam(paramSignatureMethod, "HMAC-SHA1"),
		plainParam(paramSignatureNonce, k.message.nonce),
		plainParam(paramSignatureVersion, "1.0"),
		param(paramTimestamp, timestamp),
		plainParam(paramVersion, APIVersion))
}

// encode merges two sorted lists into the string to sign, and parts them into
// query and body. Each pair is escaped once.
func (s *scratch) encode(common, params []pair, inQuery bool) {
	for len(common) > 0 || len(params) > 0 {
		switch {
		case len(common) > 0 && (len(params) == 0 || common[0].name <= params[0].name):
			s.query = s.appendPair(s.query, &common[0])
			common = common[1:]
		case inQuery:
			s.query = s.appendPair(s.query, &params[0])
			params = params[1:]
		default:
			s.body = s.appendPair(s.body, &params[0])
			params = params[1:]
		}
	}
}

// request makes an HTTP request of the message, with d as its body.
func (k *call) request(ctx context.Context, d *delivery) *http.Request {
	req := k.c.request.WithContext(ctx)
	if k.c.transport.own == nil {
		req.Header = req.Header.Clone() // transports of others may write to it
	}
	d.url = url.URL{Scheme: k.c.endpoint.scheme, Host: k.c.endpoint.host, Path: "/", RawQuery: k.message.query}
	req.URL = &d.url
	req.Body, req.ContentLength = d.body(), int64(len(k.message.body))
	return req
}
