package redact

import (
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
