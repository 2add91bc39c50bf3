package baastest_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

const upperUUID = `^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`

const pemHeader = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"

func members(t *testing.T, doc []byte) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(doc, &m), "%s", doc)
	return m
}

func names(m map[string]json.RawMessage) []string {
	var n []string
	for name := range m {
		n = append(n, name)
	}
	return n
}

func TestDocumentedReply(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]baastest.Option{
		"by default": nil,
		"asked for":  {baastest.WithReplyShape(baastest.Flat), nil, baastest.WithReplyShape(baastest.Documented)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, opts...)
			a := mustPost(t, srv, signed(t, srv))
			require.Equal(t, http.StatusOK, a.status)
			require.Equal(t, "application/json;charset=utf-8", a.header.Get("Content-Type"))
			outer := members(t, a.body)
			require.ElementsMatch(t, []string{"successResponse", "requestId", "data", "code"}, names(outer))
			require.JSONEq(t, `true`, string(outer["successResponse"]))
			require.JSONEq(t, `"200"`, string(outer["code"]))
			data := members(t, outer["data"])
			require.ElementsMatch(t, []string{"Result", "RequestId"}, names(data))
			require.JSONEq(t, string(outer["requestId"]), string(data["RequestId"]))
			requireResult(t, data["Result"])
			require.Less(t, strings.Index(string(a.body), `"ClientCrtUrl"`), strings.Index(string(a.body), `"PrivateKey"`))
		})
	}
}

func requireResult(t *testing.T, doc json.RawMessage) {
	t.Helper()
	result := members(t, doc)
	require.ElementsMatch(t, []string{"PrivateKey", "DownloadPath"}, names(result))
	links := members(t, result["DownloadPath"])
	require.ElementsMatch(t, []string{"CaCrtUrl", "ClientCrtUrl", "SdkUrl", "TrustCaUrl"}, names(links))
	var key string
	require.NoError(t, json.Unmarshal(result["PrivateKey"], &key))
	require.True(t, strings.HasPrefix(key, pemHeader), key)
	require.NotContains(t, string(doc), `\u0026`)
}

func TestFlatReply(t *testing.T) {
	t.Parallel()
	srv := newServer(t, baastest.WithReplyShape(baastest.Flat))
	a := mustPost(t, srv, signed(t, srv))
	outer := members(t, a.body)
	require.ElementsMatch(t, []string{"RequestId", "Result"}, names(outer))
	requireResult(t, outer["Result"])
	require.Less(t, strings.Index(string(a.body), `"PrivateKey"`), strings.Index(string(a.body), `"ClientCrtUrl"`))
}

func TestV2Reply(t *testing.T) {
	t.Parallel()
	srv := newServer(t, baastest.WithReplyShape(baastest.V2))
	a := mustPost(t, srv, signed(t, srv))
	outer := members(t, a.body)
	requireResult(t, outer["Result"])
	var id string
	require.NoError(t, json.Unmarshal(outer["RequestId"], &id))
	require.Regexp(t, upperUUID, id)
	delete(outer, "Result")
	delete(outer, "RequestId")
	rest, err := json.Marshal(outer)
	require.NoError(t, err)
	require.JSONEq(t, `{"HttpStatusCode":"200","Code":"OK","Success":true,"ResultCode":"OK","Message":"OK",
		"ResultMessage":"OK"}`, string(rest))
}

func TestXMLReply(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	v := application(t, srv, time.Now())
	v.Set("Format", "XML")
	a := mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv)))
	require.Equal(t, "text/xml;charset=utf-8", a.header.Get("Content-Type"))
	var got struct {
		XMLName   xml.Name
		RequestId string
		Result    certificateResult
	}
	require.NoError(t, xml.Unmarshal(a.body, &got), "%s", a.body)
	require.Equal(t, action+"Response", got.XMLName.Local)
	require.True(t, strings.HasPrefix(got.Result.PrivateKey, pemHeader))
	require.Equal(t, http.StatusOK, download(t, srv, got.Result.DownloadPath.ClientCrtUrl).status)
}

func TestRequestsAreDeepCopiesInOrder(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	first := signed(t, srv)
	mustPost(t, srv, first)
	_, err := do(srv, http.MethodGet, srv.URL()+"/?Format=JSON&a=b", "")
	require.NoError(t, err)

	got := srv.Requests()
	require.Len(t, got, 2)
	require.Equal(t, "POST", got[0].Method)
	require.Equal(t, "/", got[0].Path)
	require.Equal(t, first, got[0].Params)
	require.Equal(t, 200, got[0].Status)
	require.Empty(t, got[0].Code)
	require.Equal(t, "application/x-www-form-urlencoded", got[0].Header.Get("Content-Type"))
	require.Equal(t, "GET", got[1].Method)
	require.Equal(t, "MissingAction", got[1].Code)

	got[0].Params["AntChainId"][0] = "changed"
	got[0].Params.Set("new", "x")
	got[0].Header["Content-Type"][0] = "changed"
	again := srv.Requests()[0]
	require.Equal(t, first, again.Params)
	require.Equal(t, "application/x-www-form-urlencoded", again.Header.Get("Content-Type"))
}

func TestRequestIDsAreFresh(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	seen := make(map[string]bool)
	for range 20 {
		a, err := do(srv, http.MethodGet, srv.URL()+"/?Format=JSON", "")
		require.NoError(t, err)
		seen[a.refusal(t).RequestId] = true
	}
	require.Len(t, seen, 20)
}
