package baastest_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

type tlsCertificate = tls.Certificate

type downloadPaths struct{ CaCrtUrl, ClientCrtUrl, SdkUrl, TrustCaUrl string }

func decode[T any](t *testing.T, doc json.RawMessage) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(doc, &v), "%s", doc)
	return v
}

func pathsOf(t *testing.T, srv *baastest.Server, chain string) downloadPaths {
	t.Helper()
	return decode[downloadPaths](t, ask(t, srv, "DescribeAntChainDownloadPaths", url.Values{"AntChainId": {chain}}))
}

type pagination struct{ PageNumber, PageSize, TotalCount int }

type applications struct {
	CertificateApplications []struct {
		Status     json.RawMessage
		Bid        string
		Createtime int64
		Updatetime int64
	}
	Pagination pagination
}

// statuses counts the applications of each status.
func statuses(t *testing.T, srv *baastest.Server) []int {
	t.Helper()
	counts := make([]int, 3)
	for status := range counts {
		params := parameters(t)["DescribeAntChainCertificateApplications"]
		params.Set("Status", strconv.Itoa(status))
		got := decode[applications](t, ask(t, srv, "DescribeAntChainCertificateApplications", params))
		for _, a := range got.CertificateApplications {
			require.JSONEq(t, strconv.Itoa(status), string(a.Status))
		}
		counts[status] = len(got.CertificateApplications)
		require.Equal(t, counts[status], got.Pagination.TotalCount)
	}
	return counts
}

type chains struct {
	AntChains []struct {
		AntChainId, AntChainName, MemberStatus string
		NodeNum                                int
	}
	Pagination pagination
}

func chainsOf(t *testing.T, srv *baastest.Server, consortium string) map[string]string {
	t.Helper()
	got := decode[chains](t, ask(t, srv, "DescribeAntChains", url.Values{
		"ConsortiumId": {consortium}, "PageNumber": {"1"}, "PageSize": {"100"},
	}))
	status := make(map[string]string)
	for _, c := range got.AntChains {
		status[c.AntChainId] = c.MemberStatus
	}
	require.Len(t, status, len(got.AntChains), "a chain is there twice")
	require.Len(t, status, got.Pagination.TotalCount)
	return status
}

func TestACertificatesLife(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	require.Equal(t, map[string]string{"1q8B5R9p": "ChainNotApplied"}, chainsOf(t, srv, "DV80nJXq"))
	require.Equal(t, []int{0, 0, 0}, statuses(t, srv))
	none := pathsOf(t, srv, "1q8B5R9p")
	require.Empty(t, none.ClientCrtUrl)
	require.Equal(t, 200, download(t, srv, none.CaCrtUrl).status)

	first := apply(t, srv)
	srv.Inject(baastest.DropAfter())
	_, err := post(srv, signed(t, srv))
	require.Error(t, err)
	require.Equal(t, 2, srv.Issued())
	require.Equal(t, map[string]string{"1q8B5R9p": "ChainApplied"}, chainsOf(t, srv, "DV80nJXq"))
	require.Equal(t, []int{0, 2, 0}, statuses(t, srv), "the lost one is there")
	latest := decode[applications](t, ask(t, srv, "DescribeAntChainCertificateApplications",
		parameters(t)["DescribeAntChainCertificateApplications"]))
	require.Equal(t, "31002", latest.CertificateApplications[0].Bid, "the latest first")

	newest := download(t, srv, pathsOf(t, srv, "1q8B5R9p").ClientCrtUrl).body
	require.NotEqual(t, download(t, srv, first.DownloadPath.ClientCrtUrl).body, newest)

	require.JSONEq(t, `"success"`, string(ask(t, srv, "ResetAntChainUserCertificate", url.Values{
		"AntChainId": {"1q8B5R9p"}, "Bid": {"31002"}, "Operation": {"1"}, "Username": {"uid-1170000000000001"},
	})))
	require.Equal(t, []int{0, 1, 1}, statuses(t, srv))
	require.Equal(t, download(t, srv, first.DownloadPath.ClientCrtUrl).body,
		download(t, srv, pathsOf(t, srv, "1q8B5R9p").ClientCrtUrl).body, "the one that is left")

	require.JSONEq(t, `"success"`, string(ask(t, srv, "ResetAntChainCertificate", url.Values{"AntChainId": {"1q8B5R9p"}})))
	require.Equal(t, []int{0, 0, 2}, statuses(t, srv))
	require.Equal(t, map[string]string{"1q8B5R9p": "ChainNotApplied"}, chainsOf(t, srv, "DV80nJXq"))
	require.Empty(t, pathsOf(t, srv, "1q8B5R9p").ClientCrtUrl)
	require.Equal(t, 200, download(t, srv, first.DownloadPath.ClientCrtUrl).status, "old links live on")
	require.Equal(t, 2, srv.Issued())
}

