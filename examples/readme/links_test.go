package readme_test

import (
	"context"
	"net/url"

	"github.com/antchain-go/baas"
)

// freshLinks returns links to ca.crt, client.crt and trustCa that have not expired.
func freshLinks(ctx context.Context, client *baas.Client, chainID string) (baas.DownloadPath, error) {
	var reply struct{ Result baas.DownloadPath }
	err := client.Do(ctx, baas.Operation{
		Action:   "DescribeAntChainDownloadPaths",
		Params:   url.Values{"AntChainId": {chainID}},
		ReadOnly: true, // so it may be repeated freely
	}, &reply)
	return reply.Result, err
}
