package baas

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
)

// SignRPC returns the version 2 signature (HMAC-SHA1, Base64) of params for
// method, "GET" or "POST". A "Signature" among params is left out; a name with
// several values counts once per value, in their order.
//
// See "Request syntax and signature method V2 for RPC APIs" in the help
// center, document 25492, https://help.aliyun.com/document_detail/25492.html.
func SignRPC(method string, params url.Values, accessKeySecret string) string {
	var canonical []byte
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name == paramSignature {
			continue
		}
		for _, value := range params[name] {
			canonical = appendPair(canonical, name, value)
		}
	}
	return sign(method, canonical, accessKeySecret)
}

// sign signs a canonical query: escaped pairs, sorted by name and joined.
func sign(method string, canonical []byte, accessKeySecret string) string {
	text := make([]byte, 0, len(method)+len("&%2F&")+2*len(canonical))
	text = append(text, method...)
	text = append(text, "&%2F&"...)
	text = appendEscaped(text, canonical)
	mac := hmac.New(sha1.New, []byte(accessKeySecret+"&"))
	mac.Write(text)
	var sum [sha1.Size]byte
	return base64.StdEncoding.EncodeToString(mac.Sum(sum[:0]))
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
	for i := range len(s) {
		if c := s[i]; isUnreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

func escape(s string) string { return string(appendEscaped(nil, s)) }

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}
