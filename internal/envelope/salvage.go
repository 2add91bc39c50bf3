package envelope

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Salvage looks for what is handed over once in a reply that does not have it
// where the documents say: one that breaks off, has an envelope of another name,
// an array, a string that holds JSON, or is no JSON at all. It returns a
// Result that holds it, as valid JSON, or nil.
func Salvage(body []byte, keys Keys) []byte {
	f := finder{keys: keys}
	if result := f.find(complete(body), 0); result != nil {
		result, _ = settle(result, keys)
		return mendLineBreaks(result)
	}
	return keysInText(body, keys)
}

// maxInStrings is how deep JSON is looked for in strings of JSON.
const maxInStrings = 3

// A finder finds the first object that holds a key.
type finder struct {
	keys  Keys
	found []byte
}

// find returns the text of the object, as valid JSON.
func (f *finder) find(text []byte, inStrings int) []byte {
	s := NewScanner(text)
	f.value(s, inStrings)
	return escapeControls(f.found)
}

// value reads a value and looks into it, until something is found.
func (f *finder) value(s *Scanner, inStrings int) bool {
	switch s.Peek() {
	case '{':
		start, holds := s.i, false
		ok := s.Object(func(name []byte) bool {
			if s.Peek() != '"' {
				return f.value(s, inStrings)
			}
			text, ok := s.value()
			if ok && isQuotedKey(text) {
				holds = holds || f.keys.wants(name)
				f.isResult(name, text)
			}
			f.inString(text, inStrings)
			return ok
		})
		if ok && holds && f.found == nil {
			f.found = s.b[start:s.i]
		}
		return ok
	case '[':
		return s.elements(func() bool { return f.value(s, inStrings) })
	case '"':
		text, ok := s.value()
		f.inString(text, inStrings)
		return ok
	}
	return s.Skip()
}

// isResult takes a Result that is the one key itself.
func (f *finder) isResult(name, text []byte) {
	isKey := bytes.HasPrefix(bytes.TrimLeft(text, "\" "), []byte(pemBegin))
	if f.found == nil && isKey && len(f.keys.Names) == 1 && Is(name, "Result") {
		f.found = slices.Concat([]byte(`{"`+f.keys.Names[0]+`":`), text, []byte("}"))
	}
}

// inString looks into a string that holds JSON.
func (f *finder) inString(quoted []byte, inStrings int) {
	if f.found != nil || inStrings == maxInStrings || len(quoted) < 2 {
		return
	}
	text, ok := unescape(quoted[1 : len(quoted)-1])
	if text = strings.TrimSpace(text); ok && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) {
		f.find(complete([]byte(text)), inStrings+1)
	}
}

// complete returns JSON that breaks off or turns into something else with what
// is not whole left out, and with its objects and arrays closed.
func complete(text []byte) []byte {
	s := NewScanner(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")))
	c := completer{s: s}
	if c.value() {
		return s.b[:s.i]
	}
	return append(bytes.Clone(s.b[:c.good]), c.closers...)
}

// A completer remembers up to where a text is good.
type completer struct {
	s       *Scanner
	open    []byte // what closes the objects and arrays that are open
	good    int    // the end of the last value that is whole
	closers []byte // what was open there, the innermost first
}

func (c *completer) mark() {
	c.good, c.closers = c.s.i, c.closers[:0]
	for i := len(c.open) - 1; i >= 0; i-- {
		c.closers = append(c.closers, c.open[i])
	}
}

func (c *completer) value() bool {
	switch c.s.Peek() {
	case '{':
		return c.nested('}', func() bool {
			return c.s.Object(func([]byte) bool { return c.value() })
		})
	case '[':
		return c.nested(']', func() bool { return c.s.elements(c.value) })
	}
	isNumber := !strings.ContainsRune(`"tfn`, rune(c.s.Peek()))
	ok := c.s.Skip()
	// A number at the end may have lost digits.
	if ok && !(isNumber && c.s.i == len(c.s.b)) {
		c.mark()
	}
	return ok
}

func (c *completer) nested(closer byte, read func() bool) bool {
	c.open = append(c.open, closer)
	c.s.i++ // what opens it
	c.mark()
	c.s.i--
	ok := read()
	c.open = c.open[:len(c.open)-1]
	if ok {
		c.mark()
	}
	return ok
}

// hasControls reports whether a text has control characters. bytes.ContainsFunc
// would take as long as all the rest of a call's decoding.
func hasControls(text []byte) bool {
	for _, c := range text {
		if c < ' ' {
			return true
		}
	}
	return false
}

// escapeControls makes valid JSON of what a Scanner has accepted.
func escapeControls(text []byte) []byte {
	if text == nil || json.Valid(text) {
		return text
	}
	var b bytes.Buffer
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inString = !inString
			b.WriteByte(c)
		case c == '\\' && i+1 < len(text):
			b.Write(text[i : i+2])
			i++
		case c < ' ' && inString:
			quoted, _ := json.Marshal(string(rune(c))) // cannot fail
			b.Write(quoted[1 : len(quoted)-1])
		default:
			b.WriteByte(c)
		}
	}
	return b.Bytes()
}

