package sign

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"hash"
	"net/url"
	"sync"
)

// Names of the common parameters of version 2.
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
)

// CommonParams are the names that no parameter of an action can have.
func CommonParams() []string {
	return []string{
		paramAccessKeyID, paramAction, paramBearerToken, paramFormat, paramSecurityToken, paramSignature,
		paramSignatureMethod, paramSignatureNonce, paramSignatureType, paramSignatureVersion, paramTimestamp,
		paramVersion,
	}
}

// V2 signs a POST with version 2: common parameters in the query, those of the
// action in the body.
//
// See "Request syntax and signature method V2 for RPC APIs" in the help center,
// document 25492.
func V2(in *Input) Output {
	s := newScratch("POST")
	defer s.release()
	s.pairs = appendCommon(s.pairs, in)
	common := len(s.pairs)
	s.pairs = append(s.pairs, in.Params...)
	byName(s.pairs[common:])
	s.merge(s.pairs[:common], s.pairs[common:], in.InQuery)
	var signature []byte
	if in.Credentials.BearerToken == "" { // else the token stands for a signature
		signature = s.sign(in.Credentials.AccessKeySecret)
		s.query = appendEscaped(append(s.query, "&"+paramSignature+"="...), signature)
	}
	query, body := len(s.query), len(s.query)+len(s.body)
	s.query = append(append(s.query, s.body...), signature...)
	all := string(s.query) // one allocation for all three
	return Output{Query: all[:query], Body: all[query:body], Signature: all[body:]}
}

// RPC returns the version 2 signature of params. A Signature among them is left
// out.
func RPC(method string, params url.Values, accessKeySecret string) string {
	s := newScratch(method)
	defer s.release()
	for name, values := range params {
		if name == paramSignature {
			continue
		}
		for _, value := range values {
			s.pairs = append(s.pairs, Pair{name, value})
		}
	}
	byName(s.pairs)
	for _, p := range s.pairs {
		s.body = s.add(s.body[:0], p)
	}
	return string(s.sign(accessKeySecret))
}

// appendCommon appends the common parameters, sorted by name.
func appendCommon(pairs []Pair, in *Input) []Pair {
	c := in.Credentials
	timestamp := in.Time.UTC().Format(timeFormat)
	if c.BearerToken != "" {
		return append(pairs,
			Pair{paramAction, in.Action},
			Pair{paramBearerToken, c.BearerToken},
			Pair{paramFormat, "JSON"},
			Pair{paramSignatureNonce, in.Nonce},
			Pair{paramSignatureType, "BEARERTOKEN"},
			Pair{paramTimestamp, timestamp},
			Pair{paramVersion, in.Version})
	}
	pairs = append(pairs, Pair{paramAccessKeyID, c.AccessKeyID}, Pair{paramAction, in.Action}, Pair{paramFormat, "JSON"})
	if c.SecurityToken != "" {
		pairs = append(pairs, Pair{paramSecurityToken, c.SecurityToken})
	}
	return append(pairs,
		Pair{paramSignatureMethod, "HMAC-SHA1"},
		Pair{paramSignatureNonce, in.Nonce},
		Pair{paramSignatureVersion, "1.0"},
		Pair{paramTimestamp, timestamp},
		Pair{paramVersion, in.Version})
}

// A scratch holds the buffers in which a request is made and signed, to be used
// again by the next one. They have held secrets, but so has the heap.
type scratch struct {
	text  []byte // the string to sign: METHOD&%2F& and the canonical query, escaped once more
	bare  int    // the length of text before the first pair
	query []byte
	body  []byte
	pairs []Pair

	mac    hash.Hash // with macKey, which as a rule is the same the next time
	macKey string
	sum    [sha1.Size]byte

	signature [28]byte // in Base64
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch(method string) *scratch {
	s := scratches.Get().(*scratch)
	s.query, s.body, s.pairs = s.query[:0], s.body[:0], s.pairs[:0]
	s.text = append(append(s.text[:0], method...), "&%2F&"...)
	s.bare = len(s.text)
	return s
}

// maxScratch is the size of a string to sign from which the buffers are not
// kept.
const maxScratch = 64 << 10

func (s *scratch) release() {
	clear(s.pairs) // they are the caller's
	if cap(s.text) <= maxScratch {
		scratches.Put(s)
	}
}

// merge adds two sorted lists in the order of their names.
func (s *scratch) merge(common, params []Pair, inQuery bool) {
	for len(common) > 0 || len(params) > 0 {
		switch {
		case len(common) > 0 && (len(params) == 0 || common[0].Name <= params[0].Name):
			s.query = s.add(s.query, common[0])
			common = common[1:]
		case inQuery:
			s.query = s.add(s.query, params[0])
			params = params[1:]
		default:
			s.body = s.add(s.body, params[0])
			params = params[1:]
		}
	}
}

// add appends p to dst, where it goes over the wire, and to the string to sign,
// escaped once more: % becomes %25, and = and & are escaped.
func (s *scratch) add(dst []byte, p Pair) []byte {
	if len(s.text) > s.bare {
		s.text = append(s.text, "%26"...)
	}
	if len(dst) > 0 {
		dst = append(dst, '&')
	}
	s.text, dst = appendTwice(s.text, dst, p.Name)
	s.text, dst = append(s.text, "%3D"...), append(dst, '=')
	s.text, dst = appendTwice(s.text, dst, p.Value)
	return dst
}

// appendTwice appends v to once, escaped, and to twice, escaped twice. One pass
// for both: it is most of the work of signing.
func appendTwice(twice, once []byte, v string) (newTwice, newOnce []byte) {
	run := 0 // where the run of unreserved characters begins
	for i := range len(v) {
		if c := v[i]; !unreserved[c] {
			high, low := hexDigits[c>>4], hexDigits[c&15]
			twice = append(append(twice, v[run:i]...), '%', '2', '5', high, low)
			once = append(append(once, v[run:i]...), '%', high, low)
			run = i + 1
		}
	}
	return append(twice, v[run:]...), append(once, v[run:]...)
}

// sign signs what was added. The signature is good until the scratch is released.
func (s *scratch) sign(accessKeySecret string) []byte {
	if s.mac == nil || s.macKey != accessKeySecret {
		s.mac, s.macKey = hmac.New(sha1.New, []byte(accessKeySecret+"&")), accessKeySecret
	} else {
		s.mac.Reset()
	}
	s.mac.Write(s.text)
	return base64.StdEncoding.AppendEncode(s.signature[:0], s.mac.Sum(s.sum[:0]))
}
