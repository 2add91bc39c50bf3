package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// parseSubject reads a distinguished name as in RFC 4514, of the six attributes
// that the service asks for, each once. White space round an attribute does not
// count.
func parseSubject(text string) (map[string]string, error) {
	attributes := map[string]string{}
	for rest, more := text, true; more; {
		var part string
		if part, rest, more = cutUnescaped(rest); part == "" {
			return nil, errors.New("there is an empty attribute")
		}
		name, value, ok := strings.Cut(part, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		switch name {
		case "CN", "OU", "O", "L", "ST", "C":
		default:
			return nil, fmt.Errorf("%.40q is none of CN, OU, O, L, ST, C", name)
		}
		if _, twice := attributes[name]; twice {
			return nil, errors.New(name + " is there twice")
		}
		value, err := unescape(value)
		if err == nil && (!ok || value == "") {
			err = errors.New("is empty")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		attributes[name] = value
	}
	for _, name := range []string{"CN", "OU", "O", "L", "ST", "C"} {
		if attributes[name] == "" {
			return nil, errors.New(name + " is missing")
		}
	}
	return attributes, nil
}

// cutUnescaped cuts at the first comma without a backslash before it.
func cutUnescaped(s string) (before, after string, found bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',':
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// unescape takes white space and backslashes out of a value.
func unescape(s string) (string, error) {
	s = strings.TrimLeft(s, " ")
	var b strings.Builder
	kept := 0 // up to here spaces at the end count
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(` "#+,;<=>\`, s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
			kept = b.Len()
		case c == '\\':
			var octet byte
			if i+2 >= len(s) {
				return "", errors.New("there is a backslash that escapes nothing")
			}
			if _, err := fmt.Sscanf(s[i+1:i+3], "%02x", &octet); err != nil {
				return "", errors.New("there is a backslash that escapes nothing")
			}
			b.WriteByte(octet)
			i += 2
			kept = b.Len()
		case strings.IndexByte(`"+;<>`, c) >= 0 || c == '#' && b.Len() == 0:
			return "", fmt.Errorf("%q needs a backslash before it", c)
		default:
			b.WriteByte(c)
		}
	}
	value := b.String()
	value = value[:kept] + strings.TrimRight(value[kept:], " ")
	if !utf8.ValidString(value) {
		return "", errors.New("is not UTF-8")
	}
	return value, nil
}
