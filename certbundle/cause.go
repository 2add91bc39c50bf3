package certbundle

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/antchain-go/baas/internal/known"
)

const (
	redacted    = "[REDACTED]"
	maxText     = 512 // bytes of what others say in an error
	minScrubbed = 4   // a shorter value of a query is no secret
)

// A fileError is a fault with one file.
type fileError struct {
	file, text string
	is         []error
}

// fault makes the error for a file. It matches what is listed in is; nil is
// skipped.
func fault(file, text string, is ...error) error {
	e := &fileError{file: file, text: text}
	for _, err := range is {
		if err != nil {
			e.is = append(e.is, err)
		}
	}
	return e
}

func (e *fileError) Error() string   { return "certbundle: " + e.file + ": " + e.text }
func (e *fileError) Unwrap() []error { return e.is }

// textOf is the text of err, without what a fileError puts before it.
func textOf(err error) string {
	var e *fileError
	if errors.As(err, &e) {
		return e.text
	}
	return err.Error()
}

// A cause is an error of the HTTP client in the chain of one of ours. Those
// parts of it that are known to hold no secret can be found by errors.Is and
// errors.As; of the rest it has the scrubbed text.
//
// It has no Unwrap: a timeout of the network matches
// context.DeadlineExceeded, and only the end of the caller's context may, of
// which no cause is made.
type cause struct {
	text  string
	known []error
}

func newCause(err error, link *url.URL) *cause {
	// The text of a *url.Error holds the query.
	for u, ok := err.(*url.Error); ok && u.Err != nil; u, ok = err.(*url.Error) {
		err = u.Err
	}
	return &cause{text: scrub(err.Error(), link), known: knownParts(err)}
}

func (c *cause) Error() string { return c.text }

func (c *cause) Is(target error) bool {
	if target == context.Canceled || target == context.DeadlineExceeded {
		return false
	}
	for _, err := range c.known {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func (c *cause) As(target any) bool {
	for _, err := range c.known {
		if errors.As(err, target) {
			return true
		}
	}
	return false
}

// knownParts lists the largest parts of err's tree that are known throughout.
func knownParts(err error) []error {
	if known.Is(err) {
		return []error{err}
	}
	var parts []error
	for _, e := range known.Children(err) {
		parts = append(parts, knownParts(e)...)
	}
	return parts
}

var (
	queries   = regexp.MustCompile(`\?[^\s"'<>]+`)
	userInfos = regexp.MustCompile(`//[^\s/"'@]*@`) // of a proxy
)

// scrub takes what is secret of a link out of a text and makes it short and
// one line.
func scrub(text string, link *url.URL) string {
	text = queries.ReplaceAllString(text, "?"+redacted)
	text = userInfos.ReplaceAllString(text, "//"+redacted+"@")
	if link.RawQuery != "" {
		text = strings.ReplaceAll(text, link.RawQuery, redacted)
	}
	for pair := range strings.SplitSeq(link.RawQuery, "&") {
		_, raw, found := strings.Cut(pair, "=")
		if !found {
			raw = pair
		}
		plain, err := url.QueryUnescape(raw)
		if err != nil {
			plain = raw
		}
		once := url.QueryEscape(plain)
		for _, form := range []string{url.QueryEscape(once), once, raw, plain} {
			if len(form) >= minScrubbed {
				text = redactFold(text, form)
			}
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// redactFold takes secret out of text. Case does not count, for the hex digits
// of an encoding come in either.
func redactFold(text, secret string) string {
	lower, secret := lowerASCII(text), lowerASCII(secret)
	var b strings.Builder
	for {
		i := strings.Index(lower, secret)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		b.WriteString(redacted)
		text, lower = text[i+len(secret):], lower[i+len(secret):]
	}
}

// lowerASCII keeps every byte in its place, valid UTF-8 or not.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}
