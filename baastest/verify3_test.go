package baastest_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// request3 is a request of version 3 before it is signed.
type request3 struct {
	method      string
	query, form url.Values
	header      http.Header // without Host, Authorization, and x-acs-content-sha256
	skip        []string    // headers to leave unsigned
	secret      string      // to sign with; none for a bearer token
	spoil       func(*http.Request)
}

// newRequest3 is a good application, all in the form.
func newRequest3(t *testing.T, srv *baastest.Server) *request3 {
	t.Helper()
	r := &request3{
		method: http.MethodPost, query: url.Values{}, form: parameters(t)[action], secret: secretOf(t, srv),
		header: http.Header{
			"X-Acs-Action": {action}, "X-Acs-Version": {"2018-12-21"}, "X-Acs-Signature-Nonce": {rand.Text()},
			"X-Acs-Date": {time.Now().UTC().Format("2006-01-02T15:04:05Z")}, "Accept": {"application/json"},
			"Content-Type": {"application/x-www-form-urlencoded"},
		},
	}
	model, err := srv.Credential().GetCredential()
	require.NoError(t, err)
	if token := model.SecurityToken; token != nil && *token != "" {
		r.header.Set("X-Acs-Security-Token", *token)
	}
	if token := model.BearerToken; token != nil && *token != "" {
		r.header.Set("X-Acs-Bearer-Token", *token)
		r.header.Set("X-Acs-Signature-Type", "BEARERTOKEN")
	}
	return r
}

// send signs as the help center describes, by another way than the server's, and sends.
func (r *request3) send(t *testing.T, srv *baastest.Server) answer {
	t.Helper()
	body := r.form.Encode()
	req, err := http.NewRequest(r.method, srv.URL()+"/?"+r.query.Encode(), strings.NewReader(body))
	require.NoError(t, err)
	req.Header = r.header.Clone()
	sum := sha256.Sum256([]byte(body))
	req.Header.Set("X-Acs-Content-Sha256", hex.EncodeToString(sum[:]))
	if r.secret != "" {
		req.Header.Set("Authorization", r.authorization(t, srv, req, hex.EncodeToString(sum[:])))
	}
	if r.spoil != nil {
		r.spoil(req)
	}
	resp, err := srv.HTTPClient().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{status: resp.StatusCode, header: resp.Header, body: got}
}

func (r *request3) authorization(t *testing.T, srv *baastest.Server, req *http.Request, bodyHash string) string {
	t.Helper()
	lines := []string{"host:" + req.URL.Host}
	for name, values := range req.Header {
		lower := strings.ToLower(name)
		if lower != "accept" && !slices.Contains(r.skip, lower) {
			lines = append(lines, lower+":"+values[0])
		}
	}
	if slices.Contains(r.skip, "host") {
		lines = lines[1:]
	}
	slices.Sort(lines)
	var signed []string
	for _, line := range lines {
		signed = append(signed, strings.SplitN(line, ":", 2)[0])
	}
	rfc3986 := strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~")
	canonical := fmt.Sprintf("%s\n/\n%s\n%s\n\n%s\n%s", r.method, rfc3986.Replace(r.query.Encode()),
		strings.Join(lines, "\n"), strings.Join(signed, ";"), bodyHash)
	hashed := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(r.secret))
	fmt.Fprintf(mac, "ACS3-HMAC-SHA256\n%x", hashed)
	return fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%x",
		keyID(t, srv), strings.Join(signed, ";"), mac.Sum(nil))
}

func TestVersion3IsServed(t *testing.T) {
	t.Parallel()
	sts := new(credentials.Config)
	sts.SetType("sts").SetAccessKeyId("STS.id").SetAccessKeySecret("secret").SetSecurityToken("token/+=")
	bearer := new(credentials.Config)
	bearer.SetType("bearer").SetBearerToken("the token")
	spaced := new(credentials.Config)
	spaced.SetType("sts").SetAccessKeyId("STS.id").SetAccessKeySecret("secret").SetSecurityToken(" token/+= ")
	bearerSpaced := new(credentials.Config)
	bearerSpaced.SetType("bearer").SetBearerToken("the token ")
	for name, tt := range map[string]struct {
		config *credentials.Config
		change func(*request3)
	}{
		"parameters in the form": {},
		"parameters in the query": {change: func(r *request3) {
			r.query, r.form = r.form, nil
			r.header.Del("Content-Type")
		}},
		"in both": {change: func(r *request3) {
			r.query = url.Values{"Password": r.form["Password"], "*~ ": {""}}
			r.form.Del("Password")
		}},
		"GET": {change: func(r *request3) {
			r.method, r.query, r.form = http.MethodGet, r.form, nil
			r.header.Del("Content-Type")
		}},
		"security token": {config: sts},
		"security token in white space": {config: spaced, change: func(r *request3) {
			// As the help center has it, the signature is over the trimmed value.
			r.header.Set("X-Acs-Security-Token", "token/+=")
			r.spoil = func(req *http.Request) { req.Header.Set("X-Acs-Security-Token", " token/+= \t") }
		}},
		"bearer token in white space": {config: bearerSpaced, change: func(r *request3) { r.secret = "" }},
		"bearer token":                {config: bearer, change: func(r *request3) { r.secret = "" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opts []baastest.Option
			if tt.config != nil {
				opts = append(opts, baastest.WithCredential(newCredential(t, tt.config)))
			}
			srv := newServer(t, opts...)
			r := newRequest3(t, srv)
			want := r.form
			if tt.change != nil {
				tt.change(r)
			}
			a := r.send(t, srv)
			decryptKey(t, a.result(t).PrivateKey)
			require.Equal(t, "SignatureNonceUsed", r.send(t, srv).refusal(t).Code)
			require.Equal(t, 1, srv.Issued())
			got := last(srv)
			require.Equal(t, want.Get("CommonName"), got.Params.Get("CommonName"))
			require.Equal(t, password, got.Params.Get("Password"))
			require.False(t, got.Params.Has("Action"))
			require.Equal(t, action, got.Header.Get("X-Acs-Action"))
		})
	}
}

