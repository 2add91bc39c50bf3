// Package readme_test holds the Go code of README.md and of the pages in docs,
// in both languages, and the tests that keep pages and code together.
package readme_test

import (
	"context"
	"fmt"
	"net/http"

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
