package bench

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	official "github.com/aliyun/alibaba-cloud-sdk-go/services/baas"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

const (
	chainID      = "1q8B5R9p"
	consortiumID = "DV80nJXq"
	account      = "wallet-密码"
)

// A witness calls actions by the official SDK, and by this client to compare.
type witness struct {
	server *baastest.Server
	sdk    *official.Client
	client *baas.Client
	node   *baastest.Node
}

// officialActions are those of this module's list that the official SDK has, in
// the order of a certificate's life: it knows no V2 twin.
var officialActions = []struct {
	name string
	call func(*witness, *testing.T)
}{
	{"DescribeAntChainConsortiums", (*witness).consortiums},
	{"DescribeAntChains", (*witness).chains},
	{"DescribeAntChainMembers", (*witness).members},
	{"ApplyAntChainCertificateWithKeyAutoCreation", (*witness).applyWithKey},
	{"DescribeAntChainCertificateApplications", (*witness).applications},
	{"DescribeAntChainDownloadPaths", (*witness).downloadPaths},
	{"ApplyAntChainCertificate", (*witness).applyWithCSR},
	{"DescribeAntChainNodes", (*witness).nodes},
	{"CreateAntChainAccount", (*witness).createAccount},
	{"CreateAntChainAccountWithKeyPairAutoCreation", (*witness).createAccountWithKeys},
	{"DescribeAntChainAccounts", (*witness).accounts},
	{"DescribeAntChainInformation", (*witness).information},
	{"ResetAntChainUserCertificate", (*witness).resetUser},
	{"ResetAntChainCertificate", (*witness).reset},
}

// TestOfficialSDKCallsEveryAction of the list that it has, and gets what it
// expects: the official SDK is the witness of parameters, signature and reply.
func TestOfficialSDKCallsEveryAction(t *testing.T) {
	server := baastest.NewServer(baastest.WithReplyShape(baastest.Flat), baastest.WithConsortium(baastest.Consortium{
		ID: consortiumID, Name: "钱包", Description: "for a test", Chains: []baastest.Chain{{ID: chainID, Name: "Production"}},
		Members: []baastest.Member{{ID: "1170000000000001", Role: "SuperAdmin"}, {ID: "42", Name: "other", Status: "AllianceNotJoined"}},
	}))
	defer server.Close()
	w := &witness{server: server, sdk: officialClient(t, server, ""), client: server.Client(), node: server.NewNode()}
	for i, action := range officialActions {
		done := t.Run(action.name, func(t *testing.T) {
			before := len(server.Requests())
			action.call(w, t)
			seen := server.Requests()[before]
			require.Equal(t, action.name, seen.Params.Get("Action"))
			require.Contains(t, seen.Header.Get("User-Agent"), "AlibabaCloud", "the official SDK asks first")
			require.Equal(t, 200, seen.Status)
		})
		require.True(t, done, "action %d", i)
	}
	require.Equal(t, 2, server.Issued())
	require.Equal(t, 2, server.AccountsCreated())
}

// to sends a request of the official SDK to the server.
func to[R requests.AcsRequest](w *witness, req R) R {
	req.SetDomain(strings.TrimPrefix(w.server.URL(), "http://"))
	return req
}

func (w *witness) consortiums(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainConsortiumsRequest())
	req.PageNumber, req.PageSize = requests.NewInteger(1), requests.NewInteger(10)
	resp, err := w.sdk.DescribeAntChainConsortiums(req)
	require.NoError(t, err)
	require.Equal(t, official.Pagination{PageNumber: 1, PageSize: 10, TotalCount: 1}, resp.Result.Pagination)
	ours, err := w.client.DescribeAntChainConsortiums(t.Context(), &baas.DescribeAntChainConsortiumsRequest{PageNumber: 1, PageSize: 10})
	require.NoError(t, err)
	c := ours.Result.AntConsortiums[0]
	require.Equal(t, []official.AntConsortiumsItem{{
		ConsortiumId: consortiumID, ConsortiumName: "钱包", ConsortiumDescription: "for a test", ChainNum: 1, MemberNum: 2,
		Role: string(c.Role), Status: string(c.Status), CreateTime: c.CreateTime.UnixMilli(),
	}}, resp.Result.AntConsortiums)
	require.WithinDuration(t, time.Now(), c.CreateTime, time.Hour)
}

func (w *witness) chains(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainsRequest())
	req.ConsortiumId, req.PageNumber, req.PageSize = consortiumID, requests.NewInteger(1), requests.NewInteger(10)
	resp, err := w.sdk.DescribeAntChains(req)
	require.NoError(t, err)
	ours, err := w.client.DescribeAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: consortiumID, PageNumber: 1, PageSize: 10})
	require.NoError(t, err)
	c := ours.Result.AntChains[0]
	require.Equal(t, []official.AntChainsItem{{
		AntChainId: chainID, AntChainName: "Production", NodeNum: 1, IsAdmin: true, ChainType: c.ChainType, CipherSuit: c.CipherSuit,
		TlsAlgo: c.TLSAlgo, MerkleTreeSuit: c.MerkleTreeSuit, Network: string(c.Network), ResourceSize: c.ResourceSize,
		RegionId: c.RegionID, MemberStatus: string(c.MemberStatus), CreateTime: c.CreateTime.UnixMilli(), ExpireTime: c.ExpireTime.UnixMilli(),
	}}, resp.Result.AntChains)
	require.Equal(t, "rsa", c.TLSAlgo)
}

