package baas

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a reply may nest.
const maxDepth = 64

// A scanner reads JSON from the front and keeps what it has read when the text
// breaks off: the private key in a reply that was cut off behind it exists
// nowhere else. It is as strict as encoding/json, but for line breaks and other
// control characters in strings, which it takes. Its methods report false once
// the text is not JSON or is over.
type scanner struct {
	b     []byte
	i     int
	depth int
}

// peek skips white space and returns the next byte without consuming it; 0 at
// the end.
func (s *scanner) peek() byte {
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// accept consumes c, white space before it included, if it is next.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c || s.i == len(s.b) {
		return false
	}
	s.i++
	return true
}

// object reads an object. It calls member for the name of each of its members,
// which has to read the value.
func (s *scanner) object(member func(name []byte) bool) bool {
	if !s.enter('{') {
		return false
	}
	if s.accept('}') {
		s.depth--
		return true
	}
	for {
		name, ok := s.raw()
		if ok && bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unescape(name))
		}
		if !ok || !s.accept(':') || !member(name) {
			return false
		}
		if s.accept(',') {
			continue
		}
		s.depth--
		return s.accept('}')
	}
}

func (s *scanner) enter(open byte) bool {
	s.depth++
	return s.depth <= maxDepth && s.accept(open)
}

// value reads any value and returns its text.
func (s *scanner) value() ([]byte, bool) {
	first := s.peek()
	start := s.i
	ok := false
	switch first {
	case '{':
		ok = s.object(func([]byte) bool { _, ok := s.value(); return ok })
	case '[':
		ok = s.array()
	case '"':
		_, ok = s.raw()
	case 't':
		ok = s.literal("true")
	case 'f':
		ok = s.literal("false")
	case 'n':
		ok = s.literal("null")
	default:
		ok = s.number()
	}
	return s.b[start:s.i], ok
}

func (s *scanner) array() bool {
	if !s.enter('[') {
		return false
	}
	if s.accept(']') {
		s.depth--
		return true
	}
	for {
		if _, ok := s.value(); !ok {
			return false
		}
		if s.accept(',') {
			continue
		}
		s.depth--
		return s.accept(']')
	}
}

// text reads any value as text: a string's content, a number or boolean as it
// is written, and nothing of null, an object or an array.
func (s *scanner) text() (string, bool) {
	switch s.peek() {
	case '"':
		return s.str()
	case '{', '[', 'n':
		_, ok := s.value()
		return "", ok
	}
	v, ok := s.value()
	return string(v), ok
}

func (s *scanner) literal(word string) bool {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		return false
	}
	s.i += len(word)
	return true
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() bool {
	s.skip("-")
	if !s.skip("0") && !s.digits() {
		return false
	}
	if s.skip(".") && !s.digits() {
		return false
	}
	if s.skip("eE") {
		s.skip("+-")
		return s.digits()
	}
	return true
}

// skip consumes one byte if it is one of set.
func (s *scanner) skip(set string) bool {
	if s.i == len(s.b) || strings.IndexByte(set, s.b[s.i]) < 0 {
		return false
	}
	s.i++
	return true
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

// str reads a string and returns its content.
func (s *scanner) str() (string, bool) {
	raw, ok := s.raw()
	if !ok {
		return "", false
	}
	return unescape(raw), true
}

// raw reads a string and returns what stands between its quotes.
func (s *scanner) raw() ([]byte, bool) {
	if !s.accept('"') {
		return nil, false
	}
	start, end := s.i, s.i // end is where the next quote is
	for {
		if end <= s.i {
			n := bytes.IndexByte(s.b[s.i:], '"')
			if n < 0 {
				return nil, false
			}
			end = s.i + n
		}
		n := bytes.IndexByte(s.b[s.i:end], '\\')
		if n < 0 {
			s.i = end + 1
			return s.b[start:end], true
		}
		s.i += n
		if n = escapeLen(s.b[s.i:]); n == 0 {
			return nil, false
		}
		s.i += n
	}
}

// escapeLen is the length of the escape sequence that b begins with, 0 if it
// is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b); ok {
			return 6
		}
	}
	return 0
}

// hex4 is the code unit that b begins with: \u and four hexadecimal digits.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// unescape resolves the escape sequences of a string that raw has checked.
func unescape(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw)
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			end := bytes.IndexByte(raw[i:], '\\')
			if end < 0 {
				end = len(raw) - i
			}
			b.Write(raw[i : i+end])
			i += end
			continue
		}
		switch c := raw[i+1]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, _ := hex4(raw[i:])
			if utf16.IsSurrogate(r) {
				low, _ := hex4(raw[i+6:])
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			b.WriteRune(r)
			i += 4
		default:
			b.WriteByte(c)
		}
		i += 2
	}
	if s := b.String(); !utf8.ValidString(s) {
		return string([]rune(s)) // a replacement character for each byte
	}
	return b.String()
}
