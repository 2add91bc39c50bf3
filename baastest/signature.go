package baastest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// stringToSign returns what a version 2 signature covers: every parameter received, the empty ones too, but not the
// signature itself.
func stringToSign(method string, params url.Values) string {
	signed := maps.Clone(params)
	delete(signed, "Signature")
	return method + "&%2F&" + percentEncode(canonicalQuery(signed))
}

// canonicalQuery returns the parameters sorted by name and encoded as RFC 3986 does.
func canonicalQuery(params url.Values) string {
	var pairs []string
	for _, name := range sortedNames(params) {
		for _, value := range params[name] {
			pairs = append(pairs, percentEncode(name)+"="+percentEncode(value))
		}
	}
	return strings.Join(pairs, "&")
}

// signature is the version 2 signature of a string to sign.
func signature(toSign, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(toSign))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func sortedNames(params url.Values) []string {
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// percentEncode encodes as RFC 3986 does, which no function of net/url does in full.
func percentEncode(s string) string {
	const (
		unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
		hexDigits  = "0123456789ABCDEF"
	)
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&0xF]})
		}
	}
	return b.String()
}
