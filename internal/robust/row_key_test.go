package robust

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/testkit"
)

// misplaced are replies with the key, %, where the documents do not have it.
var misplaced = []struct{ name, body string }{
	{"an envelope of another name", `{"RequestId":"R","body":{"RequestId":"R","Result":{"PrivateKey":%}}}`},
	{"an envelope in an envelope", `{"requestId":"R","data":{"data":{"Result":{"PrivateKey":%}}}}`},
	{"another name for Result", `{"RequestId":"R","model":{"privateKey":%}}`},
	{"Result an array", `{"RequestId":"R","Result":[{"PrivateKey":%}]}`},
	{"data an array", `{"requestId":"R","data":[{"Result":{"PrivateKey":%}}]}`},
	{"the reply an array", `[{"RequestId":"R","Result":{"PrivateKey":%}}]`},
	{"PrivateKey beside Result", `{"RequestId":"R","PrivateKey":%,"Result":{"DownloadPath":{}}}`},
	{"PrivateKey before an empty Result", `{"RequestId":"R","PrivateKey":%,"Result":null}`},
	{"PrivateKey beside Result in data", `{"requestId":"R","data":{"Result":"success","PrivateKey":%}}`},
	{"PrivateKey deeper in Result", `{"RequestId":"R","Result":{"Certificate":{"PrivateKey":%}}}`},
	{"Result the key itself", `{"RequestId":"R","Result":%}`},
	{"an array in arrays", `{"RequestId":"R","Result":[[{"PrivateKey":%}]]}`},
}

// TestKeyIsInTheReplyButNotWhereTheDocumentsHaveIt: it is returned.
func TestKeyIsInTheReplyButNotWhereTheDocumentsHaveIt(t *testing.T) {
	key := quote(madeUpKey)
	for _, c := range misplaced {
		body := strings.Replace(c.body, "%", key, 1)
		t.Run(c.name, func(t *testing.T) { requireReturned(t, body) })
		t.Run(c.name+", cut off behind the key", func(t *testing.T) {
			requireReturned(t, body[:strings.Index(body, key)+len(key)])
		})
	}
	result := `{"PrivateKey":` + key + `}`
	flat := `{"RequestId":"R","Result":` + result + `}`
	for name, body := range map[string]string{
		"Result a string of JSON":                     `{"RequestId":"R","Result":` + quote(result) + `}`,
		"data a string of JSON":                       `{"successResponse":true,"requestId":"R","code":"200","data":` + quote(flat) + `}`,
		"Result a string of JSON in a string of JSON": `{"RequestId":"R","Result":` + quote(quote(result)) + `}`,
		"Result a string of JSON in data":             `{"requestId":"R","data":{"Result":` + quote(result) + `}}`,
		"the reply a string of JSON":                  quote(flat),
		"a string of JSON in an array":                `{"RequestId":"R","Result":[` + quote(result) + `]}`,
	} {
		t.Run(name, func(t *testing.T) { requireReturned(t, body) })
	}
	for name, fault := range map[string][]string{
		"Content-Encoding gzip over a body that is not":    {flat, "gzip"},
		"Content-Encoding deflate over a body that is not": {flat, "deflate"},
		"Content-Encoding br over a body that is not":      {flat, "br"},
		"gzip without a Content-Encoding":                  {testkit.Pack(t, flat, testkit.Gzip), ""},
		"gzip with Content-Encoding deflate":               {testkit.Pack(t, flat, testkit.Gzip), "deflate"},
		"gzip with Content-Encoding identity":              {testkit.Pack(t, flat, testkit.Gzip), "identity"},
		"deflate, as servers send it":                      {testkit.Pack(t, flat, testkit.Zlib), "deflate"},
	} {
		t.Run(name, func(t *testing.T) { requireReturned(t, fault[0], "Content-Encoding", fault[1]) })
	}
}

func requireReturned(t *testing.T, body string, header ...string) {
	t.Helper()
	if len(header) == 2 && header[1] == "" {
		header = nil
	}
	s := newScript(t, answer(200, body, header...))
	got, err := s.apply(t.Context())
	require.NoError(t, err)
	require.Equal(t, madeUpKey, got)
	require.Len(t, s.nonces(), 1)
}

// TestNoKeyInTheReply: what only looks like a key is none.
func TestNoKeyInTheReply(t *testing.T) {
	certificate := quote(strings.ReplaceAll(madeUpKey, "ENCRYPTED PRIVATE KEY", "CERTIFICATE"))
	for name, body := range map[string]string{
		"a certificate":                  `{"RequestId":"R","Result":{"ClientCert":` + certificate + `}}`,
		"an empty PrivateKey":            `{"RequestId":"R","Result":{"PrivateKey":""}}`,
		"a PrivateKey that is null":      `{"RequestId":"R","Result":{"PrivateKey":null}}`,
		"a PrivateKey that is no string": `{"RequestId":"R","Result":{"PrivateKey":{"a":1}}}`,
		"a PrivateKey that is no PEM":    `{"RequestId":"R","Result":{"PrivateKey":"see the console"}}`,
		"a message about a PrivateKey":   `{"RequestId":"R","Message":"\"PrivateKey\": is handed over once","Result":"success"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, answer(200, body), answer(200, body), answer(200, body), answer(200, body))
			_, err := s.apply(t.Context())
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.Empty(t, leak(shown(err), formsOf(password)))
		})
	}
}

// TestReplyGarbledInsideTheKeysStringSoThatItEndsEarly: no key without its
// end.
func TestReplyGarbledInsideTheKeysStringSoThatItEndsEarly(t *testing.T) {
	step := 37
	if *full {
		step = 1
	}
	key := quote(madeUpKey)
	for _, shape := range []string{
		`{"RequestId":"R","Result":{"PrivateKey":%,"DownloadPath":{}}}`,
		`{"successResponse":true,"requestId":"R","code":"200","data":{"Result":{"PrivateKey":%}}}`,
	} {
		for at := 1; at < len(key)-1; at += step {
			if key[at-1] == '\\' {
				continue // \" is no end
			}
			for _, body := range []string{
				strings.Replace(shape, "%", key[:at]+`"`+key[at+1:], 1),     // what is behind it is no JSON
				strings.Replace(shape, "%", key[:at]+`","x":"`+key[at:], 1), // it is
			} {
				s := newScriptWith(t, baas.RetryPolicy{MaxAttempts: 1}, answer(200, body))
				got, err := s.apply(t.Context())
				s.server.Close()
				require.Error(t, err, "a key of %d bytes passes for one of %d", len(got), len(madeUpKey))
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				require.Empty(t, leak(shown(err), []string{madeUpKey[100:140]}))
			}
		}
	}
}
