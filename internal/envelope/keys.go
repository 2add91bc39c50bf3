package envelope

import (
	"bytes"
	"encoding/json"
	"strings"
)

const (
	pemBegin  = "-----BEGIN "
	pemEnd    = "-----END "
	pemDashes = "-----"
)

// isQuotedKey reports whether a value is a JSON string that holds a whole private
// key, whatever escape sequences it is written in.
func isQuotedKey(text []byte) bool {
	if len(text) < 2 || text[0] != '"' {
		return false
	}
	if holdsKey(text) || !bytes.Contains(text, []byte(`\u`)) {
		return holdsKey(text)
	}
	content, ok := unescape(text[1 : len(text)-1])
	return ok && holdsKey([]byte(content))
}

// holdsKey reports whether a text holds a whole private key. A key without its
// last line is none: a reply that was garbled can end its string early.
func holdsKey(text []byte) bool {
	begin := bytes.Index(text, []byte(pemBegin))
	if begin < 0 {
		return false
	}
	_, end, found := bytes.Cut(text[begin:], []byte(pemEnd))
	return found && bytes.Contains(end, []byte(pemDashes))
}

// wants reports whether a key in a member of that name is handed over once.
func (k Keys) wants(name []byte) bool {
	if k.Any {
		return true
	}
	for _, want := range k.Names {
		if Is(name, want) {
			return true
		}
	}
	return false
}

// settle returns an object in which each member of a key's name, in whatever
// case, holds a whole key: of several that differ, readers choose different ones.
// The object is valid JSON. escaped reports whether a key holds a backslash, as
// those do that have the two characters \n in the place of a line break.
func settle(object []byte, keys Keys) (settled []byte, escaped bool) {
	whole := make(map[string][]byte)
	members(object, func(name []byte, start, end int) {
		if value := object[start:end]; isQuotedKey(value) && keys.wants(name) && whole[folded(name)] == nil {
			whole[folded(name)] = plainly(value)
		}
	})
	if len(whole) == 0 {
		return object, false
	}
	copied, count := 0, 0
	members(object, func(name []byte, start, end int) {
		key := whole[folded(name)]
		if key == nil {
			return
		}
		if value := object[start:end]; isQuotedKey(value) {
			key = plainly(value)
		} else if count++; count > maxDetails {
			key = []byte("null")
		}
		settled = append(append(settled, object[copied:start]...), key...)
		copied = end
		escaped = escaped || bytes.Contains(key, []byte(`\\`))
	})
	return append(settled, object[copied:]...), escaped
}

// members calls member with the name of each member of an object, and with where
// its value begins and ends.
func members(object []byte, member func(name []byte, start, end int)) {
	s := NewScanner(object)
	s.Object(func(name []byte) bool {
		s.Peek()
		start := s.i
		ok := s.Skip()
		if ok {
			member(name, start, s.i)
		}
		return ok
	})
}

// folded is what names have in common that encoding/json takes for one another.
func folded(name []byte) string { return strings.ToLower(strings.ToUpper(string(name))) }

// plainly is a JSON string without the escape sequences that it can do without.
func plainly(quoted []byte) []byte {
	content, ok := unescape(quoted[1 : len(quoted)-1])
	if !ok || !bytes.Contains(quoted, []byte(`\u`)) {
		return quoted
	}
	text, _ := json.Marshal(content) // cannot fail
	return text
}

// mendLineBreaks turns the two characters \n, which some replies have in the
// place of line breaks, into line breaks: in JSON, \\n into \n. No PEM text and
// no link holds a backslash.
func mendLineBreaks(result []byte) []byte {
	result = bytes.ReplaceAll(result, []byte(`\\r\\n`), []byte(`\n`))
	result = bytes.ReplaceAll(result, []byte(`\\n`), []byte(`\n`))
	return bytes.ReplaceAll(result, []byte(`\\r`), []byte(`\n`))
}
