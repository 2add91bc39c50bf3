package robust

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"
	"sync"

	"github.com/antchain-go/baas"
)

// A logBuffer collects log records.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// take is what was logged since the last take.
func (b *logBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.buf.String()
	b.buf.Reset()
	return s
}

// formsOf lists the forms in which a secret could come out.
func formsOf(secret string) []string {
	percent := func(s string) string { return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(s)) }
	once, form := percent(secret), url.QueryEscape(secret)
	quoted, _ := json.Marshal(secret)
	return []string{
		secret, once, percent(once), form, url.QueryEscape(form), html.EscapeString(secret),
		strings.ToLower(once), strings.ToLower(percent(once)), strings.Trim(string(quoted), `"`),
	}
}

// leak names what of the secrets is in text, or is empty.
func leak(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" && strings.Contains(text, secret) {
			return fmt.Sprintf("the secret %q", secret)
		}
	}
	for _, mark := range []string{
		"-----BEGIN", "-----END", "Signature=", "Signature%3D", "AccessKeyId=", "AccessKeyId%3D", "AccessKeyId%253D",
	} {
		if strings.Contains(text, mark) {
			return mark
		}
	}
	return ""
}

// shown is everything that can be seen of an error or a response.
func shown(v any) string {
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	err, ok := v.(error)
	if !ok {
		return b.String()
	}
	marshaled, _ := json.Marshal(err)
	b.Write(marshaled)
	var unknown *baas.OutcomeUnknownError
	if errors.As(err, &unknown) {
		err = unknown.Err // which has no Unwrap of its own
	}
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&b, "%v\n%+v\n%#v\n", err, err, err)
	}
	return b.String()
}
