package baas_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// Secrets of every kind, with characters that are encoded in each their way.
const (
	accessKeySecret = "AK+secret/%&=~*密"
	securityToken   = "STS+token/%&=~*密=="
	bearerToken     = "Bearer+token/%&=~*密=="
)

var keyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: bytes.Repeat([]byte("key"), 99)}))

// encoded is secret percent-encoded the way the signature does it.
func encoded(secret string) string {
	return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(secret))
}

// formsOf lists the forms in which a secret could leak.
func formsOf(secret string) []string {
	once, form := encoded(secret), url.QueryEscape(secret)
	return []string{
		secret, once, encoded(once), form, url.QueryEscape(form), html.EscapeString(secret),
		strings.ToLower(once), strings.ToLower(encoded(once)),
	}
}

// requireNoSecret asserts that text holds none of the secrets. The password
// and the parts of a URL's query are always among them.
func requireNoSecret(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, secret := range append(secrets, password, accessKeySecret, securityToken, bearerToken) {
		for _, form := range formsOf(secret) {
			if i := strings.Index(text, form); form != "" && i >= 0 {
				require.Fail(t, "a secret leaks", "%q in %q", form, text[max(0, i-100):i+len(form)])
			}
		}
	}
	for _, query := range []string{"Signature=", "Signature%3D", "AccessKeyId=", "AccessKeyId%3D", "AccessKeyId%253D"} {
		require.NotContains(t, strings.ReplaceAll(text, "Signature=[REDACTED]", ""), query)
	}
	require.NotContains(t, text, "-----BEGIN")
}

// signatures collects the signatures of what is sent.
type signatures struct {
	next http.RoundTripper
	seen []string
}

func (s *signatures) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, signatureOf(r))
	return s.next.RoundTrip(r)
}

// signatureOf is the signature of a request in either version, or is empty.
func signatureOf(r *http.Request) string {
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	return r.URL.Query().Get("Signature") + signature
}

// echo is what the request says, as a proxy or the gateway repeats it: URL,
// headers, body, each again encoded, and the string to sign.
func echo(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	text := r.URL.String() + "\n" + r.URL.RequestURI() + "\n" + string(body)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		text += "\n" + name + ": " + r.Header.Get(name) + "\n" + strings.ToLower(name) + ":" + r.Header.Get(name)
	}
	values, _ := url.ParseQuery(string(body))
	for _, v := range values {
		text += "\n" + v[0] + " " + html.EscapeString(v[0])
	}
	return text + "\n" + url.QueryEscape(text) + "\n" + encoded(encoded(text)) + "\n" + keyPEM
}

// echoing answers with what the request says, wrapped by form.
func echoing(status int, form func(echo string) string) roundTripper {
	return func(r *http.Request) (*http.Response, error) { return answering(status, form(echo(r)))(r) }
}

func failing(err func(echo string) error) roundTripper {
	return func(r *http.Request) (*http.Response, error) { return nil, err(echo(r)) }
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// valueError is an error that is no pointer, so that every verb shows it.
type valueError struct{ Text string }

func (e valueError) Error() string { return e.Text }

// leakyPaths are transports that bring secrets into errors.
var leakyPaths = map[string]roundTripper{
	"string to sign": echoing(400, func(s string) string {
		return `{"RequestId":"R","HostId":"h","Code":"SignatureDoesNotMatch","Message":` +
			quote("Specified signature is not matched with our calculation. server string to sign is:POST&%2F&"+s) + `}`
	}),
	"canonical request": echoing(400, func(s string) string {
		return `{"RequestId":"R","HostId":"h","Code":"SignatureDoesNotMatch","Message":` +
			quote("Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n0a0b] "+
				"server CanonicalRequest is [POST\n/\n"+s+"]") + `}`
	}),
	"message": echoing(403, func(s string) string {
		q := quote(s)
		return `{"RequestId":` + q + `,"HostId":` + q + `,"Code":` + quote("Forbidden"+s) + `,"Message":` + q + `,"Recommend":` + q +
			`,"AccessDeniedDetail":{"AuthAction":` + q + `,` + q + `:"x"}}`
	}),
	"failure in a 200": echoing(200, func(s string) string {
		return `{"successResponse":false,"requestId":"R","code":"C","message":` + quote(s) + `}`
	}),
	"server error":           echoing(500, func(s string) string { return `{"Code":"InternalError","Message":` + quote(s) + `}` }),
	"page of a proxy":        echoing(502, func(s string) string { return "<html>" + s }),
	"page with status 200":   echoing(200, func(s string) string { return s }),
	"key at a strange place": echoing(200, func(s string) string { return `{"Key":` + quote(s) + `}` }),
	"redirect": func(r *http.Request) (*http.Response, error) {
		e := echo(r)
		resp, err := answering(302, e)(r)
		resp.Header.Set("Location", "https://elsewhere.example/?"+r.URL.RawQuery)
		return resp, err
	},
	"page cut off in the password": func(r *http.Request) (*http.Response, error) {
		return cutOff("<html>" + password[:len(password)-1])(r)
	},
	"*url.Error": failing(func(s string) error {
		return &url.Error{Op: "Post", URL: "https://baas.aliyuncs.com/?Signature=x&Password=" + url.QueryEscape(password), Err: errors.New(s)}
	}),
	"wrapped *url.Error": failing(func(s string) error {
		return fmt.Errorf("tracing: %w", &url.Error{Op: "Post", URL: "https://h/?" + s, Err: io.EOF})
	}),
	"proxy's words": failing(func(s string) error {
		return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New(s)}
	}),
	"error that is a value": failing(func(s string) error { return valueError{s} }),
	"joined errors":         failing(func(s string) error { return errors.Join(valueError{s}, io.ErrUnexpectedEOF) }),
	"malformed response":    failing(func(s string) error { return fmt.Errorf("malformed HTTP response %q", s) }),
}

