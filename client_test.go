package baas_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

const (
	flatChains     = `{"RequestId":"R","Result":{"AntChains":[{"AntChainId":"a"}]}}`
	envelopeChains = `{"successResponse":true,"requestId":"R","code":"200","data":` + flatChains + `}`
	v2Chains       = `{"HttpStatusCode":"200","Code":"OK","Success":true,"ResultCode":"OK","Message":"OK",` +
		`"RequestId":"R","Result":{"AntChains":[{"AntChainId":"a"}]}}`
)

var describe = baas.Operation{Action: "DescribeAntChains", Params: url.Values{"ConsortiumId": {"c"}}, ReadOnly: true}

func TestDo(t *testing.T) {
	t.Parallel()
	type chains struct {
		RequestID string `json:"RequestId"`
		Result    struct{ AntChains []struct{ AntChainId string } }
	}
	for name, body := range map[string]string{"documented": envelopeChains, "flat": flatChains, "V2": v2Chains} {
		t.Run(name+" reply into a struct, a map and a RawMessage", func(t *testing.T) {
			t.Parallel()
			client := newClient(t, answering(200, body))
			var s chains
			require.NoError(t, client.Do(t.Context(), describe, &s))
			require.Equal(t, "R", s.RequestID)
			require.Equal(t, "a", s.Result.AntChains[0].AntChainId)
			var m map[string]any
			require.NoError(t, client.Do(t.Context(), describe, &m))
			require.Len(t, m, 2)
			var raw json.RawMessage
			require.NoError(t, client.Do(t.Context(), describe, &raw))
			require.JSONEq(t, flatChains, string(raw))
			require.NoError(t, client.Do(t.Context(), describe, nil))
		})
	}
	t.Run("a result that is no object", func(t *testing.T) {
		t.Parallel()
		var r struct{ Result string }
		client := newClient(t, answering(200, `{"RequestId":"R","Result":"success"}`))
		require.NoError(t, client.Do(t.Context(), baas.Operation{Action: "ResetAntChainCertificate"}, &r))
		require.Equal(t, "success", r.Result)
	})
	t.Run("a reply that does not fit the result", func(t *testing.T) {
		t.Parallel()
		var r struct{ Result int }
		client := newClient(t, answering(200, `{"RequestId":"R","Result":"`+password+`"}`))
		err := client.Do(t.Context(), describe, &r)
		require.ErrorIs(t, err, baas.ErrInvalidResponse)
		require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
		requireNoSecret(t, err.Error())
		err = client.Do(t.Context(), baas.Operation{Action: "ResetAntChainCertificate"}, &r)
		require.ErrorIs(t, err, baas.ErrOutcomeUnknown, "it was carried out, but the caller cannot know")
	})
	t.Run("the parameters are copied on entry", func(t *testing.T) {
		t.Parallel()
		params := url.Values{"Password": {"p1"}}
		var sent []string
		client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			params["Password"][0] = "p2"
			b, _ := io.ReadAll(r.Body)
			sent = append(sent, string(b))
			return answering(500, "")(r)
		}), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 2, MinDelay: 1, MaxDelay: 1}))
		require.Error(t, client.Do(t.Context(), baas.Operation{Action: "A", Params: params, ReadOnly: true}, nil))
		require.Equal(t, []string{"Password=p1&RegionId=cn-hangzhou", "Password=p1&RegionId=cn-hangzhou"}, sent)
	})
	t.Run("throttled with a result", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, answering(200, `{"RequestId":"R","Code":"Throttling.User","Result":{}}`))
		require.ErrorIs(t, client.Do(t.Context(), baas.Operation{Action: "A"}, nil), baas.ErrThrottled)
	})
	t.Run("a name with several values", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			require.NoError(t, r.ParseForm())
			require.Equal(t, url.Values{"B": {"2", "1"}, "A": {""}, "RegionId": {"cn-hangzhou"}}, r.PostForm)
			all := merged(r.URL.Query(), r.PostForm)
			require.Equal(t, baas.SignRPC("POST", all, "secret-of-access-key"), all.Get("Signature"))
			return answering(200, flatChains)(r)
		}))
		require.NoError(t, client.Do(t.Context(), baas.Operation{Action: "A", Params: url.Values{"B": {"2", "1"}, "A": {""}}}, nil))
	})
}