func TestResetOfAUser(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	apply(t, srv)
	reset := func(v url.Values) answer {
		v.Set("AntChainId", "1q8B5R9p")
		return call(t, srv, "ResetAntChainUserCertificate", v)
	}
	for name, v := range map[string]url.Values{
		"another user": {"Username": {"uid-1"}}, "another's Bid": {"Username": {"uid-1170000000000001"}, "Bid": {"1"}, "Operation": {"1"}},
		"another user's": {"Username": {"uid-1"}, "Bid": {"31001"}, "Operation": {"1"}},
	} {
		require.Equal(t, 200, reset(v).status, name)
		require.Equal(t, []int{0, 1, 0}, statuses(t, srv), name)
	}
	odd := reset(url.Values{"Username": {"uid-1170000000000001"}, "Bid": {"31001"}, "Operation": {"one"}})
	require.Equal(t, "InvalidParameter", odd.refusal(t).Code)
	require.Equal(t, 200, reset(url.Values{"Username": {"uid-1170000000000001"}}).status, "as the official SDK sends it")
	require.Equal(t, []int{0, 0, 1}, statuses(t, srv))
}

func TestApplicationsOfTheV2TwinHaveNoBidAndAStatusInAString(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	apply(t, srv)
	got := decode[applications](t, ask(t, srv, "DescribeAntChainCertificateApplicationsV2",
		parameters(t)["DescribeAntChainCertificateApplicationsV2"]))
	require.JSONEq(t, `"1"`, string(got.CertificateApplications[0].Status))
	require.Empty(t, got.CertificateApplications[0].Bid)
	require.WithinDuration(t, time.Now(), time.UnixMilli(got.CertificateApplications[0].Createtime), time.Minute)
	params := parameters(t)["DescribeAntChainCertificateApplicationsV2"]
	params.Set("Status", "3")
	require.Equal(t, "InvalidParameter", call(t, srv, "DescribeAntChainCertificateApplicationsV2", params).refusal(t).Code)
}

func TestPages(t *testing.T) {
	t.Parallel()
	var seeds []baastest.Option
	for i := range 5 {
		seeds = append(seeds, baastest.WithConsortium(baastest.Consortium{ID: "c" + strconv.Itoa(i)}))
	}
	srv := newServer(t, seeds...)
	page := func(number, size string) ([]string, pagination) {
		got := decode[struct {
			AntConsortiums []struct{ ConsortiumId string }
			Pagination     pagination
		}](t, ask(t, srv, "DescribeAntChainConsortiums", url.Values{"PageNumber": {number}, "PageSize": {size}}))
		ids := []string{}
		for _, c := range got.AntConsortiums {
			ids = append(ids, c.ConsortiumId)
		}
		return ids, got.Pagination
	}
	for _, tt := range []struct {
		number, size int
		want         []string
	}{
		{1, 2, []string{"c0", "c1"}},
		{2, 2, []string{"c2", "c3"}},
		{3, 2, []string{"c4"}},
		{4, 2, []string{}},
		{1, 5, []string{"c0", "c1", "c2", "c3", "c4"}},
		{1, 2147483647, []string{"c0", "c1", "c2", "c3", "c4"}},
		{2147483647, 2147483647, []string{}},
	} {
		ids, about := page(strconv.Itoa(tt.number), strconv.Itoa(tt.size))
		require.Equal(t, tt.want, ids)
		require.Equal(t, pagination{tt.number, tt.size, 5}, about)
	}
	for _, bad := range []string{"0", "-1", "x", "2147483648", "1.0"} {
		for _, v := range []url.Values{{"PageNumber": {bad}, "PageSize": {"1"}}, {"PageNumber": {"1"}, "PageSize": {bad}}} {
			require.Equal(t, "InvalidParameter", call(t, srv, "DescribeAntChainConsortiumsV2", v).refusal(t).Code)
		}
	}
}

