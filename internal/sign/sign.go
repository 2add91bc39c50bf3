// Package sign makes the bytes of a signed request: signature version 2
// (HMAC-SHA1, parameters) and version 3 (ACS3-HMAC-SHA256, headers).
//
// Both are pure functions of their input, clock and nonce included, on one
// canonical encoding. The package imports nothing of this module.
package sign

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Credentials sign a request. With a BearerToken nothing else is used.
type Credentials struct {
	AccessKeyID, AccessKeySecret string
	SecurityToken                string // with STS credentials
	BearerToken                  string

	Provider string // where they come from; nothing that is sent depends on it
}

// A Pair is a parameter of an action.
type Pair struct{ Name, Value string }

// An Input is all that the bytes of a request depend on.
type Input struct {
	Action, Version string
	Host            string // with the port, as the Host header has it
	Nonce           string
	Time            time.Time
	Credentials     Credentials
	Params          []Pair // of the action, in any order; those of one name keep theirs
	InQuery         bool   // everything in the query and nothing in the body
}

// An Output is what goes over the wire beside method, path and the headers that
// are not signed.
type Output struct {
	Query, Body string
	Header      http.Header // of version 3; nil for version 2
	Signature   string      // empty with a bearer token
}

// Digest is the SHA-256, in hex, over scheme, host and all bytes of the Output.
func (o *Output) Digest(scheme, host string) string {
	h := sha256.New()
	write := func(parts ...string) {
		for _, part := range parts {
			h.Write([]byte(part))
			h.Write([]byte{0}) // which no part holds
		}
	}
	write(scheme, host, o.Query, o.Body)
	for _, name := range slices.Sorted(maps.Keys(o.Header)) {
		write(name)
		write(o.Header[name]...)
	}
	return hex.EncodeToString(h.Sum(nil))
}

const (
	timeFormat = "2006-01-02T15:04:05Z"
	formType   = "application/x-www-form-urlencoded"
)

// byName puts pairs in the order of their names. It is stable: the values of
// one name keep their order.
func byName(pairs []Pair) {
	slices.SortStableFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
}

// Escape percent-encodes v as RFC 3986 has it: the unreserved characters stay,
// every other byte becomes %XX. Decoders of queries and of forms read that as
// well, so one encoding serves signature and wire.
func Escape(v string) string { return string(appendEscaped(nil, v)) }

func appendEscaped[T string | []byte](dst []byte, v T) []byte {
	run := 0 // where the run of unreserved characters begins
	for i := range len(v) {
		if c := v[i]; !unreserved[c] {
			dst = append(append(dst, v[run:i]...), '%', hexDigits[c>>4], hexDigits[c&15])
			run = i + 1
		}
	}
	return append(dst, v[run:]...)
}

// appendPair appends name=value, and before it an & unless it is the first.
func appendPair(dst []byte, p Pair) []byte {
	if len(dst) > 0 {
		dst = append(dst, '&')
	}
	return appendEscaped(append(appendEscaped(dst, p.Name), '='), p.Value)
}

const hexDigits = "0123456789ABCDEF"

// unreserved has the characters that RFC 3986 leaves as they are.
var unreserved = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~") {
		table[c] = true
	}
	return table
}()

// IsUnreserved reports whether s consists of characters that need no escaping.
func IsUnreserved(s string) bool {
	for i := range len(s) {
		if !unreserved[s[i]] {
			return false
		}
	}
	return true
}