// keysInText looks for private keys in a text of any kind: their PEM blocks,
// behind the names of members.
func keysInText(body []byte, keys Keys) []byte {
	found := make(map[string]string)
	for rest := withPlainText(body); ; {
		before, after, ok := bytes.Cut(rest, []byte(pemBegin))
		if !ok {
			break
		}
		block, tail, ok := bytes.Cut(after, []byte(pemEnd))
		if !ok {
			break
		}
		label, _, ok := bytes.Cut(tail, []byte(pemDashes))
		if !ok {
			break
		}
		key := pemText(pemBegin + string(block) + pemEnd + string(label) + pemDashes)
		name := keys.nameBefore(before)
		if key != "" && name != "" && found[name] == "" {
			found[name] = key
		}
		rest = tail
	}
	if len(found) == 0 {
		return nil
	}
	result, _ := json.Marshal(found) // cannot fail
	return result
}

// withPlainText is a text with the graphic characters of ASCII in the place of
// their escape sequences.
func withPlainText(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u00`)) {
		return text
	}
	var plain []byte
	for {
		before, after, found := bytes.Cut(text, []byte(`\u`))
		plain = append(plain, before...)
		if !found {
			return plain
		}
		text = text[len(before):]
		if c, n := DecodeEscape(text); n == 6 && ' ' <= c && c <= '~' && c != '"' && c != '\\' {
			// In JSON in a string, its backslash is escaped itself.
			plain, text = append(bytes.TrimRight(plain, `\`), byte(c)), text[n:]
		} else {
			plain, text = append(plain, `\u`...), after
		}
	}
}

// nameBefore is the name of the member that a key belongs to which follows on
// text; empty if it is none.
func (k Keys) nameBefore(text []byte) string {
	if k.Any {
		return "PrivateKey"
	}
	text = bytes.TrimRight(text, "\\\": \t\r\n")
	for _, name := range k.Names {
		start := len(text) - len(name)
		if start > 0 && Is(text[start:], name) && (text[start-1] == '"' || text[start-1] == '\\') {
			return name
		}
	}
	return ""
}

// pemText undoes what escaping has made of a PEM block; empty if it is none.
func pemText(s string) string {
	for range maxInStrings + 1 {
		text, ok := unescape([]byte(s))
		if !ok || text == s {
			break
		}
		s = text
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	label, body, ok := strings.Cut(strings.TrimPrefix(s, pemBegin), pemDashes)
	body, end, ended := strings.Cut(body, pemEnd)
	if !ok || !ended || end != label+pemDashes || !strings.HasSuffix(label, "PRIVATE KEY") ||
		strings.ContainsFunc(body, notInPEM) {
		return ""
	}
	return s + "\n"
}

// notInPEM is lenient: the reference pages have asterisks in their keys.
func notInPEM(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || strings.ContainsRune("\"'\\<>{}", r) || r > '~'
}