// refusal3 is how a good request is spoilt, and what comes of it.
type refusal3 struct {
	change func(*request3)
	status int
	code   string
}

func set3(name, value string) func(*request3) { return func(r *request3) { r.header.Set(name, value) } }

func spoil3(f func(*http.Request)) func(*request3) { return func(r *request3) { r.spoil = f } }

func authorization3(old, replacement string) func(*request3) {
	return spoil3(func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, replacement, 1))
	})
}

func requireRefusals3(t *testing.T, tests map[string]refusal3) {
	t.Helper()
	srv := newServer(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRequest3(t, srv)
			tt.change(r)
			a := r.send(t, srv)
			require.Equal(t, tt.code, a.refusal(t).Code, "%s", a.body)
			require.Equal(t, tt.status, a.status)
			require.Equal(t, tt.code, last(srv).Code)
		})
	}
	require.Zero(t, srv.Issued())
}

func TestVersion3RefusesWhatIsMissingOrUnsigned(t *testing.T) {
	t.Parallel()
	del := func(name string) func(*request3) { return func(r *request3) { r.header.Del(name) } }
	unsigned := func(name string) func(*request3) { return func(r *request3) { r.skip = []string{name} } }
	requireRefusals3(t, map[string]refusal3{
		"missing action":          {del("X-Acs-Action"), 400, "MissingAction"},
		"missing version":         {del("X-Acs-Version"), 400, "MissingVersion"},
		"missing nonce":           {del("X-Acs-Signature-Nonce"), 400, "MissingSignatureNonce"},
		"missing date":            {del("X-Acs-Date"), 400, "MissingTimestamp"},
		"missing hash":            {spoil3(func(r *http.Request) { r.Header.Del("X-Acs-Content-Sha256") }), 400, "IncompleteSignature"},
		"missing authorization":   {spoil3(func(r *http.Request) { r.Header.Del("Authorization") }), 400, "IncompleteSignature"},
		"no credential":           {authorization3("Credential", "Other"), 400, "IncompleteSignature"},
		"no signature":            {authorization3("Signature=", "Other="), 400, "IncompleteSignature"},
		"no signed headers":       {authorization3("SignedHeaders", "Other"), 400, "IncompleteSignature"},
		"other method":            {authorization3("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"), 400, "IncompleteSignature"},
		"host unsigned":           {unsigned("host"), 400, "IncompleteSignature"},
		"action unsigned":         {unsigned("x-acs-action"), 400, "IncompleteSignature"},
		"date unsigned":           {unsigned("x-acs-date"), 400, "IncompleteSignature"},
		"nonce unsigned":          {unsigned("x-acs-signature-nonce"), 400, "IncompleteSignature"},
		"hash unsigned":           {unsigned("x-acs-content-sha256"), 400, "IncompleteSignature"},
		"content type unsigned":   {unsigned("content-type"), 400, "IncompleteSignature"},
		"signed headers unsorted": {authorization3("content-type;host", "host;content-type"), 400, "IncompleteSignature"},
	})
}