// TestNoErrorHoldsASecret greps every error, whole chain and every verb, and
// every log record of every failing path.
func TestNoErrorHoldsASecret(t *testing.T) {
	t.Parallel()
	for version, signature := range versions {
		for where, inQuery := range inBodyAndQuery {
			for kind, cred := range credentialsOfEveryKind(t) {
				for name, path := range leakyPaths {
					for _, readOnly := range []bool{false, true} {
						t.Run(fmt.Sprintf("%s, %s, %s, parameters %s, read-only %v", name, kind, version, where, readOnly), func(t *testing.T) {
							t.Parallel()
							requireNoLeak(t, path, readOnly, baas.WithCredential(cred), baas.WithSignatureVersion(signature), queryOption(inQuery))
						})
					}
				}
			}
		}
	}
}

// requireNoLeak makes a call that fails.
func requireNoLeak(t *testing.T, path roundTripper, readOnly bool, opts ...baas.Option) {
	t.Helper()
	var log bytes.Buffer
	sent := &signatures{next: path}
	client := newClient(t, sent, append(opts, baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 2, MinDelay: time.Nanosecond}),
		baas.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))...)
	params := url.Values{"Password": {password}, "Pin": {"pin+4711/%"}, "AntChainId": {"a"}}
	op := baas.Operation{Action: actionApply, Params: params, Secrets: []string{"Pin"}, ReadOnly: readOnly}
	if readOnly {
		op.Action = "DescribeSomething"
	}
	err := client.Do(t.Context(), op, nil)
	require.Error(t, err)
	secrets := append(sent.seen, "pin+4711/%", keyPEM[30:60])
	for _, text := range append(everyText(err), log.String(), everyFormat(client), everyFormat(&op)) {
		requireNoSecret(t, text, secrets...)
	}
	require.NotEmpty(t, log.String())
	require.Less(t, len(err.Error()), 5<<10)
	require.NotContains(t, err.Error(), "\n", "one line")
	var u *url.Error
	require.NotErrorAs(t, err, &u)
}

func credentialsOfEveryKind(t testing.TB) map[string]credentials.Credential {
	kinds := make(map[string]credentials.Credential)
	for kind, config := range map[string]*credentials.Config{
		"access_key": new(credentials.Config).SetAccessKeyId("id").SetAccessKeySecret(accessKeySecret),
		"sts":        new(credentials.Config).SetAccessKeyId("id").SetAccessKeySecret(accessKeySecret).SetSecurityToken(securityToken),
		"bearer":     new(credentials.Config).SetBearerToken(bearerToken),
	} {
		cred, err := credentials.NewCredential(config.SetType(kind))
		require.NoError(t, err)
		kinds[kind] = cred
	}
	return kinds
}

