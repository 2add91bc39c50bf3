package baastest_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

type refusalTest struct {
	change func(url.Values) // before signing
	spoil  func(url.Values) // after signing
	status int
	code   string
}

func refusalTests() map[string]refusalTest {
	set := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	tests := map[string]refusalTest{
		"unknown access key":       {change: set("AccessKeyId", "other"), status: 404, code: "InvalidAccessKeyId.NotFound"},
		"other version":            {change: set("Version", "2018-12-22"), status: 404, code: "InvalidVersion"},
		"other action":             {change: set("Action", "DescribeNothing"), status: 404, code: "InvalidAction.NotFound"},
		"timestamp without zone":   {change: set("Timestamp", "2026-01-02T03:04:05"), status: 400, code: "InvalidTimeStamp.Format"},
		"timestamp with fractions": {change: set("Timestamp", "2026-01-02T03:04:05.5Z"), status: 400, code: "InvalidTimeStamp.Format"},
		"timestamp long ago":       {change: set("Timestamp", "2006-01-02T15:04:05Z"), status: 400, code: "InvalidTimeStamp.Expired"},
		"other signature method":   {change: set("SignatureMethod", "HMAC-SHA256"), status: 400, code: "IncompleteSignature"},
		"other signature version":  {change: set("SignatureVersion", "2.0"), status: 400, code: "IncompleteSignature"},
		"spoilt signature":         {spoil: set("Signature", "AAAA"), status: 400, code: "SignatureDoesNotMatch"},
		"changed parameter":        {spoil: set("AntChainId", "other"), status: 400, code: "SignatureDoesNotMatch"},
		"added parameter":          {spoil: set("Extra", ""), status: 400, code: "SignatureDoesNotMatch"},
		"token with a plain key":   {change: set("SecurityToken", "t"), status: 400, code: "InvalidSecurityToken.MismatchWithAccessKey"},
		"bearer token not asked for": {
			change: func(v url.Values) { v.Set("SignatureType", "BEARERTOKEN"); v.Set("BearerToken", "t") },
			status: 403, code: "InvalidBearerToken",
		},
		"invalid UTF-8":    {change: set("CommonName", "\xff"), status: 400, code: "InvalidParameter"},
		"name given twice": {spoil: func(v url.Values) { v.Add("AntChainId", "1q8B5R9p") }, status: 400, code: "InvalidParameter"},
	}
	for _, name := range []string{
		"Action", "Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp",
		"AntChainId", "ConsortiumId", "CommonName", "CountryName", "StateOrProvinceName", "LocalityName",
		"OrganizationName", "OrganizationUnitName", "Password",
	} {
		del := func(v url.Values) { v.Del(name) }
		tests["missing "+name] = refusalTest{change: del, status: 400, code: "Missing" + name}
		tests["empty "+name] = refusalTest{change: set(name, ""), status: 400, code: "Missing" + name}
	}
	tests["missing Signature"] = refusalTest{
		spoil: func(v url.Values) { v.Del("Signature") }, status: 400, code: "MissingSignature",
	}
	return tests
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for name, tt := range refusalTests() {
		t.Run(name, func(t *testing.T) {
			v := application(t, srv, time.Now())
			if tt.change != nil {
				tt.change(v)
			}
			sign(http.MethodPost, v, secretOf(t, srv))
			if tt.spoil != nil {
				tt.spoil(v)
			}
			a := mustPost(t, srv, v)
			require.Equal(t, tt.status, a.status, "%s", a.body)
			got := a.refusal(t)
			require.Equal(t, tt.code, got.Code)
			require.Regexp(t, upperUUID, got.RequestId)
			require.Equal(t, strings.TrimPrefix(srv.URL(), "http://"), got.HostId)
			require.NotEmpty(t, got.Message)
			require.Equal(t, "https://api.aliyun.com/troubleshoot?q="+tt.code+"&product=Baas", got.Recommend)

			all := srv.Requests()
			last := all[len(all)-1]
			require.Equal(t, tt.status, last.Status)
			require.Equal(t, tt.code, last.Code)
			require.Equal(t, v, last.Params)
		})
	}
	require.Zero(t, srv.Issued())
}

