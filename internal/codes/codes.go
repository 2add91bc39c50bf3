// Package codes knows the codes of replies: which ones the policy treats in a way
// of their own, and whose fault the words of any other one say it was.
//
// Nobody outside the service knows its business codes. What has no word of either
// list is nobody's fault, so that the call stays in doubt. The package imports
// nothing of this module.
package codes

import (
	"regexp"
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

// Words of codes, whatever their case and separators. Error and Fail say nothing
// by themselves.
var (
	serviceWords = []string{
		"timeout", "internal", "unavailable", "unknown", "system", "server", "busy", "backend", "network", "database",
		"rpc", "processing", "deadline",
	}
	requestWords = []string{
		"invalid", "missing", "illegal", "param", "notexist", "notfound", "exist", "duplicate", "already", "forbidden",
		"permission", "denied", "unauthorized", "quota", "limit", "exceed", "expired", "overdue", "unsupported", "disabled",
	}
	// Codes of the gateway that have none of these words.
	gatewayCodes = []string{"SignatureDoesNotMatch", "IncompleteSignature", NonceUsed}
)

// Things of the service's own. A word of the request beside one of them speaks of
// that thing, not of the request: what the service did not find is a file of its
// own, what is illegal is the state of its program. They say nothing by
// themselves.
var (
	// Its program, its storage, and whom it has asked.
	innerThings = []string{
		"exception", "bucket", "storage", "memory", "disk", "thread", "connection", "cache", "sql", "retry", "retries",
		"response", "reply", "result", "upstream", "downstream",
	}
	// Those that other words end in, such as block and profile: they begin a word.
	innerWords = []string{"lock", "deadlock", "file", "oss", "wait"}
	// Those that are the service's beside one word: its time is exceeded, the keys
	// of its database are duplicate.
	innerBeside = []struct{ word, thing string }{
		{"exceed", "time "}, {"limit", "time "}, {"illegal", " state "},
		{"duplicate", " key "}, {"duplicate", " entry "}, {"duplicate", " record "},
	}
)

// stateName is the end of a parameter's name, StateOrProvinceName, which is no
// state of the service.
const stateName = " state or province "

// BlameOf is what one code says: by its number, or else by its words.
func BlameOf(code string) Blame {
	if code == "" {
		return Nobody
	}
	if IsThrottling(code) {
		return Request
	}
	if n, err := strconv.Atoi(code); err == nil {
		return blameOfNumber(code, n)
	}
	words := wordsOf(code)
	together := strings.ReplaceAll(words, " ", "")
	holds := func(word string) bool { return strings.Contains(together, word) }
	switch {
	case slices.ContainsFunc(serviceWords, holds):
		return Service
	case slices.ContainsFunc(requestWords, holds):
		if speaksOfService(words, holds) {
			return Service
		}
		return Request
	case hasAnyPrefix(code, gatewayCodes...):
		return Request
	}
	return Nobody
}

// blameOfNumber judges a number that begins like a status of HTTP. Those of time
// that ran out, for the service or for whoever waited for it, are the service's.
func blameOfNumber(code string, n int) Blame {
	switch {
	case code[0] == '5' && len(code) >= 3, n == 408, n == 499:
		return Service
	case n/100 == 4:
		return Request
	}
	return Nobody
}

// speaksOfService reports whether a code that has a word of the request speaks of
// a thing of the service's own.
func speaksOfService(words string, holds func(word string) bool) bool {
	words = strings.ReplaceAll(words, stateName, " ")
	return slices.ContainsFunc(innerThings, holds) ||
		slices.ContainsFunc(innerWords, func(thing string) bool { return strings.Contains(words, " "+thing) }) ||
		slices.ContainsFunc(innerBeside, func(b struct{ word, thing string }) bool {
			return holds(b.word) && strings.Contains(words, b.thing)
		})
}

var (
	separators = regexp.MustCompile(`[._\-: /]+`)
	upperCase  = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)
)

// wordsOf takes a code apart: its words in lower case, a space before and after
// each. They part at separators and where upper case begins.
func wordsOf(code string) string {
	words := upperCase.ReplaceAllString(separators.ReplaceAllString(code, " "), "$1$3 $2$4")
	return strings.ToLower(" " + words + " ")
}

// Decisive is the one of all codes of a reply that the policy treats in a way of
// its own, first one that keeps the doubt, or else the given one.
func Decisive(all []string, other string) string {
	for _, is := range []func(string) bool{
		func(code string) bool { return code == NonceUsed }, IsThrottling, IsTimestamp,
	} {
		for _, code := range all {
			if is(code) {
				return code
			}
		}
	}
	return other
}

// Sum is what all codes of a reply say together that do not stand for success.
// Request needs a code that blames the request, or that is among refusals, and
// none that blames the service. The rest repeats another verdict and can only add
// to the doubt: a number beside a code in words, the status in the body, if any,
// and, beside a code, the status of HTTP.
func Sum(all, refusals []string, status string, http int) Blame {
	if BlameOf(status) == Service || len(all) > 0 && BlameOf(strconv.Itoa(http)) == Service {
		return Service
	}
	inWords := slices.ContainsFunc(all, func(code string) bool { return !isNumber(code) })
	sum := Nobody
	for _, code := range all {
		blame := BlameOf(code)
		switch {
		case slices.Contains(refusals, code):
			blame = Request
		case blame == Request && inWords && isNumber(code):
			blame = Nobody
		}
		sum = max(sum, blame)
	}
	return sum
}

func isNumber(code string) bool {
	_, err := strconv.Atoi(code)
	return err == nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
