package baas

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
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
	s := newScratch()
	defer s.release()
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name == paramSignature {
			continue
		}
		for _, value := range params[name] {
			s.canonical = appendPair(s.canonical, name, value)
		}
	}
	return s.sign(method, accessKeySecret)
}

// A scratch holds the buffers in which a message is made and signed, to be
// used again by the next one. They have held secrets, but so has the heap.
type scratch struct {
	canonical   []byte // the canonical query: escaped pairs, sorted by name and joined
	query, body []byte // the same pairs, parted by where they travel
	text        []byte // the string to sign
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch() *scratch {
	s := scratches.Get().(*scratch)
	s.canonical, s.query, s.body, s.text = s.canonical[:0], s.query[:0], s.body[:0], s.text[:0]
	return s
}

// maxScratch is the size of a canonical query from which its buffers are not
// kept.
const maxScratch = 64 << 10

func (s *scratch) release() {
	if cap(s.canonical) <= maxScratch {
		scratches.Put(s)
	}
}

// sign signs the canonical query.
func (s *scratch) sign(method, accessKeySecret string) string {
	s.text = append(s.text, accessKeySecret...)
	s.text = append(s.text, '&')
	mac := hmac.New(sha1.New, s.text)
	s.text = append(s.text[:0], method...)
	s.text = append(s.text, "&%2F&"...)
	s.text = appendEscaped(s.text, s.canonical)
	mac.Write(s.text)
	return base64.StdEncoding.EncodeToString(mac.Sum(s.text[:0]))
}

// appendPair appends name=value, escaped, and before it an & unless it is the
// first.
func appendPair(dst []byte, name, value string) []byte {
	if len(dst) > 0 {
		dst = append(dst, '&')
	}
	dst = appendEscaped(dst, name)
	dst = append(dst, '=')
	return appendEscaped(dst, value)
}

// appendEscaped appends s percent-encoded as RFC 3986 has it: the unreserved
// characters stay, every other byte becomes %XX. Decoders of queries and of
// forms read that as well, so one encoding serves signature and wire.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789ABCDEF"
	run := 0 // where the run of unreserved characters begins
	for i := range len(s) {
		if c := s[i]; !unreserved[c] {
			dst = append(append(dst, s[run:i]...), '%', hex[c>>4], hex[c&15])
			run = i + 1
		}
	}
	return append(dst, s[run:]...)
}

func escape(s string) string { return string(appendEscaped(nil, s)) }

// unreserved has the characters that RFC 3986 leaves as they are.
var unreserved = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~") {
		table[c] = true
	}
	return table
}()
