package certbundle

import (
	"errors"
	"net/url"
	"strings"

	"github.com/antchain-go/baas/internal/redact"
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

// newCause makes an error of the HTTP client fit for the chain of one of ours.
// No end of the caller's context is among them.
func newCause(err error, link *url.URL) *redact.Error {
	return redact.Wrap(err, nil, scrubberOf(link))
}

// scrub takes what is secret of a link out of a text.
func scrub(text string, link *url.URL) string {
	return scrubberOf(link).Text(text, redact.MaxText)
}

// minSecret is the length from which a value of a query is a secret.
const minSecret = 4

// scrubberOf knows the query of a link, which is signed, and its values.
func scrubberOf(link *url.URL) *redact.Scrubber {
	s := &redact.Scrubber{}
	if len(link.RawQuery) >= minSecret {
		s.Add(link.RawQuery)
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
		for _, value := range []string{raw, plain} {
			if len(value) >= minSecret {
				s.Add(value)
			}
		}
	}
	return s
}
