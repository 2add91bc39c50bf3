package envelope

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const wholeKey = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n"

func quoted(s string) string {
	b, _ := json.Marshal(s) // cannot fail
	return string(b)
}

// escaped is a JSON string with an escape sequence for each character of set.
func escaped(s, set string) string {
	text := quoted(s)
	for _, c := range set {
		text = strings.ReplaceAll(text, string(c), fmt.Sprintf("\\u%04x", c))
	}
	return text
}

// TestProvenKeyIsTheOneThatIsRead: of several members of the name, by every
// reader.
func TestProvenKeyIsTheOneThatIsRead(t *testing.T) {
	t.Parallel()
	key := quoted(wholeKey)
	for _, result := range []string{
		`{"PrivateKey":` + key + `}`,
		`{"PrivateKey":"see below","privateKey":` + key + `}`,
		`{"privateKey":` + key + `,"PrivateKey":"see above"}`,
		`{"PrivateKey":"****","PrivateKey":` + key + `,"PRIVATEKEY":null,"PrivateKey":{"a":[1]}}`,
		`{ "PrivateKey" : 1 , "X" : "y" , "PrivateKey" : ` + key + ` }`,
		`{"PrivateKey":` + escaped(wholeKey, "-") + `}`,
		`{"PrivateKey":` + escaped(wholeKey, "-BEGIN =") + `,"privatekey":""}`,
		`{"PrivateKey":` + strings.ReplaceAll(key, `\n`, `\u005cn`) + `}`,
		`{"PrivateKey":` + strings.ReplaceAll(key, `\n`, `\\n`) + `,"privateKey":"****"}`,
		`{"PrivateKey":` + strings.ReplaceAll(key, `\n`, "\n") + `}`,
	} {
		for how, reply := range map[string]string{
			"regular": `{"RequestId":"R","Result":` + result + `}`, "salvaged": `{"model":` + result + `}`,
			"before another Result": `{"Result":` + result + `,"data":{"Result":"fail"}}`,
			"behind another Result": `{"Result":{"PrivateKey":"****"},"data":{"Result":` + result + `}}`,
		} {
			for _, keys := range []Keys{{Names: []string{"PrivateKey"}}, {Any: true}} {
				if keys.Any && strings.HasSuffix(how, "another Result") {
					continue // of an unknown action, the last counts
				}
				e := Parse([]byte(reply), keys)
				require.Equal(t, how != "salvaged" || keys.Any, e.HasKeys, reply)
				read := e.Result
				if how == "salvaged" {
					read = Salvage([]byte(reply), keys)
				}
				requireReads(t, read, reply)
			}
		}
	}
}

func requireReads(t *testing.T, result []byte, reply string) {
	t.Helper()
	var typed struct{ PrivateKey string }
	require.NoError(t, json.Unmarshal(result, &typed), reply)
	require.Equal(t, wholeKey, typed.PrivateKey, reply)
	var all map[string]any
	require.NoError(t, json.Unmarshal(result, &all))
	for name, value := range all {
		if strings.EqualFold(name, "PrivateKey") {
			require.Equal(t, wholeKey, value, reply)
		}
	}
}

// TestNoKey: what is no whole key is none in escape sequences either.
func TestNoKey(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		escaped(wholeKey[:60], "-"), escaped("in the console", "e"), `{"a":` + quoted(wholeKey) + `}`, `[` + quoted(wholeKey) + `]`, `null`, `""`,
	} {
		e := Parse([]byte(`{"Result":{"PrivateKey":`+value+`}}`), Keys{Names: []string{"PrivateKey"}})
		require.True(t, e.Whole, value)
		require.False(t, e.HasKeys, value)
		require.JSONEq(t, `{"PrivateKey":`+value+`}`, string(e.Result))
	}
}

// TestKeysOfOneResult: one of two keys in each of two Results is not both.
func TestKeysOfOneResult(t *testing.T) {
	t.Parallel()
	key := quoted(wholeKey)
	e := Parse([]byte(`{"Result":{"A":`+key+`},"data":{"Result":{"B":`+key+`}}}`), Keys{Names: []string{"A", "B"}})
	require.False(t, e.HasKeys)
}

// TestLineBreaksOfUnknownActions: also of a key that is deeper in the Result, and
// of nothing else.
func TestLineBreaksOfUnknownActions(t *testing.T) {
	t.Parallel()
	key := strings.ReplaceAll(quoted(wholeKey), `\n`, `\\n`)
	e := Parse([]byte(`{"Result":{"Account":{"PrivateKey":`+key+`}}}`), Keys{Any: true})
	require.JSONEq(t, `{"Account":{"PrivateKey":`+quoted(wholeKey)+`}}`, string(e.Result))
	e = Parse([]byte(`{"Result":{"Text":"a\\nb"}}`), Keys{Any: true})
	require.JSONEq(t, `{"Text":"a\\nb"}`, string(e.Result))
}

// TestKeyInEscapedText: a text that is no JSON may have escape sequences in its
// keys.
func TestKeyInEscapedText(t *testing.T) {
	t.Parallel()
	for _, key := range []string{escaped(wholeKey, "-"), escaped(wholeKey, "-BEGIN"), quoted(escaped(wholeKey, "-"))} {
		result := Salvage([]byte(`{x"n":"\u00e9\u12","PrivateKey":`+key), Keys{Names: []string{"PrivateKey"}})
		requireReads(t, result, key)
	}
}

// TestManyNames: how often a key is repeated is bounded.
func TestManyNames(t *testing.T) {
	t.Parallel()
	reply := `{"Result":{"PrivateKey":` + quoted(wholeKey) + strings.Repeat(`,"PrivateKey":1`, 10_000) + `}}`
	e := Parse([]byte(reply), Keys{Names: []string{"PrivateKey"}})
	require.True(t, e.HasKeys)
	require.Less(t, len(e.Result), len(reply)*2)
	require.Equal(t, maxDetails+1, strings.Count(string(e.Result), "BEGIN"))
}
