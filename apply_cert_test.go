package baas_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// documentedReply is the example of the reference page.
const documentedReply = `{
	"successResponse":true,
	"requestId":"3E1894AF-FEE7-4C6C-8C2A-2B3EE0105B07",
	"data":{
		"Result":{
			"DownloadPath":{
				"SdkUrl":"http://***",
				"TrustCaUrl":"http://***trustCa",
				"CaCrtUrl":"http://***ca.crt",
				"ClientCrtUrl":"http://***client.crt"
			},
			"PrivateKey":"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII***A=\n-----END ENCRYPTED PRIVATE KEY-----\n"
		},
		"RequestId":"3E1894AF-FEE7-4C6C-8C2A-2B3EE0105B07"
	},
	"code":"200"
}`

// TestApplyWithMockedEndpoint shows how to test code that calls the service
// against a mocked endpoint.
func TestApplyWithMockedEndpoint(t *testing.T) {
	t.Parallel()
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder("POST", "https://baas.aliyuncs.com/", httpmock.NewStringResponder(200, documentedReply))
	client, err := baas.NewClient(
		baas.WithRegion("cn-shanghai"),
		baas.WithAccessKey("testid", "testsecret"),
		baas.WithHTTPClient(&http.Client{Transport: mt}),
	)
	require.NoError(t, err)

	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	assert.Equal(t, &baas.ApplyAntChainCertificateWithKeyAutoCreationResponse{
		RequestID: "3E1894AF-FEE7-4C6C-8C2A-2B3EE0105B07",
		Result: baas.CertificateResult{
			PrivateKey: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII***A=\n-----END ENCRYPTED PRIVATE KEY-----\n",
			DownloadPath: baas.DownloadPath{
				CACrtURL:     "http://***ca.crt",
				ClientCrtURL: "http://***client.crt",
				SDKURL:       "http://***",
				TrustCAURL:   "http://***trustCa",
			},
		},
	}, resp)
	assert.Equal(t, 1, mt.GetTotalCallCount())
}

// TestApplyOverDefaultTransport: httpmock's other idiom replaces
// http.DefaultTransport, which a nil Transport stands for, at any time.
func TestApplyOverDefaultTransport(t *testing.T) { // not parallel: the transport is everybody's
	client, err := baas.NewClient(baas.WithAccessKey("testid", "testsecret"), baas.WithHTTPClient(&http.Client{}))
	require.NoError(t, err)
	httpmock.Activate(t)
	httpmock.RegisterResponder("POST", "https://baas.cn-hangzhou.aliyuncs.com/", httpmock.NewStringResponder(200, documentedReply))
	_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	require.Equal(t, 1, httpmock.GetTotalCallCount())
}

// TestApplyRequest asserts what is sent, and where.
func TestApplyRequest(t *testing.T) {
	t.Parallel()
	business := url.Values{
		"AntChainId": {"1q8B5R9p"}, "ConsortiumId": {"DV80nJXq"}, "CommonName": {"wallet.example.com"}, "CountryName": {"CN"},
		"StateOrProvinceName": {"Zhejiang"}, "LocalityName": {"Hangzhou"}, "OrganizationName": {"Example & Co"},
		"OrganizationUnitName": {"区块链"}, "Password": {password},
	}
	now := time.Date(2026, 2, 3, 4, 5, 6, 789, time.FixedZone("", 8*3600))
	for name, c := range map[string]struct {
		opts     []baas.Option
		inQuery  bool
		region   string // that is sent; empty for none
		noRegion bool   // in the request
	}{
		"business parameters in the body": {region: "cn-hangzhou", noRegion: true},
		"with an endpoint and no region":  {opts: []baas.Option{baas.WithEndpoint("baas.cn-hangzhou.aliyuncs.com")}},
		"with a RegionId":                 {region: "cn-beijing"},
		"WithParamsInQuery":               {region: "cn-hangzhou", noRegion: true, opts: []baas.Option{baas.WithParamsInQuery()}, inQuery: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var query, form url.Values
			client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				query = r.URL.Query()
				require.NoError(t, r.ParseForm())
				form = r.PostForm
				require.Equal(t, "POST", r.Method)
				require.Equal(t, "https://baas.cn-hangzhou.aliyuncs.com/", r.URL.Scheme+"://"+r.URL.Host+r.URL.Path, "a RegionId never selects the host")
				return answering(200, documentedReply)(r)
			}), c.opts...)
			baas.WithNonce(func() string { return "NONCE" })(client)
			baas.WithClock(func() (time.Time, time.Duration) { return now, 0 })(client)
			req := newRequest()
			if !c.noRegion {
				req.RegionID = c.region // else the client's
			}
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), req)
			require.NoError(t, err)

			common := url.Values{
				"Action": {actionApply}, "Version": {"2018-12-21"}, "Format": {"JSON"}, "AccessKeyId": {"id"},
				"SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {"NONCE"},
				"Timestamp": {"2026-02-02T20:05:06Z"},
			}
			all := merged(common, business)
			if c.region != "" {
				all.Set("RegionId", c.region)
			}
			common.Set("Signature", baas.SignRPC("POST", all, "secret-of-access-key"))
			if c.inQuery {
				require.Equal(t, merged(common, all), query)
				require.Empty(t, form)
				return
			}
			require.Equal(t, common, query, "no password in the URL")
			for name := range common {
				delete(all, name)
			}
			require.Equal(t, all, form)
		})
	}
}