func TestDoInvalid(t *testing.T) {
	t.Parallel()
	client := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, errDial
	}))
	var none *struct{}
	for name, c := range map[string]struct {
		op     baas.Operation
		result any
		field  string
	}{
		"empty action":          {baas.Operation{}, nil, "Action"},
		"action with odd bytes": {baas.Operation{Action: "A\nB"}, nil, "Action"},
		"a common parameter":    {baas.Operation{Action: "A", Params: url.Values{"SignatureNonce": {"n"}}}, nil, "Params"},
		"one in another case":   {baas.Operation{Action: "A", Params: url.Values{"accesskeyid": {"n"}}}, nil, "Params"},
		"a name that is empty":  {baas.Operation{Action: "A", Params: url.Values{"": {"n"}}}, nil, "Params"},
		"a name not UTF-8":      {baas.Operation{Action: "A", Params: url.Values{"\xff": {"n"}}}, nil, "Params"},
		"a value not UTF-8":     {baas.Operation{Action: "A", Params: url.Values{"N": {"\xff"}}}, nil, "Params"},
		"result not a pointer":  {describe, struct{}{}, "result"},
		"result a map":          {describe, map[string]any{}, "result"},
		"result a nil pointer":  {describe, none, "result"},
		"result a function":     {describe, func() {}, "result"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := client.Do(t.Context(), c.op, c.result)
			require.ErrorIs(t, err, baas.ErrInvalidRequest)
			var v *baas.ValidationError
			require.ErrorAs(t, err, &v)
			require.Len(t, v.Fields, 1)
			require.Equal(t, c.field, v.Fields[0].Field)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	for _, name := range []string{
		"Action", "Version", "Format", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "SignatureType",
		"Timestamp", "Signature", "SecurityToken", "BearerToken",
	} {
		err := client.Do(t.Context(), baas.Operation{Action: "A", Params: url.Values{name: {"x"}}}, nil)
		require.ErrorIs(t, err, baas.ErrInvalidRequest, name)
	}
}

// TestReadOnly: every attempt of unknown outcome is retried with a fresh nonce,
// and the last error is returned as it is.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault baastest.Fault
		want  error // after the last attempt
	}{
		"reset":      {baastest.DropBefore(), baas.ErrUnavailable},
		"timeout":    {baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })), baas.ErrUnavailable},
		"5xx":        {baastest.Refuse(503, "ServiceUnavailable", "m"), baas.ErrUnavailable},
		"5xx page":   {reply(502, "<html>"), baas.ErrUnavailable},
		"page":       {reply(200, "<html>"), baas.ErrInvalidResponse},
		"no result":  {reply(200, "{}"), baas.ErrInvalidResponse},
		"redirect":   {redirect(), baas.ErrInvalidResponse},
		"nonce used": {baastest.Refuse(400, "SignatureNonceUsed", "m"), nil},
		"throttled":  {baastest.Throttle(), baas.ErrThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w world) {
				w.server.Inject(c.fault, c.fault, reply(200, flatChains))
				require.NoError(t, w.client.Do(t.Context(), describe, nil))
				require.Len(t, distinct(w.nonces()), 3)

				w.server.Inject(c.fault, c.fault, c.fault, c.fault)
				err := w.client.Do(t.Context(), describe, nil)
				require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				require.True(t, strings.HasPrefix(err.Error(), "baas: DescribeAntChains: "), err.Error())
				require.Len(t, distinct(w.nonces()), 7)
			})
		})
	}
	t.Run("a refusal is returned at once", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			w.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "m"))
			require.ErrorIs(t, w.client.Do(t.Context(), describe, nil), baas.ErrForbidden)
			require.Len(t, w.nonces(), 1)
		})
	})
}

