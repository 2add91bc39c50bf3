// Package readme_test holds the Go code of README.md and README.zh-CN.md, and
// the tests that keep the two and the code together.
package readme_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

func ExampleNewClient() {
	// From the environment, the files of the aliyun command line, the ECS RAM role, …
	client, err := baas.NewClient()

	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleNewClient_accessKey() {
	id, secret := "testid", "testsecret"

	// Or an access key of your own keeping, here in another region.
	client, err := baas.NewClient(
		baas.WithRegion("cn-shanghai"),
		baas.WithAccessKey(id, secret),
	)

	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func Example_enroll() {
	srv := baastest.NewServer()
	defer srv.Close()

	err := enroll(context.Background(), srv.Client(), "password", func(key string) error {
		fmt.Println(strings.SplitN(key, "\n", 2)[0])
		return nil
	})
	fmt.Println(err, srv.Issued())
	// Output:
	// -----BEGIN ENCRYPTED PRIVATE KEY-----
	// <nil> 1
}

func Example_freshLinks() {
	srv := baastest.NewServer()
	defer srv.Close()
	srv.Inject(baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.FormValue("Action"), r.FormValue("AntChainId"))
		fmt.Fprint(w, `{"successResponse":true,"requestId":"REQ-1","code":"200","data":{"RequestId":"REQ-1",
			"Result":{"CaCrtUrl":"https://files.example.com/ca.crt?Expires=1&Signature=secret"}}}`)
	})))

	links, err := freshLinks(context.Background(), srv.Client(), "1q8B5R9p")
	fmt.Println(links.CACrtURL, err)
	// Output:
	// DescribeAntChainDownloadPaths 1q8B5R9p
	// https://files.example.com/ca.crt?Expires=1&Signature=secret <nil>
}

func TestEnrollWithoutPermission(t *testing.T) {
	mt := httpmock.NewMockTransport()
	mt.RegisterResponder("POST", "https://baas.cn-hangzhou.aliyuncs.com/",
		httpmock.NewStringResponder(403, `{"RequestId":"REQ-1","Code":"Forbidden.RAM","Message":"no permission"}`))
	client, err := baas.NewClient(
		baas.WithHTTPClient(&http.Client{Transport: mt}),
		baas.WithAccessKey("testid", "testsecret"),
	)
	require.NoError(t, err)

	err = enroll(t.Context(), client, "password", nil)
	require.ErrorIs(t, err, baas.ErrForbidden)
}

func TestEnrollLosesTheReply(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	srv.Inject(baastest.DropAfter()) // the certificate is issued, then the connection is reset

	err := enroll(t.Context(), srv.Client(), "password", nil)
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Equal(t, 1, srv.Issued())
}
