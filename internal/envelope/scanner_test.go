package envelope

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzScanner compares the scanner with encoding/json: what is valid, and what
// strings mean.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, ` { "a" : [ 1 , -0.5e+3 , true , false , null , "x" ] } `, `{"a":01}`, `{"a":1.}`, `{"a":-}`,
		`{"a":"\u00e9\ud83e\udd8a\n\/\"\\\b\f\r\t"}`, `{"a":"\ud83e"}`, `{"a":"\ud83e\u0041"}`, `{"a":"\udd8a\ud83e"}`, `{"a":"\x"}`,
		`{"a":"` + "\x01" + `"}`, `{"a":"` + "\xff" + `"}`, `{"a":1,}`, `{"a"}`, `{,}`, `[1,]`, `{"a":[}`, `{"a":{"b":{"c":[]}}}`,
		`{"a":1}{"b":2}`, `{"a":tru}`, `{"a":nullx}`, `{"a":1e}`, `{"a":1E-07}`, "", "{", `"`, `{"Result":{"PrivateKey":"k\\n"}}`,
		`{"successResponse":true,"data":{"RequestId":"r","Result":{"DownloadPath":{"SdkUrl":"u"},"PrivateKey":"k"}}}`,
		strings.Repeat("[", 100), `{"a":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if depth(b) > maxDepth {
			t.Skip("nested deeper than is read")
		}
		e := Parse(b, Keys{})
		object := strings.HasPrefix(strings.TrimLeft(string(b), " \t\r\n"), "{")
		controls := bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' })
		if json.Valid(b) && object {
			require.True(t, e.Whole, "%q", b)
		}
		if e.Whole && !controls {
			require.True(t, json.Valid(b), "%q", b)
		}
		s := Scanner{b: b}
		text, ok := s.str()
		if !ok || bytes.ContainsFunc(b[:s.i], func(r rune) bool { return r < ' ' }) {
			return
		}
		var want string
		require.NoError(t, json.Unmarshal(b[:s.i], &want), "%q", b)
		require.Equal(t, want, text, "%q", b)
	})
}

// depth is an upper bound of how deep b nests.
func depth(b []byte) int {
	n, most := 0, 0
	for _, c := range b {
		switch c {
		case '{', '[':
			n++
			most = max(most, n)
		case '}', ']':
			n--
		}
	}
	return max(most, strings.Count(string(b), "{")+strings.Count(string(b), "["))
}

// TestEnvelopeDepth: a reply that nests too deep is not read, rather than
// exhausting the stack.
func TestEnvelopeDepth(t *testing.T) {
	t.Parallel()
	e := Parse([]byte(`{"a":`+strings.Repeat("[", 1<<20)), Keys{})
	require.False(t, e.Whole)
}

func TestEnvelopeIsReadInEitherCase(t *testing.T) {
	t.Parallel()
	const key = `"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"`
	e := Parse([]byte(`{"RequestID":"r","CODE":404,"message":"m","Data":{"result":{"privateKey":`+key+`}}}`), Keys{Names: []string{"PrivateKey"}})
	require.True(t, e.Whole)
	require.True(t, e.HasKeys)
	require.Equal(t, []string{"r", "404", "m"}, []string{e.RequestID, e.Code, e.Message})
}

// TestStrings: each string means what it means to encoding/json, and what is
// none to it is none here.
func TestStrings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`""`, `"k"`, `"\n\r\t\b\f\/\\\""`, `"\u00e9"`, `"\u00E9\u00Af\uFFFD\uabcd\uefEF\u0000"`, `"\ud83e\udd8a"`, `"\ud83e"`, `"\ud83e\u0041"`, `"\ud83e\n"`,
		`"\ud83ex"`, `"\ud83exudd8a!"`, `"\ud83e\x"`, `"\ud83e\ud83e\udd8a"`, `"\ud83e\udd8"`, `"\udd8a\ud83e"`, `"\ufffd"`, `"\\"`, `"\\\\"`, `"\\\"x"`, `"a\\n"`, "\"\xff\"", "\"\\n\xffé\xc3\"", "\"\xed\xa0\xbe\"",
		`"\x"`, `"\u12"`, `"\u12g4"`, `"\u"`, `"\U0041"`, `"\`, `"\"`, `"\\\"`, `"`, `"k`, `k`, ``,
	} {
		var want string
		valid := json.Unmarshal([]byte(text), &want) == nil
		s := Scanner{b: []byte(text)}
		got, ok := s.str()
		require.Equal(t, valid, ok, "%q", text)
		require.Equal(t, want, got, "%q", text)
		s = Scanner{b: []byte(text)}
		require.Equal(t, valid, s.skipString(), "%q", text)
		for _, reply := range []string{`{"a":` + text + `}`, `{` + text + `:1}`, `{"Code":` + text + `}`, `{"a":[` + text + `]}`} {
			require.Equal(t, json.Valid([]byte(reply)), Parse([]byte(reply), Keys{}).Whole, "%q", reply)
		}
	}
	require.Equal(t, "x", Parse([]byte(`{"\u0043\u006fde":"x"}`), Keys{}).Code, "a name with escape sequences")
}

// TestStringsStopAtTheirQuote: what follows a string is left for whoever reads
// on.
func TestStringsStopAtTheirQuote(t *testing.T) {
	t.Parallel()
	for text, rest := range map[string]string{
		`"k"x`: `x`, ` "k" "x"`: ` "x"`, `"\\""x"`: `"x"`, `"\""x`: `x`, `"\\\"", 1`: `, 1`,
	} {
		s := Scanner{b: []byte(text)}
		_, ok := s.str()
		require.True(t, ok)
		require.Equal(t, rest, text[s.i:])
	}
}