func (w *witness) members(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainMembersRequest())
	req.ConsortiumId, req.PageNumber, req.PageSize = consortiumID, requests.NewInteger(2), requests.NewInteger(1)
	resp, err := w.sdk.DescribeAntChainMembers(req)
	require.NoError(t, err)
	require.Len(t, resp.Result.Members, 1)
	require.NotZero(t, resp.Result.Members[0].JoinTime)
	resp.Result.Members[0].JoinTime = 0
	require.Equal(t, official.MembersItem{MemberId: "42", MemberName: "other", Role: "Member", Status: "AllianceNotJoined"}, resp.Result.Members[0])
	require.Equal(t, official.Pagination{PageNumber: 2, PageSize: 1, TotalCount: 2}, resp.Result.Pagination)
}

func (w *witness) applyWithKey(t *testing.T) {
	resp, err := w.sdk.ApplyAntChainCertificateWithKeyAutoCreation(to(w, officialRequest(w.server)))
	require.NoError(t, err)
	require.Contains(t, resp.Result.PrivateKey, "ENCRYPTED PRIVATE KEY")
	for _, link := range []string{
		resp.Result.DownloadPath.CaCrtUrl, resp.Result.DownloadPath.ClientCrtUrl, resp.Result.DownloadPath.TrustCaUrl,
	} {
		require.Contains(t, link, w.server.URL())
	}
}

// applications: the Status is a number in the reply and a string in the SDK.
func (w *witness) applications(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainCertificateApplicationsRequest())
	req.AntChainId, req.Status, req.PageNumber, req.PageSize = chainID, "1", requests.NewInteger(1), requests.NewInteger(10)
	resp, err := w.sdk.DescribeAntChainCertificateApplications(req)
	require.NoError(t, err)
	ours, err := w.client.DescribeAntChainCertificateApplications(t.Context(), &baas.DescribeAntChainCertificateApplicationsRequest{
		AntChainID: chainID, Status: baas.CertificateValid, PageNumber: 1, PageSize: 10,
	})
	require.NoError(t, err)
	a := ours.Result.CertificateApplications[0]
	require.Equal(t, []official.CertificateApplicationsItem{{
		AntChainId: chainID, Status: "1", Bid: a.Bid, Username: a.Username,
		Createtime: a.CreateTime.UnixMilli(), Updatetime: a.UpdateTime.UnixMilli(),
	}}, resp.Result.CertificateApplications)
	require.NotEmpty(t, a.Bid)
	require.Equal(t, 1, resp.Result.Pagination.TotalCount)
}

// downloadPaths: the links lead somewhere.
func (w *witness) downloadPaths(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainDownloadPathsRequest())
	req.AntChainId = chainID
	resp, err := w.sdk.DescribeAntChainDownloadPaths(req)
	require.NoError(t, err)
	for _, link := range []string{
		resp.Result.CaCrtUrl, resp.Result.ClientCrtUrl, resp.Result.TrustCaUrl, resp.Result.SdkUrl,
	} {
		file, err := http.Get(link)
		require.NoError(t, err)
		require.NoError(t, file.Body.Close())
		require.Equal(t, 200, file.StatusCode, "%s", link)
	}
}

func (w *witness) applyWithCSR(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "csr.example.com"}}, key)
	require.NoError(t, err)
	csr := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
	req := to(w, official.CreateApplyAntChainCertificateRequest())
	req.AntChainId, req.UploadReq = chainID, base64.StdEncoding.EncodeToString(csr)
	resp, err := w.sdk.ApplyAntChainCertificate(req)
	require.NoError(t, err)
	require.Equal(t, "success", resp.Result)
}

func (w *witness) nodes(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainNodesRequest())
	req.AntChainId = chainID
	resp, err := w.sdk.DescribeAntChainNodes(req)
	require.NoError(t, err)
	require.Len(t, resp.Result, 1)
	node := resp.Result[0]
	ours, err := w.client.DescribeAntChainNodes(t.Context(), &baas.DescribeAntChainNodesRequest{AntChainID: chainID})
	require.NoError(t, err)
	require.Equal(t, ours.Result[0].NodeID, node["nodeId"])
	require.Equal(t, ours.Result[0].PublicKey, node["publicKey"])
	require.Equal(t, string(ours.Result[0].NodeState), fmt.Sprint(node["nodeState"]))
	ip, port, err := net.SplitHostPort(w.node.Addr())
	require.NoError(t, err)
	require.Equal(t, []any{map[string]any{"ip": ip, "port": port}}, node["endpoints"])
}

