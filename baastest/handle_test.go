package baastest_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

func TestHandle(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	const name = "DescribeAntChainBlock"
	require.Equal(t, "InvalidAction.NotFound", call(t, srv, name, nil).refusal(t).Code)
	srv.Handle(name, func(params url.Values) (any, error) {
		if params.Get("Number") == "" {
			return nil, &baastest.Refusal{Status: 404, Code: "BlockNotExist", Message: "no such <block>"}
		}
		return map[string]any{"Number": params.Get("Number"), "Names": len(params), "Link": "a&b"}, nil
	})
	a := call(t, srv, name, url.Values{"Number": {"7"}})
	require.JSONEq(t, `{"Number":"7","Names":1,"Link":"a&b"}`, string(ask(t, srv, name, url.Values{"Number": {"7"}})))
	require.Contains(t, string(a.body), `"a&b"`)
	require.ElementsMatch(t, []string{"successResponse", "requestId", "data", "code"}, names(members(t, a.body)))
	refused := call(t, srv, name, nil)
	require.Equal(t, 404, refused.status)
	require.Equal(t, "BlockNotExist", refused.refusal(t).Code)
	require.Equal(t, "BlockNotExist", last(srv).Code)

	v := requestOf(t, srv, name, nil)
	v.Set("Number", "8")
	require.Equal(t, "SignatureDoesNotMatch", mustPost(t, srv, v).refusal(t).Code, "verified")
	srv.Inject(baastest.DropAfter())
	_, err := post(srv, requestOf(t, srv, name, nil))
	require.NoError(t, err, "a refused request is refused")
	srv.Handle(name, nil)
	require.Equal(t, "InvalidAction.NotFound", call(t, srv, name, nil).refusal(t).Code)
}

func TestHandleInsteadOfTheServersOwn(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.Handle("DescribeAntChainsV2", func(url.Values) (any, error) { return []int{1}, nil })
	require.JSONEq(t, `[1]`, string(ask(t, srv, "DescribeAntChainsV2", nil)))
	srv.Handle("DescribeAntChainsV2", nil)
	require.Contains(t, string(ask(t, srv, "DescribeAntChainsV2", parameters(t)["DescribeAntChainsV2"])), "AntChains")
}

// In version 3 all parameters are the action's own, whatever their names.
func TestHandleOfVersion3(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.Handle("X", func(params url.Values) (any, error) {
		params.Set("Added", "by the handler")
		return params, nil
	})
	r := newRequest3(t, srv)
	r.header.Set("X-Acs-Action", "X")
	r.form = url.Values{"Version": {"7"}}
	r.query = url.Values{"Timestamp": {"t"}}
	a := r.send(t, srv)
	require.JSONEq(t, `{"Version":["7"],"Timestamp":["t"],"Added":["by the handler"]}`,
		string(members(t, members(t, a.body)["data"])["Result"]))
	require.False(t, last(srv).Params.Has("Added"))
}

func TestErrorsOfHandlers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		result any
		err    error
		status int
		code   string
	}{
		"refusal without status": {err: &baastest.Refusal{Code: "Odd"}, status: 400, code: "Odd"},
		"wrapped refusal":        {err: errors.Join(&baastest.Refusal{Status: 409, Code: "Odd"}), status: 409, code: "Odd"},
		"any other error":        {err: io.EOF, status: 500, code: "InternalError"},
		"result that is no JSON": {result: func() {}, status: 500, code: "InternalError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t)
			srv.Handle("X", func(url.Values) (any, error) { return tt.result, tt.err })
			a := call(t, srv, "X", nil)
			require.Equal(t, tt.status, a.status)
			require.Equal(t, tt.code, a.refusal(t).Code)
		})
	}
	require.EqualError(t, &baastest.Refusal{Code: "Odd", Message: "why"}, "Odd: why")
}

func TestFailuresThatArriveWith200(t *testing.T) {
	t.Parallel()
	for shape, want := range map[baastest.ReplyShape]string{
		baastest.Documented: `{"successResponse":false,"requestId":"*","code":"ChainBusy","message":"later"}`,
		baastest.Flat:       `{"Success":false,"RequestId":"*","Code":"ChainBusy","Message":"later"}`,
		baastest.V2: `{"Success":false,"RequestId":"*","HttpStatusCode":"200","Code":"ChainBusy","ResultCode":"ChainBusy",
			"Message":"later","ResultMessage":"later"}`,
	} {
		srv := newServer(t, baastest.WithReplyShape(shape))
		srv.Handle("X", func(url.Values) (any, error) {
			return nil, &baastest.Refusal{Status: 200, Code: "ChainBusy", Message: "later"}
		})
		a := call(t, srv, "X", nil)
		require.Equal(t, 200, a.status)
		m := members(t, a.body)
		for _, id := range []string{"requestId", "RequestId"} {
			if m[id] != nil {
				m[id] = json.RawMessage(`"*"`)
			}
		}
		got, err := json.Marshal(m)
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
		require.Equal(t, "ChainBusy", last(srv).Code)
	}
}

func TestXMLOfEveryKindOfValue(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.Handle("X", func(url.Values) (any, error) {
		return json.RawMessage(`{"List":[{"N":1609848404000},{"N":2}],"None":[],"Null":null,"Flag":true,"Text":"<&>"}`), nil
	})
	a := call(t, srv, "X", url.Values{"Format": {"XML"}})
	var got struct {
		XMLName   xml.Name
		RequestId string
		Result    struct {
			List []struct{ N int64 }
			None []string
			Null *string
			Flag bool
			Text string
		}
	}
	require.NoError(t, xml.Unmarshal(a.body, &got), "%s", a.body)
	require.Equal(t, "XResponse", got.XMLName.Local)
	require.Regexp(t, upperUUID, got.RequestId)
	require.Equal(t, []struct{ N int64 }{{1609848404000}, {2}}, got.Result.List)
	require.Empty(t, got.Result.None)
	require.Empty(t, *got.Result.Null)
	require.True(t, got.Result.Flag)
	require.Equal(t, "<&>", got.Result.Text)
}