func TestNodesAreTheServersOwn(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	require.JSONEq(t, `[]`, string(ask(t, srv, "DescribeAntChainNodes", url.Values{"AntChainId": {"1q8B5R9p"}})))
	nodes := []*baastest.Node{srv.NewNode(), srv.NewNode()}
	type node struct {
		Endpoints         []struct{ IP, Port string }
		NodeID, PublicKey string
	}
	plain := decode[[]node](t, ask(t, srv, "DescribeAntChainNodes", url.Values{"AntChainId": {"1q8B5R9p"}}))
	texts := decode[[]string](t, ask(t, srv, "DescribeAntChainNodesV2", url.Values{"AntChainId": {"1q8B5R9p"}}))
	info := decode[struct {
		NodeNumber int
		NodeInfos  []struct{ NodeName string }
	}](t, ask(t, srv, "DescribeAntChainInformation", url.Values{"AntChainId": {"1q8B5R9p"}}))
	require.Equal(t, 2, info.NodeNumber)
	for i, n := range nodes {
		ip, port, err := net.SplitHostPort(n.Addr())
		require.NoError(t, err)
		require.Equal(t, ip, plain[i].Endpoints[0].IP)
		require.Equal(t, port, plain[i].Endpoints[0].Port)
		require.Equal(t, ip+" "+port, info.NodeInfos[i].NodeName)
		require.Equal(t, plain[i], decode[node](t, json.RawMessage(texts[i])))
		require.Regexp(t, "^0x[0-9A-F]{64}$", plain[i].NodeID)
		require.Regexp(t, "^0x[0-9A-F]{128}$", plain[i].PublicKey)
	}
	require.NotEqual(t, plain[0].NodeID, plain[1].NodeID)
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	type keys struct {
		Account, AntChainId, AccountPrivateKey, AccountPublicKey, AccountRecoverPrivateKey, AccountRecoverPublicKey string
	}
	create := func(v url.Values) keys {
		v.Set("AntChainId", "1q8B5R9p")
		return decode[keys](t, ask(t, srv, "CreateAntChainAccountWithKeyPairAutoCreation", v))
	}
	one := create(url.Values{"Account": {"one"}, "Password": {password}})
	two := create(url.Values{"Account": {"two"}, "Password": {password}, "RecoverPassword": {"another"}})
	seen := make(map[string]bool)
	for _, tt := range []struct{ private, public, password string }{
		{one.AccountPrivateKey, one.AccountPublicKey, password},
		{one.AccountRecoverPrivateKey, one.AccountRecoverPublicKey, password},
		{two.AccountPrivateKey, two.AccountPublicKey, password},
		{two.AccountRecoverPrivateKey, two.AccountRecoverPublicKey, "another"},
	} {
		key, ok := decryptAnyKey(t, tt.private, tt.password).(*ecdsa.PrivateKey)
		require.True(t, ok)
		point, err := key.PublicKey.ECDH()
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString(point.Bytes()[1:]), tt.public)
		require.Len(t, tt.public, 128)
		seen[tt.public] = true
	}
	require.Len(t, seen, 4)
	require.Equal(t, 2, srv.AccountsCreated())

	again := call(t, srv, "CreateAntChainAccount", url.Values{
		"AntChainId": {"1q8B5R9p"}, "Account": {"one"}, "AccountPubKey": {"AB"}, "AccountRecoverPubKey": {"CD"},
	})
	require.Equal(t, "InvalidParameter", again.refusal(t).Code)
	srv.Inject(baastest.DropAfter())
	_, err := post(srv, requestOf(t, srv, "CreateAntChainAccount", url.Values{
		"AntChainId": {"other"}, "Account": {"one"}, "AccountPubKey": {"AB"}, "AccountRecoverPubKey": {"CD"},
	}))
	require.Error(t, err)
	require.Equal(t, 3, srv.AccountsCreated(), "the lost one as well")

	type accounts struct {
		Accounts []struct{ Account, AccountPublicKey, AccountRecoveryKey, AntChainId string }
	}
	list := func(chain string) accounts {
		return decode[accounts](t, ask(t, srv, "DescribeAntChainAccountsV2", url.Values{
			"AntChainId": {chain}, "PageNumber": {"1"}, "PageSize": {"10"},
		}))
	}
	require.Len(t, list("1q8B5R9p").Accounts, 2)
	require.Equal(t, one.AccountPublicKey, list("1q8B5R9p").Accounts[0].AccountPublicKey)
	require.Equal(t, "CD", list("other").Accounts[0].AccountRecoveryKey)
	require.Contains(t, string(ask(t, srv, "DescribeAntChainAccounts", url.Values{
		"AntChainId": {"none"}, "PageNumber": {"1"}, "PageSize": {"10"},
	})), `"Accounts":[]`)
	require.Zero(t, srv.Issued())
}
