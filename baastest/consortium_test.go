package baastest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

func seeded(t *testing.T) *baastest.Server {
	t.Helper()
	created := time.UnixMilli(1600000000000)
	return newServer(t,
		baastest.WithConsortium(baastest.Consortium{
			ID: "ports", Name: "Ports", Description: "Bills of lading", Role: "Member", CreateTime: created,
			Chains: []baastest.Chain{{ID: "bills", Name: "Bills", Version: "0.10.2"}, {ID: "tolls"}},
			Members: []baastest.Member{
				{ID: "11", Role: "SuperAdmin", JoinTime: created.Add(time.Second)},
				{ID: "12", Name: "harbor", Status: "AllianceNotJoined"},
			},
		}),
		baastest.WithConsortium(baastest.Consortium{ID: "empty", Chains: []baastest.Chain{}, Members: []baastest.Member{}}),
		baastest.WithConsortium(baastest.Consortium{}),
	)
}

func TestSeededConsortiums(t *testing.T) {
	t.Parallel()
	srv := seeded(t)
	paged := func(v url.Values) url.Values {
		v.Set("PageNumber", "1")
		v.Set("PageSize", "10")
		return v
	}
	type consortium struct {
		ConsortiumId, ConsortiumName, ConsortiumDescription, Role, Status string
		ChainNum, MemberNum                                               int
		CreateTime                                                        int64
		IsEmptyConsortium                                                 bool
	}
	all := decode[struct{ AntConsortiums []consortium }](t,
		ask(t, srv, "DescribeAntChainConsortiumsV2", paged(url.Values{}))).AntConsortiums
	require.Len(t, all, 3)
	require.Equal(t, consortium{
		"ports", "Ports", "Bills of lading", "Member", "Active", 2, 2, 1600000000000, false,
	}, all[0])
	require.True(t, all[1].IsEmptyConsortium)
	require.WithinDuration(t, time.Now(), time.UnixMilli(all[2].CreateTime), time.Minute)
	all[2].CreateTime = 0
	require.Equal(t, consortium{"DV80nJXq", "DV80nJXq", "", "SuperAdmin", "Active", 1, 1, 0, false}, all[2])

	type chain struct {
		AntChainId, AntChainName, Version, MemberStatus string
		CreateTime, ExpireTime                          int64
		IsAdmin                                         bool
	}
	bills := decode[struct{ AntChains []chain }](t,
		ask(t, srv, "DescribeAntChainsV2", paged(url.Values{"ConsortiumId": {"ports"}}))).AntChains
	require.Equal(t, chain{
		"bills", "Bills", "0.10.2", "ChainNotApplied", 1600000000000, time.UnixMilli(1600000000000).UTC().AddDate(10, 0, 0).UnixMilli(), false,
	}, bills[0])
	require.Equal(t, "tolls", bills[1].AntChainName)

	type member struct {
		MemberId, MemberName, Role, Status string
		JoinTime                           int64
	}
	members := decode[struct{ Members []member }](t,
		ask(t, srv, "DescribeAntChainMembers", paged(url.Values{"ConsortiumId": {"ports"}}))).Members
	require.Equal(t, []member{
		{"11", "uid-11", "SuperAdmin", "AllianceJoined", 1600000001000},
		{"12", "harbor", "Member", "AllianceNotJoined", 1600000000000},
	}, members)
}

func TestSeededServerKnowsNothingElse(t *testing.T) {
	t.Parallel()
	srv := seeded(t)
	for name, params := range parameters(t) {
		if params.Has("Account") {
			params.Set("Account", name)
		}
		for id, known := range map[string]bool{"bills": true, "other": false} {
			if !params.Has("AntChainId") {
				continue
			}
			params.Set("AntChainId", id)
			if params.Has("ConsortiumId") {
				params.Set("ConsortiumId", "ports")
			}
			a := call(t, srv, name, params)
			if known {
				require.Equal(t, http.StatusOK, a.status, "%s: %s", name, a.body)
				continue
			}
			require.Equal(t, http.StatusBadRequest, a.status, name)
			require.Equal(t, "InvalidParameter", a.refusal(t).Code, name)
		}
		for _, id := range []string{"other", "DV80nJXq"} { // the latter has not this chain
			if !params.Has("AntChainId") && id != "other" || name == "DescribeAntChainConsortiums" || name == "DescribeAntChainConsortiumsV2" {
				continue
			}
			if params.Has("AntChainId") {
				params.Set("AntChainId", "bills")
			}
			params.Set("ConsortiumId", id)
			require.Equal(t, "InvalidParameter", call(t, srv, name, params).refusal(t).Code, "%s in %s", name, id)
		}
	}
	require.Equal(t, 2, srv.Issued())
}

// Seeds are copied: what the caller changes afterwards is the caller's own.
func TestSeedsAreCopied(t *testing.T) {
	t.Parallel()
	seed := baastest.Consortium{ID: "c", Chains: []baastest.Chain{{ID: "one"}}}
	srv := newServer(t, baastest.WithConsortium(seed))
	seed.Chains[0].ID = "two"
	require.Contains(t, chainsOf(t, srv, "c"), "one")
}

func TestWithoutSeedsWhatWasAppliedForIsListed(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for _, id := range []string{"mine", "mine", "1q8B5R9p"} {
		v := application(t, srv, time.Now())
		v.Set("AntChainId", id)
		v.Set("ConsortiumId", "ours")
		mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv))).result(t)
	}
	require.Equal(t, map[string]string{"mine": "ChainApplied", "1q8B5R9p": "ChainApplied"}, chainsOf(t, srv, "ours"))
	require.Equal(t, map[string]string{"1q8B5R9p": "ChainApplied"}, chainsOf(t, srv, "DV80nJXq"))
	got := string(ask(t, srv, "DescribeAntChainConsortiums", url.Values{"PageNumber": {"1"}, "PageSize": {"10"}}))
	require.Contains(t, got, `"DV80nJXq"`)
	require.Contains(t, got, `"ours"`)
}
