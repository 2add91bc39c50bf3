package baas_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// object is a JSON object.
type object = map[string]any

// parse reads JSON and keeps numbers as they are written.
func parse(t testing.TB, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v))
	return v
}

// inEveryShape is a reply in the three shapes.
func inEveryShape(t testing.TB, reply string) (all map[string]string, requestID string, result any) {
	t.Helper()
	o := parse(t, reply).(object)
	if data, ok := o["data"].(object); ok {
		o = data
	}
	requestID, result = o["RequestId"].(string), o["Result"]
	all = make(map[string]string)
	for name, shape := range map[string]object{
		"documented": {
			"successResponse": true, "requestId": requestID, "code": "200",
			"data": object{"RequestId": requestID, "Result": result},
		},
		"flat": {"RequestId": requestID, "Result": result},
		"V2": {
			"RequestId": requestID, "HttpStatusCode": "200", "Code": "OK", "Success": true, "ResultCode": "OK",
			"Message": "OK", "ResultMessage": "OK", "Result": result,
		},
	} {
		all[name] = marshal(t, shape)
	}
	return all, requestID, result
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// scalars lists what stands at the ends of a tree, by path. A time is in
// milliseconds, a number the same as a string, JSON in strings undone.
func scalars(t testing.TB, v any, path string, into map[string]string) map[string]string {
	t.Helper()
	switch v := v.(type) {
	case object:
		for name, member := range v {
			scalars(t, member, path+"."+name, into)
		}
	case []any:
		for i, element := range v {
			scalars(t, element, path+"["+strconv.Itoa(i)+"]", into)
		}
	case json.Number:
		into[path] = v.String()
	case bool:
		into[path] = strconv.FormatBool(v)
	case string:
		if strings.HasPrefix(v, "{") {
			scalars(t, parse(t, v), path, into)
			return into
		}
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			v = strconv.FormatInt(at.UnixMilli(), 10)
		}
		into[path] = v
	}
	return into
}

// requireNothingLost asserts that a response, stored as JSON, has every scalar
// that the service sent.
func requireNothingLost(t testing.TB, sent any, response any) {
	t.Helper()
	stored := parse(t, marshal(t, response)).(object)
	got := scalars(t, stored["Result"], "Result", make(map[string]string))
	want := scalars(t, sent, "Result", make(map[string]string))
	require.NotEmpty(t, want)
	for path, value := range want {
		require.Equal(t, value, got[path], path)
	}
}

// decoded is what the method of an action makes of a reply.
func decoded(t testing.TB, action, reply string) any {
	t.Helper()
	m := typedMethods(t, newClient(t, answering(200, reply)))[action]
	resp, err := m.do(t, m.full())
	require.NoError(t, err, reply)
	return resp
}

// TestReplies: each reply, in its own shape and in the two others, is decoded
// with no scalar lost, and survives encoding/json.
func TestReplies(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]func(testing.TB) string{
		"of the documentation": func(t testing.TB) string { return shared(t, "replies") },
		"of our own":           func(testing.TB) string { return filepath.Join("testdata", "replies") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join(dir(t), "*.json"))
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(files), 21)
			for _, file := range files {
				reply, err := os.ReadFile(file)
				require.NoError(t, err)
				testReply(t, strings.TrimSuffix(filepath.Base(file), ".json"), string(reply))
			}
		})
	}
}

func testReply(t *testing.T, action, reply string) {
	all, requestID, result := inEveryShape(t, reply)
	all["its own"] = reply
	for shape, text := range all {
		t.Run(action+", "+shape, func(t *testing.T) {
			t.Parallel()
			resp := decoded(t, action, text)
			require.Equal(t, requestID, reflect.ValueOf(resp).Elem().FieldByName("RequestID").String())
			requireNothingLost(t, result, resp)
			again := reflect.New(reflect.TypeOf(resp).Elem()).Interface()
			require.NoError(t, json.Unmarshal([]byte(marshal(t, resp)), again))
			require.Equal(t, resp, again, "stored and read again")
			for name, changed := range variants(t, result) {
				reply := marshal(t, object{"RequestId": requestID, "Result": changed})
				require.Equal(t, resp, decoded(t, action, reply), name)
			}
		})
	}
}