// TestErrorKinds: the codes of the gateway and what they match.
func TestErrorKinds(t *testing.T) {
	t.Parallel()
	kinds := []error{
		baas.ErrThrottled, baas.ErrUnauthenticated, baas.ErrForbidden, baas.ErrUnavailable, baas.ErrInvalidResponse,
		baas.ErrOutcomeUnknown, baas.ErrInvalidRequest, baas.ErrCredentials,
	}
	for _, c := range []struct {
		code   string
		status int
		want   error
	}{
		{"Throttling", 400, baas.ErrThrottled},
		{"Throttling.User", 429, baas.ErrThrottled},
		{"Throttling.Api", 503, baas.ErrThrottled},
		{"SignatureDoesNotMatch", 400, baas.ErrUnauthenticated},
		{"IncompleteSignature", 403, baas.ErrUnauthenticated},
		{"InvalidAccessKeyId.NotFound", 404, baas.ErrUnauthenticated},
		{"InvalidAccessKeyId.Inactive", 403, baas.ErrUnauthenticated},
		{"InvalidSecurityToken.Expired", 400, baas.ErrUnauthenticated},
		{"Forbidden", 403, baas.ErrForbidden},
		{"Forbidden.RAM", 403, baas.ErrForbidden},
		{"NoPermission", 403, baas.ErrForbidden},
		{"Whatever.Denied", 403, baas.ErrForbidden},
		{"Whatever.Denied", 401, baas.ErrUnauthenticated},
		{"MissingParameter", 400, nil},
		{"MissingAntChainId", 400, nil},
		{"InvalidParameter", 400, nil},
	} {
		t.Run(fmt.Sprint(c.code, c.status), func(t *testing.T) {
			t.Parallel()
			server := baastest.NewServer()
			defer server.Close()
			server.Inject(baastest.Refuse(c.status, c.code, "the message"))
			err := server.Client(baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1})).Do(t.Context(), baas.Operation{Action: actionApply}, nil)
			for _, kind := range kinds {
				require.Equal(t, kind == c.want, errors.Is(err, kind), "%v, %v", err, kind)
			}
			var api *baas.APIError
			require.ErrorAs(t, err, &api)
			require.Equal(t, c.status, api.StatusCode)
			for _, part := range []string{actionApply, c.code, "the message", api.RequestID} {
				require.Contains(t, err.Error(), part)
			}
			require.NotEmpty(t, api.RequestID)
			require.NotEmpty(t, api.HostID)
			require.NotEmpty(t, api.Recommend)

			unknown := &baas.OutcomeUnknownError{Action: actionApply, Err: err}
			for _, kind := range kinds {
				require.Equal(t, kind == baas.ErrOutcomeUnknown, errors.Is(unknown, kind))
			}
			require.ErrorAs(t, error(unknown), &api)
		})
	}
	t.Run("what the service says of the permission", func(t *testing.T) {
		t.Parallel()
		err := newClient(t, answering(403, `{"RequestId":"R","Code":"Forbidden.RAM","Message":"m",`+
			`"AccessDeniedDetail":{"AuthAction":"baas:Apply","PolicyType":"AccountLevelIdentityBasedPolicy","Depth":3,"Null":null}}`)).
			Do(t.Context(), describe, nil)
		var api *baas.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, map[string]string{
			"AuthAction": "baas:Apply", "PolicyType": "AccountLevelIdentityBasedPolicy", "Depth": "3",
		}, api.AccessDeniedDetail)
	})
}

// TestConcurrentUse: one client, 100 goroutines, every call its own
// certificate.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	client, err := baas.NewClient(baas.WithEndpoint(server.URL()), baas.WithAccessKey(*model.AccessKeyId, *model.AccessKeySecret),
		baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: time.Millisecond}))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	for range 30 {
		server.Inject(baastest.Throttle(), baastest.DropBefore(), baastest.ServerErrorAfter(500))
	}
	var calls sync.WaitGroup
	var mu sync.Mutex
	keys, unknown := make(map[string]bool), 0
	for range 100 {
		calls.Go(func() {
			resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				keys[resp.Result.PrivateKey] = true
			case errors.Is(err, baas.ErrOutcomeUnknown):
				unknown++
			case !errors.Is(err, baas.ErrThrottled):
				t.Error(err)
			}
		})
	}
	calls.Wait()
	require.Positive(t, len(keys))
	require.GreaterOrEqual(t, len(keys)+unknown, server.Issued(), "no certificate that nobody was told of")
}

// TestDependencies: importers of the root package pay for the standard library,
// credentials-go, and what that imports.
func TestDependencies(t *testing.T) {
	t.Parallel()
	allowed := make(map[string]bool)
	for pkg := range strings.FieldsSeq(goList(t, "github.com/aliyun/credentials-go/credentials")) {
		allowed[pkg] = true
	}
	for pkg := range strings.FieldsSeq(goList(t, "github.com/antchain-go/baas")) {
		own := pkg == "github.com/antchain-go/baas" || strings.HasPrefix(pkg, "github.com/antchain-go/baas/internal/")
		host, _, _ := strings.Cut(pkg, "/")
		require.True(t, own || allowed[pkg] || !strings.Contains(host, "."), pkg)
	}
}

func goList(t *testing.T, pkg string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	require.NoError(t, err)
	return string(out)
}
