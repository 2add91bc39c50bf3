// Package codes knows the codes of replies: which ones the policy treats in a way
// of their own, and whose fault the words of any other one say it was.
//
// Nobody outside the service knows its business codes. What has no word of either
// list is nobody's fault, so that the call stays in doubt. The package imports
// nothing of this module.
package codes

import (
	"slices"
	"strconv"
	"strings"
)

// Codes that the policy treats in a way of their own.
const (
	NonceUsed        = "SignatureNonceUsed"
	TimestampExpired = "InvalidTimeStamp.Expired"
)

// IsThrottling reports whether a code is one of flow control.
func IsThrottling(code string) bool { return strings.HasPrefix(code, "Throttling") }

// IsTimestamp reports whether a code refuses the timestamp.
func IsTimestamp(code string) bool { return strings.HasPrefix(code, "InvalidTimeStamp") }

// IsUnauthenticated reports whether a code refuses the credentials or the
// signature.
func IsUnauthenticated(code string) bool {
	return hasAnyPrefix(code, "InvalidAccessKeyId", "InvalidSecurityToken", "InvalidBearerToken", "SignatureDoesNotMatch", "IncompleteSignature")
}

// IsForbidden reports whether a code says that a permission is missing.
func IsForbidden(code string) bool { return hasAnyPrefix(code, "Forbidden", "NoPermission") }

// A Blame is who was at fault, as far as codes tell.
type Blame int

const (
	Nobody  Blame = iota // nothing that is known
	Request              // so nothing was carried out
	Service              // so it may have been carried out
)

// Words of codes, without case and separators. Error, Fail and Exception say
// nothing by themselves.
var (
	serviceWords = []string{
		"timeout", "internal", "unavailable", "unknown", "system", "server", "busy", "backend", "network", "database",
		"rpc", "processing",
	}
	requestWords = []string{
		"invalid", "missing", "illegal", "param", "notexist", "notfound", "exist", "duplicate", "already", "forbidden",
		"permission", "denied", "unauthorized", "quota", "limit", "exceed", "expired", "overdue", "unsupported", "disabled",
	}
	// Codes of the gateway that have none of these words.
	gatewayCodes = []string{"SignatureDoesNotMatch", "IncompleteSignature", NonceUsed, "Throttling"}
)

// BlameOf is what one code says: by its number, or else by its words.
func BlameOf(code string) Blame {
	if n, err := strconv.Atoi(code); err == nil {
		switch {
		case code[0] == '5' && len(code) >= 3:
			return Service
		case 400 <= n && n <= 499:
			return Request
		}
		return Nobody
	}
	words := strings.Map(func(r rune) rune {
		if strings.ContainsRune("._-: /", r) {
			return -1
		}
		return r
	}, strings.ToLower(code))
	holds := func(word string) bool { return strings.Contains(words, word) }
	switch {
	case slices.ContainsFunc(serviceWords, holds):
		return Service
	case slices.ContainsFunc(requestWords, holds), hasAnyPrefix(code, gatewayCodes...):
		return Request
	}
	return Nobody
}

// Sum is what all codes of a reply say together, and the HTTP status in its body,
// if any. Request needs a code that blames the request, or that is among refusals,
// and none that blames the service.
func Sum(all []string, status string, refusals []string) Blame {
	sum := Nobody
	for _, code := range all {
		if slices.Contains(refusals, code) {
			sum = max(sum, Request)
		} else {
			sum = max(sum, BlameOf(code))
		}
	}
	if BlameOf(status) == Service { // it repeats another verdict, so it can only add to the doubt
		sum = Service
	}
	return sum
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