// variants are other ways in which the service sends the same result.
func variants(t testing.TB, result any) map[string]any {
	return map[string]any{
		"numbers as strings":            mapped(t, result, func(n json.Number) any { return n.String() }, nil),
		"strings of digits as numbers":  mapped(t, result, nil, nil),
		"lists under one more level":    mapped(t, result, keepNumber, nested),
		"unknown members":               mapped(t, result, keepNumber, withUnknown),
		"lists in strings":              mapped(t, result, keepNumber, func(_ string, list []any) any { return marshal(t, list) }),
		"elements of lists in strings":  mapped(t, result, keepNumber, func(_ string, list []any) any { return inStrings(t, list) }),
		"times of RFC 3339, in strings": mapped(t, result, rfc3339, nil),
	}
}

func keepNumber(n json.Number) any { return n }

func rfc3339(n json.Number) any {
	if ms, err := n.Int64(); err == nil && ms > 1e12 && ms < 2e12 {
		return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
	}
	return n
}

func nested(name string, list []any) any { return object{name: list} }

func withUnknown(_ string, list []any) any { return object{"NextToken": nil, "Of": list, "Size": 1} }

func inStrings(t testing.TB, list []any) any {
	changed := make([]any, len(list))
	for i, element := range list {
		if changed[i] = element; reflect.TypeOf(element).Kind() == reflect.Map {
			changed[i] = marshal(t, element)
		}
	}
	return changed
}

// mapped copies a result, with other numbers and lists. Without number, strings
// of digits become numbers.
func mapped(t testing.TB, v any, number func(json.Number) any, list func(string, []any) any) any {
	var copied func(name string, v any) any
	copied = func(name string, v any) any {
		switch v := v.(type) {
		case object:
			o := make(object)
			for name, member := range v {
				o[name] = copied(name, member)
			}
			return o
		case []any:
			l := make([]any, len(v))
			for i := range v {
				l[i] = copied(name, v[i])
			}
			if list != nil {
				return list(name, l)
			}
			return l
		case json.Number:
			if number != nil {
				return number(v)
			}
		case string:
			if _, err := strconv.ParseInt(v, 10, 64); err == nil && number == nil {
				return json.Number(v)
			}
		}
		return v
	}
	return copied("Result", v)
}

// TestValues: what a few members are, by hand.
func TestValues(t *testing.T) {
	t.Parallel()
	read := func(action string) any {
		reply, err := os.ReadFile(filepath.Join("testdata", "replies", action+".json"))
		require.NoError(t, err)
		return decoded(t, action, string(reply))
	}
	at := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)

	chains := read("DescribeAntChainsV2").(*baas.DescribeAntChainsV2Response).Result
	require.Equal(t, []baas.AntChain{{
		AntChainID: "aB3dE5f7", AntChainName: "对账", ChainType: "Contract", CipherSuit: "classic", TLSAlgo: "rsa",
		MerkleTreeSuit: "fdmt", Version: "2.20.0", NodeNum: 4, Network: baas.NetworkRunning, ResourceSize: "Basic",
		RegionID: "cn-shanghai", MemberStatus: baas.ChainApplied, IsAdmin: true, CreateTime: at,
		ExpireTime: time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC), InstanceID: "BAAS-1", RestStatus: "CREATE", MonitorStatus: true,
	}}, chains.AntChains)
	require.Equal(t, baas.Pagination{PageNumber: 1, PageSize: 20, TotalCount: 1}, chains.Pagination)

	for action, status := range map[string]baas.CertificateStatus{
		"DescribeAntChainCertificateApplications":   baas.CertificateApplied, // arrives as a number
		"DescribeAntChainCertificateApplicationsV2": baas.CertificateFailed,  // arrives as a string
	} {
		result := reflect.ValueOf(read(action)).Elem().FieldByName("Result").Interface()
		require.Equal(t, []baas.CertificateApplication{{
			AntChainID: "aB3dE5f7", Bid: "26842", Username: "uid-2000000000000001", Status: status,
			CreateTime: at.Add(123 * time.Millisecond), UpdateTime: at.Add(6 * time.Minute),
		}}, result.(baas.CertificateApplicationsResult).CertificateApplications)
	}

	nodes := read("DescribeAntChainNodesV2").(*baas.DescribeAntChainNodesV2Response).Result
	require.Len(t, nodes, 2, "JSON in strings")
	require.Equal(t, read("DescribeAntChainNodes").(*baas.DescribeAntChainNodesResponse).Result, nodes)
	require.Equal(t, []baas.Endpoint{{IP: "198.51.100.7", Port: "18132"}}, nodes[1].Endpoints)
	require.Equal(t, baas.NodeState("2"), nodes[1].NodeState)

	info := read("DescribeAntChainInformation").(*baas.DescribeAntChainInformationResponse).Result
	require.Equal(t, int64(9007199254740993), info.TransactionSum, "more than a float64 can tell apart")
	require.Equal(t, baas.NodeInfo{NodeName: "198.51.100.7 18131", Version: "0.10", BlockHeight: 12}, info.NodeInfos[1])

	members := read("DescribeAntChainMembers").(*baas.DescribeAntChainMembersResponse).Result.Members
	require.Equal(t, []baas.Role{baas.RoleSuperAdmin, baas.RoleMember}, []baas.Role{members[0].Role, members[1].Role})
	require.Equal(t, baas.AllianceNotJoined, members[1].Status)

	require.Equal(t, "success", read("ResetAntChainUserCertificate").(*baas.ResetAntChainUserCertificateResponse).Result)
}

