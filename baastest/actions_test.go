package baastest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// parameters are the required parameters of every action, with values that the server takes.
func parameters(t *testing.T) map[string]url.Values {
	t.Helper()
	of := func(pairs ...string) url.Values {
		v := make(url.Values)
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	paged := []string{"PageNumber", "1", "PageSize", "5"}
	chain := []string{"AntChainId", "1q8B5R9p"}
	all := map[string]url.Values{
		"ApplyAntChainCertificate": of(append(chain, "UploadReq", newCSR(t, nil))...),
		action: of(append(chain, "ConsortiumId", "DV80nJXq", "CommonName", "app-1", "CountryName", "CN",
			"StateOrProvinceName", "浙江", "LocalityName", "Hang zhou", "OrganizationName", "A+B*C~D",
			"OrganizationUnitName", "Q&A", "Password", password)...),
		"CreateAntChainAccount":                        of(append(chain, "Account", "a", "AccountPubKey", "AB", "AccountRecoverPubKey", "CD")...),
		"CreateAntChainAccountWithKeyPairAutoCreation": of(append(chain, "Account", "b", "Password", password)...),
		"ResetAntChainCertificate":                     of(chain...),
		"ResetAntChainUserCertificate":                 of(append(chain, "Bid", "31001", "Operation", "1", "Username", "uid-1170000000000001")...),
	}
	for name, v := range map[string]url.Values{
		"DescribeAntChainAccounts":                of(slices.Concat(chain, paged)...),
		"DescribeAntChainCertificateApplications": of(slices.Concat(chain, paged, []string{"Status", "1"})...),
		"DescribeAntChainConsortiums":             of(paged...),
		"DescribeAntChainDownloadPaths":           of(chain...),
		"DescribeAntChainInformation":             of(chain...),
		"DescribeAntChainMembers":                 of(append(paged, "ConsortiumId", "DV80nJXq")...),
		"DescribeAntChainNodes":                   of(chain...),
		"DescribeAntChains":                       of(append(paged, "ConsortiumId", "DV80nJXq")...),
	} {
		all[name], all[name+"V2"] = v, v
	}
	return all
}

// call sends a request signed with version 2.
func call(t *testing.T, srv *baastest.Server, name string, params url.Values) answer {
	t.Helper()
	return mustPost(t, srv, requestOf(t, srv, name, params))
}

func requestOf(t *testing.T, srv *baastest.Server, name string, params url.Values) url.Values {
	t.Helper()
	v := common(t, srv, time.Now())
	v.Set("Action", name)
	for n, values := range params {
		v[n] = values
	}
	return sign(http.MethodPost, v, secretOf(t, srv))
}

// ask returns the Result of a success, in whatever shape.
func ask(t *testing.T, srv *baastest.Server, name string, params url.Values) json.RawMessage {
	t.Helper()
	a := call(t, srv, name, params)
	require.Equal(t, http.StatusOK, a.status, "%s: %s", name, a.body)
	m := members(t, a.body)
	if data, ok := m["data"]; ok {
		m = members(t, data)
	}
	require.NotEmpty(t, m["Result"], "%s: %s", name, a.body)
	return m["Result"]
}

// skeleton lists the members of a JSON document with the types of their values, those of JSON in strings as well.
func skeleton(t *testing.T, doc []byte) []string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(doc, &v), "%s", doc)
	seen := make(map[string]bool)
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				walk(path+"."+name, member)
			}
		case []any:
			for _, element := range v {
				walk(path+"[]", element)
			}
		case string:
			var inner map[string]any
			if json.Unmarshal([]byte(v), &inner) == nil {
				walk(path+"(JSON)", inner)
				return
			}
			seen[path+" string"] = true
		case float64:
			seen[path+" number"] = true
		case bool:
			seen[path+" bool"] = true
		}
	}
	walk("", v)
	lines := make([]string, 0, len(seen))
	for line := range seen {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// TestEveryActionRepliesAsDocumented compares what a reply is made of with testdata/replies, which has the shapes of
// the reference pages, and with the pages' own examples where they lie beside the repository.
func TestEveryActionRepliesAsDocumented(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.NewNode()
	params := parameters(t)
	call(t, srv, action, params[action])
	call(t, srv, "CreateAntChainAccount", url.Values{
		"AntChainId": {"1q8B5R9p"}, "Account": {"first"}, "AccountPubKey": {"AB"}, "AccountRecoverPubKey": {"CD"},
	})
	examples, err := filepath.Glob("testdata/replies/*.json")
	require.NoError(t, err)
	pages, err := filepath.Glob("../../shared/api/replies/*.json")
	require.NoError(t, err)
	require.Len(t, examples, len(params))
	for _, file := range append(examples, pages...) {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		example, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasPrefix(name, "Create") {
			params[name].Set("Account", file)
		}
		got := skeleton(t, call(t, srv, name, params[name]).body)
		if strings.HasSuffix(name, "V2") {
			// The pages' tables have both, their examples neither.
			got = slices.DeleteFunc(got, func(line string) bool {
				return line == ".Message string" || line == ".ResultMessage string"
			})
		}
		require.Equal(t, skeleton(t, example), got, file)
	}
}

func TestEveryActionInEveryShape(t *testing.T) {
	t.Parallel()
	for shape, outer := range map[baastest.ReplyShape][]string{
		baastest.Documented: {"successResponse", "requestId", "data", "code"},
		baastest.Flat:       {"RequestId", "Result"},
		baastest.V2:         {"RequestId", "HttpStatusCode", "Code", "Success", "ResultCode", "Message", "ResultMessage", "Result"},
	} {
		srv := newServer(t, baastest.WithReplyShape(shape))
		for name, params := range parameters(t) {
			want := outer
			if strings.HasSuffix(name, "V2") {
				want = []string{"RequestId", "HttpStatusCode", "Code", "Success", "ResultCode", "Message", "ResultMessage", "Result"}
			}
			require.ElementsMatch(t, want, names(members(t, call(t, srv, name, params).body)), name)
		}
	}
}

func TestEveryActionMissesWhatIsRequired(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for name, params := range parameters(t) {
		for missing := range params {
			for _, empty := range [][]string{nil, {""}} {
				incomplete := url.Values{}
				for n, values := range params {
					incomplete[n] = values
				}
				delete(incomplete, missing)
				if empty != nil {
					incomplete[missing] = empty
				}
				a := call(t, srv, name, incomplete)
				require.Equal(t, http.StatusBadRequest, a.status, "%s without %s: %s", name, missing, a.body)
				require.Equal(t, "Missing"+missing, a.refusal(t).Code, name)
			}
		}
	}
	require.Zero(t, srv.Issued())
	require.Zero(t, srv.AccountsCreated())
}

func TestV2TwinsTakeOneRegion(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for name, params := range parameters(t) {
		for region, ok := range map[string]bool{"cn-hangzhou": true, "": true, "cn-shanghai": !strings.HasSuffix(name, "V2")} {
			params.Set("RegionId", region)
			if params.Has("Account") {
				params.Set("Account", region+name)
			}
			a := call(t, srv, name, params)
			if ok {
				require.Equal(t, http.StatusOK, a.status, "%s: %s", name, a.body)
			} else {
				require.Equal(t, "InvalidParameter", a.refusal(t).Code, name)
			}
		}
	}
}

func TestFaultsStrikeEveryAction(t *testing.T) {
	t.Parallel()
	srv := newServer(t, baastest.WithInMemory())
	for name, params := range parameters(t) {
		srv.Inject(
			baastest.Throttle(), baastest.Refuse(403, "Forbidden.RAM", "no"), baastest.ServerErrorAfter(503),
			baastest.DropBefore(), baastest.DropAfter(), baastest.TruncateAfter(5),
		)
		require.Equal(t, "Throttling.User", call(t, srv, name, params).refusal(t).Code, name)
		require.Equal(t, "Forbidden.RAM", call(t, srv, name, params).refusal(t).Code, name)
		params.Set("Account", name+"1")
		require.Equal(t, 503, call(t, srv, name, params).status, name)
		_, err := post(srv, requestOf(t, srv, name, params))
		require.ErrorIs(t, err, io.EOF, name)
		params.Set("Account", name+"2")
		_, err = post(srv, requestOf(t, srv, name, params))
		require.ErrorIs(t, err, io.EOF, name)
		params.Set("Account", name+"3")
		_, err = post(srv, requestOf(t, srv, name, params))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
	}
	require.Equal(t, 2*3, srv.Issued())
	require.Equal(t, 2*3, srv.AccountsCreated())
}
