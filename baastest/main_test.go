package baastest_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	password = "pässword with spaces & *~"
	action   = "ApplyAntChainCertificateWithKeyAutoCreation"
)

// newServer starts a server that ends with the test.
func newServer(t *testing.T, opts ...baastest.Option) *baastest.Server {
	t.Helper()
	srv := baastest.NewServer(opts...)
	t.Cleanup(srv.Close)
	return srv
}

// application returns the parameters of a good application, all but the signature, stamped with at.
func application(t *testing.T, srv *baastest.Server, at time.Time) url.Values {
	t.Helper()
	v := common(t, srv, at)
	v.Set("Action", action)
	for name, value := range map[string]string{
		"AntChainId": "1q8B5R9p", "ConsortiumId": "DV80nJXq", "CommonName": "app-1", "CountryName": "CN",
		"StateOrProvinceName": "浙江", "LocalityName": "Hang zhou", "OrganizationName": "A+B*C~D",
		"OrganizationUnitName": "Q&A", "Password": password,
	} {
		v.Set(name, value)
	}
	return v
}

// common returns the common parameters but Action and Signature, stamped with at.
func common(t *testing.T, srv *baastest.Server, at time.Time) url.Values {
	t.Helper()
	model, err := srv.Credential().GetCredential()
	require.NoError(t, err)
	v := url.Values{
		"Version": {"2018-12-21"}, "Format": {"JSON"}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
		"SignatureNonce": {rand.Text()}, "Timestamp": {at.UTC().Format("2006-01-02T15:04:05Z")},
	}
	if token := model.BearerToken; token != nil && *token != "" {
		v.Set("BearerToken", *token)
		v.Set("SignatureType", "BEARERTOKEN")
		return v
	}
	v.Set("AccessKeyId", *model.AccessKeyId)
	if token := model.SecurityToken; token != nil && *token != "" {
		v.Set("SecurityToken", *token)
	}
	return v
}

// sign sets the signature that the help centre describes, by another way than the server's: url.QueryEscape and the
// replacements that the official SDKs make.
func sign(method string, v url.Values, secret string) url.Values {
	v.Del("Signature")
	rfc3986 := strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~")
	toSign := method + "&%2F&" + url.QueryEscape(rfc3986.Replace(v.Encode()))
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	io.WriteString(mac, toSign)
	v.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return v
}

// signed is a good application, signed for POST.
func signed(t *testing.T, srv *baastest.Server) url.Values {
	t.Helper()
	return sign(http.MethodPost, application(t, srv, time.Now()), secretOf(t, srv))
}

func secretOf(t *testing.T, srv *baastest.Server) string {
	t.Helper()
	model, err := srv.Credential().GetCredential()
	require.NoError(t, err)
	if model.AccessKeySecret == nil {
		return ""
	}
	return *model.AccessKeySecret
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// refusal is the gateway's error body.
type refusal struct{ RequestId, HostId, Code, Message, Recommend string }

func (a answer) refusal(t *testing.T) refusal {
	t.Helper()
	var r refusal
	require.NoError(t, json.Unmarshal(a.body, &r), "%s", a.body)
	return r
}

type certificateResult struct {
	PrivateKey   string
	DownloadPath struct{ CaCrtUrl, ClientCrtUrl, SdkUrl, TrustCaUrl string }
}

// documented is the reply in the default shape.
type documented struct {
	SuccessResponse *bool  `json:"successResponse"`
	RequestID       string `json:"requestId"`
	Code            string `json:"code"`
	Data            struct {
		RequestId string
		Result    certificateResult
	} `json:"data"`
}

func (a answer) result(t *testing.T) certificateResult {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	var d documented
	require.NoError(t, json.Unmarshal(a.body, &d), "%s", a.body)
	return d.Data.Result
}

// post sends the parameters as a form and returns the error of whatever failed.
func post(srv *baastest.Server, v url.Values) (answer, error) {
	return do(srv, http.MethodPost, srv.URL()+"/", v.Encode())
}

func do(srv *baastest.Server, method, target, body string) (answer, error) {
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.GetBody = nil // net/http must not send a request twice by itself
	resp, err := srv.HTTPClient().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: b}, err
}

func mustPost(t *testing.T, srv *baastest.Server, v url.Values) answer {
	t.Helper()
	a, err := post(srv, v)
	require.NoError(t, err)
	return a
}

// apply gets a certificate.
func apply(t *testing.T, srv *baastest.Server) certificateResult {
	t.Helper()
	return mustPost(t, srv, signed(t, srv)).result(t)
}

func download(t *testing.T, srv *baastest.Server, link string) answer {
	t.Helper()
	a, err := do(srv, http.MethodGet, link, "")
	require.NoError(t, err)
	return a
}
