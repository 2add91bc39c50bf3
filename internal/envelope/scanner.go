package envelope

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a reply may nest.
const maxDepth = 64

// A Scanner reads JSON from the front. What was read before the text breaks off
// counts: the private key in a reply that was cut off after it exists nowhere
// else. It is as strict as encoding/json, except that it takes line breaks and
// other control characters in strings. Its methods report false once the text
// is not JSON or is over.
type Scanner struct {
	b     []byte
	i     int
	depth int
}

// Peek skips white space and returns the next byte without consuming it; 0 at
// the end.
func (s *Scanner) Peek() byte {
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
func (s *Scanner) accept(c byte) bool {
	if s.Peek() != c || s.i == len(s.b) {
		return false
	}
	s.i++
	return true
}

// NewScanner returns a Scanner at the beginning of b.
func NewScanner(b []byte) *Scanner { return &Scanner{b: b} }

// Object reads an object. It calls member with the name of each of its members;
// member has to read the value.
func (s *Scanner) Object(member func(name []byte) bool) bool {
	if !s.enter('{') {
		return false
	}
	if s.accept('}') {
		s.depth--
		return true
	}
	for {
		name, ok := s.quoted()
		if ok && bytes.IndexByte(name, '\\') >= 0 {
			var text string
			text, ok = unescape(name)
			name = []byte(text)
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

func (s *Scanner) enter(open byte) bool {
	s.depth++
	return s.depth <= maxDepth && s.accept(open)
}

// Skip reads any value.
func (s *Scanner) Skip() bool {
	_, ok := s.value()
	return ok
}

// TextInto reads a value as Text does. dst keeps the first one that is not
// empty.
func (s *Scanner) TextInto(dst *string) bool {
	if *dst != "" {
		return s.Skip()
	}
	v, ok := s.Text()
	if ok {
		*dst = v
	}
	return ok
}

// Is reports whether name is want, in whatever case.
func Is(name []byte, want string) bool {
	return len(name) == len(want) && strings.EqualFold(string(name), want)
}

// value reads any value and returns its text.
func (s *Scanner) value() ([]byte, bool) {
	first := s.Peek()
	start := s.i
	ok := false
	switch first {
	case '{':
		ok = s.Object(func([]byte) bool { return s.Skip() })
	case '[':
		ok = s.elements(s.Skip)
	case '"':
		ok = s.skipString()
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

// elements reads an array. It calls element for each of its elements, which
// element has to read.
func (s *Scanner) elements(element func() bool) bool {
	if !s.enter('[') {
		return false
	}
	if s.accept(']') {
		s.depth--
		return true
	}
	for {
		if !element() {
			return false
		}
		if s.accept(',') {
			continue
		}
		s.depth--
		return s.accept(']')
	}
}

// Text reads any value as text: a string's content, a number or boolean as it
// is written, and nothing of null, an object or an array.
func (s *Scanner) Text() (string, bool) {
	switch s.Peek() {
	case '"':
		return s.str()
	case '{', '[', 'n':
		_, ok := s.value()
		return "", ok
	}
	v, ok := s.value()
	return string(v), ok
}

func (s *Scanner) literal(word string) bool {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		return false
	}
	s.i += len(word)
	return true
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *Scanner) number() bool {
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
func (s *Scanner) skip(set string) bool {
	if s.i == len(s.b) || strings.IndexByte(set, s.b[s.i]) < 0 {
		return false
	}
	s.i++
	return true
}

func (s *Scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

// str reads a string and returns its content.
func (s *Scanner) str() (string, bool) {
	raw, ok := s.quoted()
	if !ok {
		return "", false
	}
	return unescape(raw)
}

// skipString reads a string and drops its content.
func (s *Scanner) skipString() bool {
	raw, ok := s.quoted()
	for ok {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			break
		}
		_, n := DecodeEscape(raw[i:])
		raw, ok = raw[i+n:], n > 0
	}
	return ok
}

// quoted reads a string and returns what stands between its quotes, escape
// sequences unchecked.
func (s *Scanner) quoted() ([]byte, bool) {
	if !s.accept('"') {
		return nil, false
	}
	start := s.i
	for {
		n := bytes.IndexByte(s.b[s.i:], '"')
		if n < 0 {
			return nil, false
		}
		s.i += n + 1
		text := s.b[start : s.i-1]
		if backslashes := len(text) - len(bytes.TrimRight(text, `\`)); backslashes%2 == 0 {
			return text, true
		}
	}
}

// unescape resolves the escape sequences in what stands between quotes.
func unescape(raw []byte) (string, bool) {
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return validUTF8(string(raw)), true
	}
	var b strings.Builder
	b.Grow(len(raw) - bytes.Count(raw, []byte{'\\'})) // as a rule exact
	for ; i >= 0; i = bytes.IndexByte(raw, '\\') {
		b.Write(raw[:i])
		r, n := DecodeEscape(raw[i:])
		if n == 0 {
			return "", false
		}
		b.WriteRune(r)
		raw = raw[i+n:]
	}
	b.Write(raw)
	return validUTF8(b.String()), true
}

// validUTF8 is s with a replacement character for each byte that is not UTF-8.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// DecodeEscape resolves the JSON escape sequence that b begins with; half a
// surrogate pair takes the other half along. n is its length, 0 if it is none.
func DecodeEscape(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		low, _ := hex4(b[6:])
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return r, 6
}

// hex4 is the code unit that b begins with: \u and four hexadecimal digits.
func hex4(b []byte) (unit rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}
