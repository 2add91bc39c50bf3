package send

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/testkit"
)

// TestReadUnpacks: whatever form the JSON has, and whatever has a key in it.
func TestReadUnpacks(t *testing.T) {
	t.Parallel()
	const object = `{"RequestId":"R","Result":{"PrivateKey":"-----BEGIN PRIVATE KEY-----"}}`
	quoted, err := json.Marshal(object)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"an object": object, "an array": "[" + object + "]", "a string of JSON": string(quoted), "an empty object": "{}",
		"an array of arrays": " [ [1]]", "an array of strings": `["a"]`, "a string of an array": `"[1]"`, "a byte order mark": "\uFEFF " + object,
		"a string of a string": `"\"{}\""`, "garbage, and an object with a key": ")]}'\n" + object, "a page with a key": "<html>" + object,
	} {
		for coding, open := range map[string]testkit.Coding{"plain": nil, "gzip": testkit.Gzip, "deflate": testkit.Deflate} {
			body := text
			if open != nil {
				body = testkit.Pack(t, text, open)
			}
			var r Reply
			r.Read(&http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))})
			require.Equal(t, text, string(r.Body), "%s, %s", name, coding)
			r.Release()
		}
	}
}

// TestIsReply: what a wrong coding has made of a body is as a rule none.
func TestIsReply(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "[", `"`, "[1]", `"text"`, "text", "<html>", "\x00{"} {
		require.False(t, isReply([]byte(text)), "%q", text)
	}
}