func (w *witness) createAccount(t *testing.T) {
	req := to(w, official.CreateCreateAntChainAccountRequest())
	req.AntChainId, req.Account, req.AccountPubKey, req.AccountRecoverPubKey = chainID, "own", strings.Repeat("AB", 64), strings.Repeat("CD", 64)
	resp, err := w.sdk.CreateAntChainAccount(req)
	require.NoError(t, err)
	require.Equal(t, "own", resp.Result.Account)
	require.Equal(t, chainID, resp.Result.AntChainId)
}

func (w *witness) createAccountWithKeys(t *testing.T) {
	req := to(w, official.CreateCreateAntChainAccountWithKeyPairAutoCreationRequest())
	req.AntChainId, req.Account, req.Password, req.RecoverPassword = chainID, account, "p+a s*s~", "ü=&%"
	resp, err := w.sdk.CreateAntChainAccountWithKeyPairAutoCreation(req)
	require.NoError(t, err)
	require.Equal(t, account, resp.Result.Account)
	for _, key := range []string{resp.Result.AccountPrivateKey, resp.Result.AccountRecoverPrivateKey} {
		require.Contains(t, key, "-----END ENCRYPTED PRIVATE KEY-----")
	}
	for _, key := range []string{resp.Result.AccountPublicKey, resp.Result.AccountRecoverPublicKey} {
		require.Regexp(t, "^[0-9a-fA-F]{128}$", key)
	}
}

func (w *witness) accounts(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainAccountsRequest())
	req.AntChainId, req.PageNumber, req.PageSize = chainID, requests.NewInteger(1), requests.NewInteger(10)
	resp, err := w.sdk.DescribeAntChainAccounts(req)
	require.NoError(t, err)
	var want []official.AccountsItem
	for a, err := range w.client.AllAntChainAccounts(t.Context(), &baas.DescribeAntChainAccountsRequest{AntChainID: chainID}) {
		require.NoError(t, err)
		want = append(want, official.AccountsItem{
			AntChainId: a.AntChainID, Account: a.Account, AccountStatus: string(a.AccountStatus),
			AccountPublicKey: a.AccountPublicKey, AccountRecoveryKey: a.AccountRecoveryKey,
		})
	}
	require.Equal(t, want, resp.Result.Accounts)
	require.Len(t, want, 2)
	require.Equal(t, "own", want[0].Account)
	require.Equal(t, strings.Repeat("CD", 64), want[0].AccountRecoveryKey)
	require.Equal(t, account, want[1].Account)
}

func (w *witness) information(t *testing.T) {
	req := to(w, official.CreateDescribeAntChainInformationRequest())
	req.AntChainId = chainID
	resp, err := w.sdk.DescribeAntChainInformation(req)
	require.NoError(t, err)
	ours, err := w.client.DescribeAntChainInformation(t.Context(), &baas.DescribeAntChainInformationRequest{AntChainID: chainID})
	require.NoError(t, err)
	i := ours.Result
	require.Equal(t, official.ResultInDescribeAntChainInformation{
		AntChainId: chainID, Normal: true, NodeNumber: 1, AbnormalNodes: 0, Version: i.Version,
		BlockHeight: int(i.BlockHeight), TransactionSum: int(i.TransactionSum), CreateTime: i.CreateTime.UnixMilli(),
		NodeInfos: []official.NodeInfosItem{{
			NodeName: strings.Replace(w.node.Addr(), ":", " ", 1), Status: true, Version: i.NodeInfos[0].Version, BlockHeight: i.NodeInfos[0].BlockHeight,
		}},
	}, resp.Result)
	require.NotEmpty(t, i.Version)
}

// statuses counts the applications that are in force and that were reset.
func (w *witness) statuses(t *testing.T) string {
	var counts []string
	for _, status := range []baas.CertificateStatus{baas.CertificateValid, baas.CertificateFailed} {
		resp, err := w.client.DescribeAntChainCertificateApplications(t.Context(), &baas.DescribeAntChainCertificateApplicationsRequest{
			AntChainID: chainID, Status: status, PageNumber: 1, PageSize: 10,
		})
		require.NoError(t, err)
		counts = append(counts, strconv.Itoa(resp.Result.Pagination.TotalCount))
	}
	return strings.Join(counts, " ")
}

func (w *witness) resetUser(t *testing.T) {
	req := to(w, official.CreateResetAntChainUserCertificateRequest())
	req.AntChainId, req.Username = chainID, "uid-42"
	resp, err := w.sdk.ResetAntChainUserCertificate(req)
	require.NoError(t, err)
	require.Equal(t, "success", resp.Result)
	require.Equal(t, "2 0", w.statuses(t), "that of another member is not the caller's")
}

func (w *witness) reset(t *testing.T) {
	req := to(w, official.CreateResetAntChainCertificateRequest())
	req.AntChainId = chainID
	resp, err := w.sdk.ResetAntChainCertificate(req)
	require.NoError(t, err)
	require.Equal(t, "success", resp.Result)
	require.Equal(t, "0 2", w.statuses(t))
}
