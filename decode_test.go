package baas_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// TestDoReadsIntoTypedResults: what the service sends fits the types, whichever
// way it is read.
func TestDoReadsIntoTypedResults(t *testing.T) {
	t.Parallel()
	const reply = `{"RequestId":"R","Result":{"IsExist":"true","Pagination":{"TotalCount":"1"},` +
		`"AntChains":{"AntChains":[{"AntChainId":"c","NodeNum":"4","Version":2,"CreateTime":1600000000000,"ExpireTime":"1700000000000"}]}}}`
	client := newClient(t, answering(200, reply))
	var got struct{ Result baas.ChainsResult }
	op := baas.Operation{Action: "DescribeAntChains", Params: url.Values{"ConsortiumId": {"c"}}, ReadOnly: true}
	require.NoError(t, client.Do(t.Context(), op, &got))
	typed, err := client.DescribeAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: "c", PageNumber: 1, PageSize: 10})
	require.NoError(t, err)
	require.Equal(t, typed.Result, got.Result)
	require.Equal(t, time.UnixMilli(1600000000000).UTC(), got.Result.AntChains[0].CreateTime)

	var direct baas.DescribeAntChainsResponse
	require.NoError(t, json.Unmarshal([]byte(reply), &direct))
	require.Equal(t, *typed, direct)

	stored, err := json.Marshal(typed)
	require.NoError(t, err)
	var again baas.DescribeAntChainsResponse
	require.NoError(t, json.Unmarshal(stored, &again))
	require.Equal(t, *typed, again, "RFC 3339 is read as well")
}

// TestNodesInStrings: nodes are JSON in strings in the V2 twin.
func TestNodesInStrings(t *testing.T) {
	t.Parallel()
	var v2 baas.DescribeAntChainNodesV2Response
	require.NoError(t, json.Unmarshal([]byte(`{"RequestId":"R","Result":["{\"nodeId\":\"n\",\"endpoints\":[{\"ip\":\"192.0.2.1\",\"port\":18130}]}"]}`), &v2))
	require.Len(t, v2.Result, 1)
	require.Equal(t, "18130", v2.Result[0].Endpoints[0].Port)
}
