package redact

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
)

// IsSecretName reports whether the name of a parameter says that its value is a
// secret.
func IsSecretName(name string) bool {
	return slices.ContainsFunc([]string{"Password", "Secret", "Token", "PrivateKey"}, func(end string) bool {
		return strings.HasSuffix(name, end)
	})
}

// Secret is what is shown of a secret. An empty one stays empty, which helps
// whoever forgot it.
func Secret(secret string) string {
	if secret == "" {
		return ""
	}
	return Mark
}

// Secrets is what is shown of several.
func Secrets(secrets []string) []string {
	shown := make([]string, len(secrets))
	for i, secret := range secrets {
		shown[i] = Secret(secret)
	}
	return shown
}

// Link is what is shown of a link: all except its query, which is signed. It
// finds the query also where the question mark was garbled on the way.
func Link(link string) string {
	if before, _, found := strings.Cut(link, "?"); found {
		return before + "?" + Mark
	}
	if before, _, found := strings.Cut(link, "="); found {
		return before[:strings.LastIndexByte(before, '/')+1] + Mark
	}
	return link
}

// Excerpt says what body is in the place of JSON. Of text it quotes the beginning;
// of what looks like JSON nothing, since that may hold anything.
func (s *Scrubber) Excerpt(body []byte) string {
	head := body[:min(len(body), MaxExcerpt)]
	switch {
	case len(body) == 0:
		return "without a body"
	case bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f", r) }):
		return "with a reply that is not text"
	case bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")):
		return "with a reply of an unexpected kind"
	}
	return `with a reply that is not JSON: "` + s.Text(string(body), MaxExcerpt) + `"`
}

// Format prints v, which has no Format method, with the verb and the flags of f.
func Format(f fmt.State, verb rune, v any) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), v)
}

// Group makes a group of the exported fields of a struct, under their Go names.
// Fields that are a slog.LogValuer are asked for their value.
func Group(v any) slog.Value {
	s := reflect.ValueOf(v)
	attrs := make([]slog.Attr, s.NumField())
	for i := range attrs {
		attrs[i] = slog.Any(s.Type().Field(i).Name, s.Field(i).Interface())
	}
	return slog.GroupValue(attrs...)
}
