package readme_test

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// nodesOf returns the addresses of a chain's nodes, for tls.Dial.
func nodesOf(ctx context.Context, client *baas.Client, chainID string) ([]string, error) {
	resp, err := client.DescribeAntChainNodes(ctx, &baas.DescribeAntChainNodesRequest{AntChainID: chainID})
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, node := range resp.Result {
		for _, e := range node.Endpoints {
			addresses = append(addresses, net.JoinHostPort(e.IP, e.Port))
		}
	}
	return addresses, nil
}

// latestBlocks returns, as JSON, what an action says that has no typed method.
func latestBlocks(ctx context.Context, client *baas.Client, chainID string) (json.RawMessage, error) {
	var reply struct{ Result json.RawMessage }
	err := client.Do(ctx, baas.Operation{
		Action:   "DescribeAntChainLatestBlocks",
		Params:   url.Values{"AntChainId": {chainID}},
		ReadOnly: true, // so it may be repeated freely
	}, &reply)
	return reply.Result, err
}

func TestNodesOf(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	node := srv.NewNode()
	addresses, err := nodesOf(t.Context(), srv.Client(), "1q8B5R9p")
	require.NoError(t, err)
	require.Equal(t, []string{node.Addr()}, addresses)
}

func TestLatestBlocks(t *testing.T) {
	srv := baastest.NewServer()
	defer srv.Close()
	srv.Handle("DescribeAntChainLatestBlocks", func(params url.Values) (any, error) {
		return []map[string]any{{"AntChainId": params.Get("AntChainId"), "Height": 7}}, nil
	})
	blocks, err := latestBlocks(t.Context(), srv.Client(), "1q8B5R9p")
	require.NoError(t, err)
	require.JSONEq(t, `[{"AntChainId":"1q8B5R9p","Height":7}]`, string(blocks))
}