// TestFormattedValuesHoldNoSecret prints and logs the values that hold
// secrets, on their own and inside others.
func TestFormattedValuesHoldNoSecret(t *testing.T) {
	t.Parallel()
	req := *newRequest()
	path := baas.DownloadPath{CACrtURL: "http://h/ca.crt?Signature=s", SDKURL: "http://h/page"}
	result := baas.CertificateResult{PrivateKey: keyPEM, DownloadPath: path}
	resp := baas.ApplyAntChainCertificateWithKeyAutoCreationResponse{RequestID: "REQ", Result: result}
	op := baas.Operation{Action: "A", Params: url.Values{"Password": {password}, "P": {accessKeySecret}}, Secrets: []string{"P"}}
	type outer struct{ V any }
	for name, v := range map[string]struct {
		value any
		shows string
	}{
		"request": {req, "1q8B5R9p"}, "*request": {&req, "Hangzhou"},
		"response": {resp, "REQ"}, "*response": {&resp, "REQ"},
		"result": {result, "http://h/page"}, "*result": {&result, "http://h/page"},
		"path": {path, "http://h/ca.crt?[REDACTED]"}, "*path": {&path, "http://h/ca.crt?[REDACTED]"},
		"operation": {op, "[REDACTED]"}, "*operation": {&op, "[REDACTED]"},
		"slice":  {[]baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{req}, "Hangzhou"},
		"map":    {map[string]any{"k": resp}, "REQ"},
		"struct": {outer{req}, "Hangzhou"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, verb := range "vTtbcoOqxXUeEfFgGsdz" { // %p of a value and %w bypass Formatter; go vet reports them
				for _, flags := range []string{"", "+", "#", "-30.2"} {
					fmt.Fprintf(&b, "%"+flags+string(verb)+"\n", v.value)
				}
			}
			fmt.Fprintf(&b, noVerb, v.value)
			requireNoSecret(t, b.String(), keyPEM[30:60])
			require.Contains(t, b.String(), v.shows)
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v.value)
			requireNoSecret(t, log.String(), keyPEM[30:60])
		})
	}
	t.Run("slog in JSON shows the fields", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "req", req, "resp", resp, "op", op)
		requireNoSecret(t, log.String(), keyPEM[30:60])
		require.Contains(t, log.String(), `"AntChainID":"1q8B5R9p"`)
		require.Contains(t, log.String(), `"CACrtURL":"http://h/ca.crt?[REDACTED]"`)
		require.Contains(t, log.String(), `"RequestID":"REQ"`)
	})
	t.Run("nil pointers", func(t *testing.T) {
		t.Parallel()
		var none *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest
		require.Equal(t, "<nil>", fmt.Sprint(none))
	})
	t.Run("JSON leaves the password out and keeps the key", func(t *testing.T) {
		t.Parallel()
		b, err := json.Marshal(req)
		require.NoError(t, err)
		requireNoSecret(t, string(b))
		b, err = json.Marshal(resp)
		require.NoError(t, err)
		var back baas.ApplyAntChainCertificateWithKeyAutoCreationResponse
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, resp, back)
	})
	t.Run("an empty secret shows as empty", func(t *testing.T) {
		t.Parallel()
		require.NotContains(t, fmt.Sprint(baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{}), "REDACTED")
	})
}

// TestGatewayStringToSign: the real message, with the password in it encoded
// twice, comes from baastest.
func TestGatewayStringToSign(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	var log bytes.Buffer
	client := server.Client(baas.WithAccessKey(*model.AccessKeyId, accessKeySecret),
		baas.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.ErrorIs(t, err, baas.ErrUnauthenticated)
	requireEnd(t, "SignatureDoesNotMatch", 1, nil, err)
	require.Contains(t, err.Error(), "not matched")
	require.NotContains(t, err.Error(), "POST&")
	for _, text := range append(everyText(err), log.String()) {
		requireNoSecret(t, text)
	}
}

// TestShortSecrets: taking a secret of few characters out of a text would give
// it away, so the text goes as a whole; codes stay.
func TestShortSecrets(t *testing.T) {
	t.Parallel()
	client := newClient(t, answering(400, `{"RequestId":"R","Code":"Throttling.User","Message":"denied due to flow control"}`))
	req := newRequest()
	req.Password = "ow"
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), req)
	require.ErrorIs(t, err, baas.ErrThrottled)
	var api *baas.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "[REDACTED]", api.Message)
}

// TestCredentialsErrorText: credentials-go quotes replies and files.
func TestCredentialsErrorText(t *testing.T) {
	t.Parallel()
	cred := fakeCredential{get: func() (*credentials.CredentialModel, error) {
		return nil, valueError{"get session token failed: " + accessKeySecret}
	}}
	client := newClient(t, answering(200, ""), baas.WithCredential(cred))
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(context.Background(), newRequest())
	require.ErrorIs(t, err, baas.ErrCredentials)
	for _, text := range everyText(err) {
		requireNoSecret(t, text)
	}
	var ce *baas.CredentialsError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, "baas_test.fakeCredential", ce.Provider)
	require.Contains(t, ce.Err.Error(), accessKeySecret, "the field has it")
	require.Contains(t, err.Error(), actionApply)
	require.Contains(t, err.Error(), ce.Provider)
}