func merged(a, b url.Values) url.Values {
	m := url.Values{}
	for _, v := range []url.Values{a, b} {
		for name, values := range v {
			m[name] = values
		}
	}
	return m
}

// TestApplyInvalid: every fault is named at once, and nothing is sent.
func TestApplyInvalid(t *testing.T) {
	t.Parallel()
	client := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, errDial
	}))
	type request = baas.ApplyAntChainCertificateWithKeyAutoCreationRequest
	required := []string{
		"AntChainID", "ConsortiumID", "CommonName", "CountryName", "StateOrProvinceName", "LocalityName",
		"OrganizationName", "OrganizationUnitName", "Password",
	}
	bad := "\xff" + password
	for name, c := range map[string]struct {
		req    *request
		fields []string
	}{
		"nil request":         {nil, []string{"req"}},
		"every field missing": {&request{}, required},
		"every field not UTF-8": {
			&request{bad, bad, bad, bad, bad, bad, bad, bad, bad, bad}, append(required[:9:9], "RegionID"),
		},
		"one field missing": {func() *request { r := newRequest(); r.LocalityName = ""; return r }(), []string{"LocalityName"}},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), c.req)
			require.Nil(t, resp)
			require.ErrorIs(t, err, baas.ErrInvalidRequest)
			var v *baas.ValidationError
			require.ErrorAs(t, err, &v)
			require.Equal(t, actionApply, v.Action)
			var fields []string
			for _, f := range v.Fields {
				fields = append(fields, f.Field)
				require.Contains(t, err.Error(), f.Field)
			}
			require.Equal(t, c.fields, fields)
			requireNoSecret(t, err.Error())
		})
	}
	t.Run("nil context", func(t *testing.T) {
		var none context.Context
		_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(none, newRequest())
		require.ErrorIs(t, err, baas.ErrInvalidRequest)
	})
	for name, zero := range map[string]*baas.Client{"nil client": nil, "zero client": {}} {
		t.Run(name, func(t *testing.T) {
			_, err := zero.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			require.ErrorIs(t, err, baas.ErrInvalidRequest)
			zero.CloseIdleConnections()
		})
	}
	t.Run("the service is the judge of everything else", func(t *testing.T) {
		server := baastest.NewServer()
		defer server.Close()
		req := newRequest()
		req.CountryName, req.AntChainID = " ", "??"
		_, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), req)
		require.NoError(t, err)
	})
}

// TestRedirect: the password goes to no other host.
func TestRedirect(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	other := baastest.NewServer()
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server.Inject(baastest.Respond(http.RedirectHandler(other.URL()+"/?Password=x", status)))
		_, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		requireEnd(t, "unknown", 1, nil, err)
		require.Contains(t, err.Error(), strings.TrimPrefix(other.URL(), "http://"), "where to")
		requireNoSecret(t, err.Error())
	}
	require.Empty(t, other.Requests())
}

// TestThrottledOnce: the one row of the official SDKs' table that they get
// right.
func TestThrottledOnce(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	server.Inject(baastest.Throttle())
	_, err := server.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	require.Equal(t, 1, server.Issued())
}

func ExampleClient_ApplyAntChainCertificateWithKeyAutoCreation() {
	server := baastest.NewServer() // stands in for the service
	defer server.Close()
	client := server.Client() // a service calls baas.NewClient()

	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(context.Background(),
		&baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
			AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq",
			CommonName: "wallet.example.com", CountryName: "CN", StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou",
			OrganizationName: "Example", OrganizationUnitName: "Wallet",
			Password: "from your secret store",
		})
	var unknown *baas.OutcomeUnknownError
	var refusal *baas.APIError
	switch {
	case errors.As(err, &unknown):
		fmt.Println("do not apply again before somebody has looked into it:", unknown.SignatureNonce)
	case errors.As(err, &refusal):
		fmt.Println("refused:", refusal.Code, refusal.RequestID)
	case err != nil:
		fmt.Println("nothing was carried out:", err)
	default:
		key, _, _ := strings.Cut(resp.Result.PrivateKey, "\n")
		fmt.Println("store this first:", key)
	}
	// Output: store this first: -----BEGIN ENCRYPTED PRIVATE KEY-----
}
