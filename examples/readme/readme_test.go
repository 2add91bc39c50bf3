// Package readme_test holds the Go code of README.md and of the pages in docs,
// in both languages, and the tests that keep pages and code together.
package readme_test

import (
	"fmt"

	"github.com/antchain-go/baas"
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
