// Package check checks what callers give: options and arguments. It imports
// nothing of this module.
package check

import (
	"reflect"
	"strings"
	"unicode"
)

// IsNil also sees a nil pointer, map, slice, channel or function in an
// interface.
func IsNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan, reflect.Slice:
		return r.IsNil()
	}
	return false
}

// IsPointer reports whether v is a pointer that is not nil.
func IsPointer(v any) bool { return reflect.ValueOf(v).Kind() == reflect.Pointer && !IsNil(v) }

// HasSpace reports whether s has white space or control characters.
func HasSpace(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// IsHeaderValue reports whether s is printable ASCII.
func IsHeaderValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// FitsHeader reports whether net/http sends s as the value of a header: it
// refuses control characters except tabs.
func FitsHeader(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// IsIdentifier reports whether s consists of ASCII letters and digits, and is
// not empty.
func IsIdentifier(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
}