// TestNoTime: 0, "" and null are the zero time, null lists nil.
func TestNoTime(t *testing.T) {
	t.Parallel()
	for _, none := range []string{`0`, `"0"`, `""`, `null`} {
		resp := decoded(t, "DescribeAntChains", `{"RequestId":"R","Result":{"AntChains":[{"AntChainId":"a","CreateTime":`+none+`}]}}`)
		chain := resp.(*baas.DescribeAntChainsResponse).Result.AntChains[0]
		require.True(t, chain.CreateTime.IsZero(), none)
		require.True(t, chain.ExpireTime.IsZero())
	}
	resp := decoded(t, "DescribeAntChains", `{"RequestId":"R","Result":{"AntChains":null}}`)
	require.Nil(t, resp.(*baas.DescribeAntChainsResponse).Result.AntChains)
}

// TestResultThatDoesNotFit: an error names the member and holds no value.
func TestResultThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for action, readOnly := range map[string]bool{"DescribeAntChains": true, "CreateAntChainAccount": false} {
		m := typedMethods(t, newClient(t, answering(200, `{"RequestId":"R","Result":["`+password+`"]}`)))[action]
		resp, err := m.do(t, m.full())
		require.Nil(t, resp)
		require.ErrorIs(t, err, baas.ErrInvalidResponse)
		require.Equal(t, !readOnly, isErr(err, baas.ErrOutcomeUnknown))
		require.ErrorContains(t, err, "Result is not an object")
		requireNoSecret(t, err.Error())
	}
}

// TestFailureThatIsNoSuccess: a code says so, in a reply with a Result and
// without a flag.
func TestFailureThatIsNoSuccess(t *testing.T) {
	t.Parallel()
	for code, doubt := range map[string]bool{"SystemError": true, "500": true, "FAIL": true, "InvalidParameter": false} {
		for _, reply := range []string{
			`{"RequestId":"R","Code":"` + code + `","Message":"boom","Result":"fail"}`,
			`{"requestId":"R","code":"` + code + `","message":"boom","data":{"Result":"fail"}}`,
		} {
			resp, err := newClient(t, answering(200, reply)).
				ResetAntChainCertificate(t.Context(), &baas.ResetAntChainCertificateRequest{AntChainID: "x"})
			require.Nil(t, resp, reply)
			require.Equal(t, doubt, isErr(err, baas.ErrOutcomeUnknown), reply)
			var refusal *baas.APIError
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, code, refusal.Code)
			require.Equal(t, "boom", refusal.Message)
		}
	}
	for _, code := range []string{"", "0", "200", "OK", "Success", "success"} {
		resp, err := newClient(t, answering(200, `{"RequestId":"R","Code":"`+code+`","Message":"m","Result":"success"}`)).
			ResetAntChainCertificate(t.Context(), &baas.ResetAntChainCertificateRequest{AntChainID: "x"})
		require.NoError(t, err, code)
		require.Equal(t, "success", resp.Result)
	}
}