func TestChecksComeInTheGatewaysOrder(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	// Everything is wrong; each step mends the fault found last, so that the next one shows.
	steps := []struct {
		code string
		mend func(url.Values)
	}{
		{"MissingVersion", func(v url.Values) { v.Set("Version", "1") }},
		{"InvalidVersion", func(v url.Values) { v.Set("Version", "2018-12-21") }},
		{"InvalidAction.NotFound", func(v url.Values) { v.Set("Action", action) }},
		{"InvalidTimeStamp.Format", func(v url.Values) { v.Set("Timestamp", "2006-01-02T15:04:05Z") }},
		{"InvalidAccessKeyId.NotFound", func(v url.Values) { v.Set("AccessKeyId", keyID(t, srv)) }},
		{"InvalidTimeStamp.Expired", func(v url.Values) {
			v.Set("Timestamp", time.Now().UTC().Format("2006-01-02T15:04:05Z"))
		}},
		{"SignatureDoesNotMatch", func(v url.Values) { sign(http.MethodPost, v, secretOf(t, srv)) }},
		{"MissingAntChainId", func(v url.Values) {
			v.Set("AntChainId", "chain")
			sign(http.MethodPost, v, secretOf(t, srv))
		}},
		{"SignatureNonceUsed", func(url.Values) {}},
	}
	v := application(t, srv, time.Now())
	v.Del("Version")
	v.Del("AntChainId")
	v.Set("Action", "Other")
	v.Set("Timestamp", "now")
	v.Set("AccessKeyId", "other")
	v.Set("Signature", "AAAA")
	for _, step := range steps {
		require.Equal(t, step.code, mustPost(t, srv, v).refusal(t).Code)
		step.mend(v)
	}
}

func keyID(t *testing.T, srv *baastest.Server) string {
	t.Helper()
	model, err := srv.Credential().GetCredential()
	require.NoError(t, err)
	return *model.AccessKeyId
}

func TestWrongSignatureIsAnsweredWithTheStringToSign(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	v := application(t, srv, time.Now())
	a := mustPost(t, srv, sign(http.MethodPost, v, "wrong"))
	const intro = "Specified signature is not matched with our calculation. server string to sign is:"
	toSign, found := strings.CutPrefix(a.refusal(t).Message, intro)
	require.True(t, found, "%s", a.body)
	require.True(t, strings.HasPrefix(toSign, "POST&%2F&AccessKeyId%3D"), toSign)
	require.Contains(t, toSign, url.QueryEscape(url.PathEscape("ä")), "the password, encoded twice")
}

func TestTimestampMayBeFifteenMinutesOff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	srv := newServer(t, baastest.WithClock(func() time.Time { return now }))
	for name, tt := range map[string]struct {
		off  time.Duration
		code string
	}{
		"15 minutes late":             {-15 * time.Minute, "MissingAntChainId"},
		"15 minutes early":            {15 * time.Minute, "MissingAntChainId"},
		"15 minutes and 1 s late":     {-15*time.Minute - time.Second, "InvalidTimeStamp.Expired"},
		"15 minutes and 1 s early":    {15*time.Minute + time.Second, "InvalidTimeStamp.Expired"},
		"at the server's, not ours":   {0, "MissingAntChainId"},
		"a year early, but not lucky": {365 * 24 * time.Hour, "InvalidTimeStamp.Expired"},
	} {
		t.Run(name, func(t *testing.T) {
			v := application(t, srv, now.Add(tt.off))
			v.Del("AntChainId") // the check that comes last saves making a key
			a := mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv)))
			require.Equal(t, tt.code, a.refusal(t).Code)
			require.Equal(t, "Fri, 02 Jan 2026 03:04:05 GMT", a.header.Get("Date"))
		})
	}
}

func TestNonces(t *testing.T) {
	t.Parallel()
	now := time.Now()
	srv := newServer(t, baastest.WithClock(func() time.Time { return now }))
	send := func(change func(url.Values), secret, nonce string) string {
		v := application(t, srv, now)
		v.Del("AntChainId")
		v.Set("SignatureNonce", nonce)
		if change != nil {
			change(v)
		}
		return mustPost(t, srv, sign(http.MethodPost, v, secret)).refusal(t).Code
	}
	secret := secretOf(t, srv)

	require.Equal(t, "SignatureDoesNotMatch", send(nil, "wrong", "a"))
	require.Equal(t, "MissingAntChainId", send(nil, secret, "a"), "a stranger burns no nonce")
	require.Equal(t, "SignatureNonceUsed", send(nil, secret, "a"), "a refusal afterwards does")
	require.Equal(t, "MissingAntChainId", send(nil, secret, "b"))

	now = now.Add(15*time.Minute + time.Second)
	require.Equal(t, "MissingAntChainId", send(nil, secret, "a"), "free again")
}

