package baas

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"hash"
	"net/url"
	"slices"
	"sync"
)

// SignRPC returns the version 2 signature (HMAC-SHA1, Base64) of params for
// method, "GET" or "POST". A "Signature" among params is left out; a name with
// several values counts once per value, in their order.
//
// See "Request syntax and signature method V2 for RPC APIs" in the help
// center, document 25492, https://help.aliyun.com/document_detail/25492.html.
func SignRPC(method string, params url.Values, accessKeySecret string) string {
	s := newScratch(method)
	defer s.release()
	for name := range params {
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	for _, name := range s.names {
		if name == paramSignature {
			continue
		}
		for _, value := range params[name] {
			s.wire = s.appendPair(s.wire[:0], &pair{name: name, value: value})
		}
	}
	return s.sign(accessKeySecret)
}

// A scratch holds the buffers in which a message is made and signed, to be
// used again by the next one. They have held secrets, but so has the heap.
type scratch struct {
	text  []byte // the string to sign: METHOD&%2F& and the canonical query, escaped once more
	bare  int    // the length of text before the first pair
	query []byte
	body  []byte
	wire  []byte // a pair that is signed only
	names []string

	mac    hash.Hash // with macKey, which as a rule is the same the next time
	macKey string
	sum    [sha1.Size]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch(method string) *scratch {
	s := scratches.Get().(*scratch)
	s.query, s.body, s.wire, s.names = s.query[:0], s.body[:0], s.wire[:0], s.names[:0]
	s.text = append(append(s.text[:0], method...), "&%2F&"...)
	s.bare = len(s.text)
	return s
}

// maxScratch is the size of a string to sign from which the buffers are not
// kept.
const maxScratch = 64 << 10

func (s *scratch) release() {
	clear(s.names) // they are the caller's
	if cap(s.text) <= maxScratch {
		scratches.Put(s)
	}
}

// sign signs what has been appended.
func (s *scratch) sign(accessKeySecret string) string {
	if s.mac == nil || s.macKey != accessKeySecret {
		s.mac, s.macKey = hmac.New(sha1.New, []byte(accessKeySecret+"&")), accessKeySecret
	} else {
		s.mac.Reset()
	}
	s.mac.Write(s.text)
	return base64.StdEncoding.EncodeToString(s.mac.Sum(s.sum[:0]))
}

// appendPair appends name=value, escaped, to the string to sign and to dst,
// where it goes over the wire, and before it an & unless it is the first.
func (s *scratch) appendPair(dst []byte, p *pair) []byte {
	text := s.text
	if len(text) > s.bare {
		text = append(text, "%26"...)
	}
	if len(dst) > 0 {
		dst = append(dst, '&')
	}
	if p.plainName {
		text, dst = append(text, p.name...), append(dst, p.name...)
	} else {
		text, dst = appendEscaped(text, dst, p.name)
	}
	text, dst = append(text, "%3D"...), append(dst, '=')
	if p.plainValue {
		text, dst = append(text, p.value...), append(dst, p.value...)
	} else {
		text, dst = appendEscaped(text, dst, p.value)
	}
	s.text = text
	return dst
}

// appendEscaped appends v to dst, percent-encoded as RFC 3986 has it: the
// unreserved characters stay, every other byte becomes %XX. Decoders of
// queries and of forms read that as well, so one encoding serves signature and
// wire. The string to sign, text, gets it encoded once more, where % becomes
// %25.
func appendEscaped(text, dst []byte, v string) (newText, newDst []byte) {
	run := 0 // where the run of unreserved characters begins
	for i := range len(v) {
		if c := v[i]; !unreserved[c] {
			high, low := hexDigits[c>>4], hexDigits[c&15]
			text = append(append(text, v[run:i]...), '%', '2', '5', high, low)
			dst = append(append(dst, v[run:i]...), '%', high, low)
			run = i + 1
		}
	}
	return append(text, v[run:]...), append(dst, v[run:]...)
}

const hexDigits = "0123456789ABCDEF"

func escape(v string) string {
	_, once := appendEscaped(nil, nil, v)
	return string(once)
}

// unreserved has the characters that RFC 3986 leaves as they are.
var unreserved = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~") {
		table[c] = true
	}
	return table
}()
