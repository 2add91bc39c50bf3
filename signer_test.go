package baas_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// publishedParams are those of the help center's example.
func publishedParams() url.Values {
	return url.Values{
		"Timestamp":        {"2016-02-23T12:46:24Z"},
		"Format":           {"XML"},
		"AccessKeyId":      {"testid"},
		"Action":           {"DescribeRegions"},
		"SignatureMethod":  {"HMAC-SHA1"},
		"SignatureNonce":   {"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"},
		"Version":          {"2014-05-26"},
		"SignatureVersion": {"1.0"},
	}
}

func TestSignRPC(t *testing.T) {
	t.Parallel()
	with := func(name string, values ...string) url.Values {
		p := publishedParams()
		p[name] = values
		return p
	}
	const published = "OLeaidS1JvxuMvnyHOwuJ+uX5qY="
	t.Run("published vector of GET", func(t *testing.T) {
		require.Equal(t, published, baas.SignRPC("GET", publishedParams(), "testsecret"))
	})
	t.Run("published vector of POST", func(t *testing.T) {
		require.Equal(t, "MxbnVAM4w6sft9xjVpe/GCKueuk=", baas.SignRPC("POST", publishedParams(), "testsecret"))
	})
	t.Run("a Signature among the parameters is left out", func(t *testing.T) {
		require.Equal(t, published, baas.SignRPC("GET", with("Signature", "x"), "testsecret"))
	})
	t.Run("a name without values does not count", func(t *testing.T) {
		require.Equal(t, published, baas.SignRPC("GET", with("Nothing"), "testsecret"))
	})
	t.Run("a name with several values counts once per value", func(t *testing.T) {
		one := baas.SignRPC("GET", with("A", "1"), "testsecret")
		two := baas.SignRPC("GET", with("A", "1", "2"), "testsecret")
		reversed := baas.SignRPC("GET", with("A", "2", "1"), "testsecret")
		require.NotEqual(t, one, two)
		require.NotEqual(t, two, reversed)
	})
	t.Run("an empty value counts", func(t *testing.T) {
		require.NotEqual(t, published, baas.SignRPC("GET", with("A", ""), "testsecret"))
	})
	t.Run("the parameters stay as they are", func(t *testing.T) {
		p := publishedParams()
		baas.SignRPC("GET", p, "testsecret")
		require.Equal(t, publishedParams(), p)
	})
	t.Run("no parameters", func(t *testing.T) {
		require.Len(t, baas.SignRPC("POST", nil, ""), len(published))
	})
}

// FuzzSignRPCAgreesWithVerifier signs any parameters with SignRPC and has
// them verified by baastest, which has an implementation of its own.
func FuzzSignRPCAgreesWithVerifier(f *testing.F) {
	server := baastest.NewServer(baastest.WithInMemory())
	f.Cleanup(server.Close)
	model, err := server.Credential().GetCredential()
	require.NoError(f, err)
	client := server.HTTPClient()

	values := []string{
		"", " ", "a b", "+", "*", "~", "%", "%20", "&", "=", "/", "a&b=c", "中文", "🦊", "\t\r\n", "é", "\x00", "-_.~",
		"A=B&C=D", "?#", `"\`, "\u2028", "İ", "%E4%B8%AD", strings.Repeat("é*", 50),
	}
	for i, v := range values {
		f.Add("Name"+v, v, values[(i+1)%len(values)], i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, name, value, other string, inBody bool) {
		params := url.Values{
			"Action":           {"ApplyAntChainCertificateWithKeyAutoCreation"},
			"Version":          {baas.APIVersion},
			"Format":           {"JSON"},
			"AccessKeyId":      {*model.AccessKeyId},
			"SignatureMethod":  {"HMAC-SHA1"},
			"SignatureVersion": {"1.0"},
			"SignatureNonce":   {newNonce(t)},
			"Timestamp":        {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
		}
		common := len(params)
		params["Password"] = []string{value}
		params["x"+name] = []string{other}
		if len(params) < common+2 {
			t.Skip("the same name twice")
		}
		query, body := url.Values{}, url.Values{}
		for n, v := range params {
			if to := query; inBody && (n == "Password" || n[0] == 'x') {
				body[n] = v
			} else {
				to[n] = v
			}
		}
		query.Set("Signature", baas.SignRPC("POST", params, *model.AccessKeySecret))
		code := post(t, client, server.URL()+"/?"+query.Encode(), body.Encode())
		require.Equal(t, "MissingAntChainId", code, "the signature was not the reason to refuse")
	})
}

// TestSignRPCAgreesWithVerifierAtRandom does the same for a few thousand
// random sets, in every run of the tests.
func TestSignRPCAgreesWithVerifierAtRandom(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer(baastest.WithInMemory())
	t.Cleanup(server.Close)
	client := server.Client(baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
	random := newRandom(t)
	alphabet := []rune("aZ09 +*~%&=/-_.:;?#\"'\\<>\n\t\x00é中文🦊")
	word := func() string {
		return string(slices.Repeat([]rune{alphabet[random.IntN(len(alphabet))]}, random.IntN(3))) +
			string(alphabet[random.IntN(len(alphabet))])
	}
	for range 3000 {
		params := url.Values{}
		for range random.IntN(6) {
			params["x"+word()] = []string{word() + word()}
		}
		params["Password"] = []string{""}
		err := client.Do(t.Context(), baas.Operation{Action: actionApply, Params: params}, nil)
		var api *baas.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, "MissingAntChainId", api.Code, "%q", params)
	}
}

// post sends a form and returns the code of the refusal.
func post(t *testing.T, client *http.Client, target, body string) string {
	t.Helper()
	resp, err := client.Post(target, "application/x-www-form-urlencoded", strings.NewReader(body))
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	reply, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	_, code, _ := bytes.Cut(reply, []byte(`"Code":"`))
	code, _, _ = bytes.Cut(code, []byte(`"`))
	return string(code)
}