func TestParametersMayComeInQueryAndBody(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for name, send := range map[string]func(v url.Values) (answer, error){
		"POST, all in the body": func(v url.Values) (answer, error) { return post(srv, v) },
		"POST, all in the query": func(v url.Values) (answer, error) {
			return do(srv, http.MethodPost, srv.URL()+"/?"+v.Encode(), "")
		},
		"POST, password in the body": func(v url.Values) (answer, error) {
			body := url.Values{"Password": v["Password"]}
			v.Del("Password")
			return do(srv, http.MethodPost, srv.URL()+"/?"+v.Encode(), body.Encode())
		},
		"GET": func(v url.Values) (answer, error) {
			sign(http.MethodGet, v, secretOf(t, srv))
			return do(srv, http.MethodGet, srv.URL()+"?"+v.Encode(), "")
		},
		"POST, with empty values": func(v url.Values) (answer, error) {
			v.Set("SignatureType", "")
			return post(srv, sign(http.MethodPost, v, secretOf(t, srv)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := send(signed(t, srv))
			require.NoError(t, err)
			require.NotEmpty(t, a.result(t).PrivateKey)
		})
	}
	require.Equal(t, 5, srv.Issued())
}

func TestSameNameInQueryAndBodyIsRefused(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	v := signed(t, srv)
	a, err := do(srv, http.MethodPost, srv.URL()+"/?Format=JSON&Password=x", v.Encode())
	require.NoError(t, err)
	require.Equal(t, "InvalidParameter", a.refusal(t).Code)
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for name, tt := range map[string]struct {
		method, target, body string
		status               int
		code                 string
	}{
		"PUT":                 {"PUT", "/?Format=JSON", "", 405, "UnsupportedHTTPMethod"},
		"DELETE":              {"DELETE", "/?Format=json", "", 405, "UnsupportedHTTPMethod"},
		"other path":          {"POST", "/api?Format=JSON", "", 404, "InvalidURI"},
		"broken query":        {"GET", "/?Format=JSON&a=%zz", "", 400, "InvalidParameter"},
		"broken form":         {"POST", "/?Format=JSON", "a=%zz", 400, "InvalidParameter"},
		"too large":           {"POST", "/?Format=JSON", "a=" + strings.Repeat("b", 1<<20), 413, "RequestEntityTooLarge"},
		"nothing but JSON":    {"POST", "/?Format=JSON", "", 400, "MissingAction"},
		"form in a GET":       {"GET", "/?Format=JSON", "Action=x", 400, "MissingAction"},
		"largest body, empty": {"POST", "/?Format=JSON", "Action=x&b=" + strings.Repeat("b", 1<<20-11), 400, "MissingVersion"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := do(srv, tt.method, srv.URL()+tt.target, tt.body)
			require.NoError(t, err)
			require.Equal(t, tt.status, a.status)
			require.Equal(t, tt.code, a.refusal(t).Code)
			require.Equal(t, "application/json;charset=utf-8", a.header.Get("Content-Type"))
		})
	}
}

func TestErrorsAreXMLUnlessJSONIsAskedFor(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for _, format := range []string{"XML", "", "yaml"} {
		a, err := do(srv, http.MethodGet, srv.URL()+"/?Action=a%26b&Format="+format, "")
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, a.status)
		require.Equal(t, "text/xml;charset=utf-8", a.header.Get("Content-Type"))
		var got struct {
			XMLName                            xml.Name
			RequestId, HostId, Code, Recommend string
		}
		require.NoError(t, xml.Unmarshal(a.body, &got), "%s", a.body)
		require.Equal(t, "Error", got.XMLName.Local)
		require.Equal(t, "MissingVersion", got.Code)
		require.Regexp(t, upperUUID, got.RequestId)
	}
}
