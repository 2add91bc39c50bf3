// Package subject reads the name for a certificate as people write it, for the
// commands.
package subject

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

var names = []string{"CN", "OU", "O", "L", "ST", "C"}

// Parse reads a distinguished name as RFC 4514 writes it, with the six
// attributes that the service takes, each once: CN, OU, O, L, ST and C. The map
// has all six, and no empty value. Spaces around names and values are skipped, as
// RFC 2253 has it.
func Parse(text string) (map[string]string, error) {
	attributes := map[string]string{}
	for _, name := range names {
		attributes[name] = ""
	}
	for rest, more := text, true; more; {
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToUpper(strings.Trim(name, " "))
		value, known := attributes[name]
		if !ok || !known {
			return nil, fmt.Errorf("%q does not begin with one of CN=, OU=, O=, L=, ST= and C=", rest)
		}
		if value != "" {
			return nil, fmt.Errorf("%s stands there twice, and the service takes one", name)
		}
		var err error
		if attributes[name], rest, more, err = attributeValue(after); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range names {
		if attributes[name] == "" {
			return nil, fmt.Errorf("%s is missing: the service wants CN, OU, O, L, ST and C", name)
		}
	}
	return attributes, nil
}

// attributeValue reads up to a comma that is not escaped.
func attributeValue(s string) (value, rest string, more bool, err error) {
	s = strings.TrimLeft(s, " ")
	if strings.HasPrefix(s, "#") {
		return "", "", false, errors.New(`a value that begins with # is hexadecimal BER, which the service does not take; write \#`)
	}
	var b []byte
	kept := 0 // spaces up to here are escaped, or inside
	for i := 0; i < len(s) && !more; i++ {
		switch c := s[i]; {
		case c == ',':
			rest, more = s[i+1:], true
		case strings.IndexByte("+;<>\"\x00", c) >= 0:
			return "", "", false, errors.New(`one of + ; < > " is not escaped: write a \ before it`)
		case c == '\\':
			decoded, size := unescape(s[i+1:])
			if size == 0 {
				return "", "", false, errors.New(`a \ wants one of "#+,;<=>\, a space, or two hexadecimal digits other than 00 after it`)
			}
			b, i = append(b, decoded), i+size
			kept = len(b)
		default:
			if b = append(b, c); c != ' ' {
				kept = len(b)
			}
		}
	}
	if b = b[:kept]; len(b) == 0 || !utf8.Valid(b) {
		return "", "", false, errors.New("the value is empty, or not UTF-8")
	}
	return string(b), rest, more, nil
}

// unescape reads what follows a backslash, and how long that is: 0 if it is
// nothing that may.
func unescape(s string) (c byte, size int) {
	if s != "" && strings.IndexByte(` "#+,;<=>\`, s[0]) >= 0 {
		return s[0], 1
	}
	if len(s) >= 2 {
		if b, err := hex.DecodeString(s[:2]); err == nil && b[0] != 0 {
			return b[0], 2
		}
	}
	return 0, 0
}