func TestVersion3Refusals(t *testing.T) {
	t.Parallel()
	requireRefusals3(t, map[string]refusal3{
		"unknown access key":     {authorization3("Credential=", "Credential=x"), 404, "InvalidAccessKeyId.NotFound"},
		"other version":          {set3("X-Acs-Version", "1"), 404, "InvalidVersion"},
		"other action":           {set3("X-Acs-Action", "Other"), 404, "InvalidAction.NotFound"},
		"date without zone":      {set3("X-Acs-Date", "2026-01-02T03:04:05"), 400, "InvalidTimeStamp.Format"},
		"date long ago":          {set3("X-Acs-Date", "2006-01-02T15:04:05Z"), 400, "InvalidTimeStamp.Expired"},
		"token with a plain key": {set3("X-Acs-Security-Token", "t"), 400, "InvalidSecurityToken.MismatchWithAccessKey"},
		"wrong secret":           {func(r *request3) { r.secret += "x" }, 400, "SignatureDoesNotMatch"},
		"changed query":          {spoil3(func(r *http.Request) { r.URL.RawQuery = "Extra=" }), 400, "SignatureDoesNotMatch"},
		"changed body": {spoil3(func(r *http.Request) {
			body := url.Values{"Password": {"x"}}.Encode()
			r.Body, r.ContentLength, r.GetBody = io.NopCloser(strings.NewReader(body)), int64(len(body)), nil
		}), 400, "SignatureDoesNotMatch"},
		"changed hash":  {spoil3(func(r *http.Request) { r.Header.Set("X-Acs-Content-Sha256", strings.Repeat("0", 64)) }), 400, "SignatureDoesNotMatch"},
		"changed nonce": {spoil3(func(r *http.Request) { r.Header.Set("X-Acs-Signature-Nonce", "n") }), 400, "SignatureDoesNotMatch"},
		"added header":  {spoil3(func(r *http.Request) { r.Header.Set("X-Acs-Other", "n") }), 400, "IncompleteSignature"},
		"header twice":  {spoil3(func(r *http.Request) { r.Header.Add("X-Acs-Date", "n") }), 400, "InvalidParameter"},
		"bearer not asked": {func(r *request3) {
			r.header.Set("X-Acs-Signature-Type", "BEARERTOKEN")
			r.header.Set("X-Acs-Bearer-Token", "t")
		}, 403, "InvalidBearerToken"},
		"bearer missing":   {set3("X-Acs-Signature-Type", "BEARERTOKEN"), 400, "MissingBearerToken"},
		"missing business": {func(r *request3) { r.form.Del("AntChainId") }, 400, "MissingAntChainId"},
	})
}

func TestVersion3AnswersWithTheStringToSign(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	r := newRequest3(t, srv)
	r.query = url.Values{"Password": {"ä"}}
	r.form.Del("Password")
	r.secret = "wrong"
	message := r.send(t, srv).refusal(t).Message
	require.Regexp(t, `(?s)^Specified signature does not match our calculation\. server StringToSign is \[ACS3-HMAC-SHA256\n[0-9a-f]{64}\] server CanonicalRequest is \[POST\n/\nPassword=%C3%A4\ncontent-type:`, message)
}

// A bearer token proves who sends, and the hash at least what.
func TestVersion3WithABearerTokenAndAnotherBody(t *testing.T) {
	t.Parallel()
	bearer := new(credentials.Config)
	bearer.SetType("bearer").SetBearerToken("the token")
	srv := newServer(t, baastest.WithCredential(newCredential(t, bearer)))
	r := newRequest3(t, srv)
	r.secret = ""
	r.spoil = func(req *http.Request) { req.Header.Set("X-Acs-Content-Sha256", strings.Repeat("0", 64)) }
	require.Equal(t, "SignatureDoesNotMatch", r.send(t, srv).refusal(t).Code)
	r.spoil = nil
	r.send(t, srv).result(t)
}

// One memory of nonces serves both versions.
func TestNonceOfOneVersionIsUsedForTheOther(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	r := newRequest3(t, srv)
	r.send(t, srv).result(t)
	v := application(t, srv, time.Now())
	v.Set("SignatureNonce", r.header.Get("X-Acs-Signature-Nonce"))
	sign(http.MethodPost, v, secretOf(t, srv))
	require.Equal(t, "SignatureNonceUsed", mustPost(t, srv, v).refusal(t).Code)

	stranger := newRequest3(t, srv)
	stranger.secret = "wrong"
	require.Equal(t, "SignatureDoesNotMatch", stranger.send(t, srv).refusal(t).Code)
	stranger.secret = secretOf(t, srv)
	stranger.send(t, srv).result(t) // a stranger burns no nonce
}

func TestFormatOfVersion3(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for _, tt := range []struct {
		accept, format string
		json           bool
	}{
		{"", "", true}, {"application/json", "", true}, {"*/*", "", true}, {"application/xml", "", false},
		{"text/xml, application/json", "", true}, {"application/json", "XML", false}, {"text/xml", "json", true},
	} {
		r := newRequest3(t, srv)
		r.header.Set("Accept", tt.accept)
		if tt.format != "" {
			r.query.Set("Format", tt.format)
		}
		r.header.Set("X-Acs-Version", "1")
		a := r.send(t, srv)
		require.Equal(t, tt.json, json.Valid(a.body), "%+v: %s", tt, a.body)
	}
}

// Official SDKs send some of version 3's headers with version 2.
func TestVersion2WithHeadersOfVersion3(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	req, err := http.NewRequest(http.MethodPost, srv.URL(), strings.NewReader(signed(t, srv).Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("x-acs-action", action)
	req.Header.Set("x-acs-version", "2018-12-21")
	resp, err := srv.HTTPClient().Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
}
