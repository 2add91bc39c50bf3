package baas_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// A life is a user who begins with nothing but an access key.
type life struct {
	server *baastest.Server
	client *baas.Client
	chain  baas.AntChain
	signer baas.Option
	later  *atomic.Int64 // how far the server's clock and the client's have gone
}

const linkLifetime = 20 * time.Minute

// TestWholeLife: list, pick, enroll, lose the reply, find out, recover, save, let
// links expire, refresh, connect to a node that was found; the way of the CSR;
// an account.
func TestWholeLife(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, version)
			l.pick(t)
			l.requireApplications(t, 0)
			l.loseForGood(t)
			result := l.recover(t)
			dir := t.TempDir()
			l.saveWithExpiredLinks(t, dir, result)
			bundle := l.refresh(t, dir)
			l.connect(t, bundle, password, "wallet.example.com")
			require.Equal(t, 2, l.server.Issued(), "one that was reset, and this one")
			l.enrollByCSR(t)
			l.account(t)
			l.loseAccount(t)
		})
	}
}

func newLife(t *testing.T, version baas.SignatureVersion) *life {
	l := &life{later: new(atomic.Int64), signer: baas.WithSignatureVersion(version)}
	var consortiums []baastest.Option
	for _, id := range []string{"empty001", "DV80nJXq"} {
		c := baastest.Consortium{ID: id, Chains: []baastest.Chain{}}
		if id == "DV80nJXq" {
			c.Name = "Wallets"
			c.Chains = []baastest.Chain{{ID: "test0001", Name: "Test"}, {ID: "1q8B5R9p", Name: "Production"}}
		}
		consortiums = append(consortiums, baastest.WithConsortium(c))
	}
	l.server = baastest.NewServer(append(consortiums, baastest.WithLinkLifetime(linkLifetime), baastest.WithClock(func() time.Time {
		return time.Now().Add(time.Duration(l.later.Load()))
	}))...)
	t.Cleanup(l.server.Close)
	l.server.NewNode()
	l.client = l.newClient()
	return l
}

// newClient is that of another process on the same machine.
func (l *life) newClient(opts ...baas.Option) *baas.Client {
	client := l.server.Client(append(opts, l.signer)...)
	start := time.Now()
	baas.WithClock(func() (time.Time, time.Duration) {
		later := time.Duration(l.later.Load())
		return time.Now().Add(later), time.Since(start) + later
	})(client)
	return client
}

func (l *life) pass(d time.Duration) { l.later.Add(int64(d)) }

// pick finds consortium and chain by their names.
func (l *life) pick(t *testing.T) {
	for consortium, err := range l.client.AllAntChainConsortiums(t.Context(), &baas.DescribeAntChainConsortiumsRequest{PageSize: 1}) {
		require.NoError(t, err)
		if consortium.ConsortiumName != "Wallets" {
			require.Zero(t, consortium.ChainNum)
			continue
		}
		chains := l.client.AllAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: consortium.ConsortiumID, PageSize: 1})
		for chain, err := range chains {
			require.NoError(t, err)
			if chain.AntChainName == "Production" {
				l.chain = chain
			}
		}
	}
	require.Equal(t, "1q8B5R9p", l.chain.AntChainID)
	require.Equal(t, 1, l.chain.NodeNum)
}

// requireApplications asserts what can be found out: how many applications are in
// force, and whether there is one at all.
func (l *life) requireApplications(t *testing.T, want int) {
	t.Helper()
	got := 0
	for a, err := range l.client.AllAntChainCertificateApplications(t.Context(), &baas.DescribeAntChainCertificateApplicationsRequest{
		AntChainID: l.chain.AntChainID, Status: baas.CertificateValid, PageSize: 1,
	}) {
		require.NoError(t, err)
		require.Equal(t, l.chain.AntChainID, a.AntChainID)
		got++
	}
	require.Equal(t, want, got, "applications in force")
	l.pick(t)
	require.Equal(t, want > 0, l.chain.MemberStatus == baas.ChainApplied, "%s", l.chain.MemberStatus)
}

func (l *life) paths(t *testing.T) baas.DownloadPath {
	t.Helper()
	paths, err := l.client.DescribeAntChainDownloadPaths(t.Context(), &baas.DescribeAntChainDownloadPathsRequest{AntChainID: l.chain.AntChainID})
	require.NoError(t, err)
	return paths.Result
}

// enroll applies for a certificate of the chain that was picked.
func (l *life) enroll(t *testing.T, client *baas.Client, opt baas.CallOption) (baas.CertificateResult, error) {
	req := newRequest()
	req.AntChainID = l.chain.AntChainID
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), req, opt)
	if err != nil {
		return baas.CertificateResult{}, err
	}
	return resp.Result, nil
}

// lose enrolls, loses the reply to a fault and crashes: what is left is the
// stamp.
func (l *life) lose(t *testing.T, fault baastest.Fault) baas.Stamp {
	t.Helper()
	journal := &stamps{}
	client := l.newClient(baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
	_, err := l.enroll(t, client, baas.WithJournal(func(ctx context.Context, s baas.Stamp) error {
		l.server.Inject(fault)
		return journal.record(ctx, s)
	}))
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Len(t, journal.all, 1)
	return journal.all[0]
}

// loseForGood: the certificate was issued, and its key is gone. What can be found
// out says so, and a reset makes room for another.
func (l *life) loseForGood(t *testing.T) {
	stamp := l.lose(t, baastest.DropAfter())
	l.requireApplications(t, 1)
	l.pass(4 * time.Minute)
	_, err := l.enroll(t, l.newClient(), baas.WithResume(stamp))
	requireUnknown(t, err, baas.ReasonNonceUsed, stamp)
	require.Equal(t, 1, l.server.Issued())
	_, err = l.client.ResetAntChainCertificate(t.Context(), &baas.ResetAntChainCertificateRequest{AntChainID: l.chain.AntChainID})
	require.NoError(t, err)
	l.requireApplications(t, 0)
}

// recover: nothing was issued, so the call resumed within five minutes ends in
// the key.
func (l *life) recover(t *testing.T) baas.CertificateResult {
	stamp := l.lose(t, baastest.DropBefore())
	l.requireApplications(t, 0)
	l.pass(4 * time.Minute)
	result, err := l.enroll(t, l.newClient(), baas.WithResume(stamp))
	require.NoError(t, err)
	l.requireApplications(t, 1)
	return result
}

// saveWithExpiredLinks stores the key all the same.
func (l *life) saveWithExpiredLinks(t *testing.T, dir string, result baas.CertificateResult) {
	l.pass(linkLifetime + time.Minute)
	_, err := certbundle.Save(t.Context(), dir, result)
	require.ErrorIs(t, err, certbundle.ErrDownload)
	require.ErrorContains(t, err, "expired")
	stored, err := os.ReadFile(filepath.Join(dir, certbundle.ClientKeyFile))
	require.NoError(t, err)
	require.Equal(t, result.PrivateKey, string(stored))
	require.NoFileExists(t, filepath.Join(dir, certbundle.ClientCertFile))
}

// refresh completes the folder by fresh links.
func (l *life) refresh(t *testing.T, dir string) *certbundle.Bundle {
	bundle, err := certbundle.Save(t.Context(), dir, baas.CertificateResult{DownloadPath: l.paths(t)})
	require.NoError(t, err)
	loaded, err := certbundle.Load(dir)
	require.NoError(t, err)
	require.Equal(t, bundle, loaded)
	return loaded
}

// connect talks to each node that can be found.
func (l *life) connect(t *testing.T, bundle *certbundle.Bundle, password, commonName string) {
	report, err := bundle.Verify(password)
	require.NoError(t, err)
	require.Contains(t, report.Subject, "CN="+commonName)
	config, err := bundle.TLSConfig(password)
	require.NoError(t, err)
	nodes, err := l.client.DescribeAntChainNodes(t.Context(), &baas.DescribeAntChainNodesRequest{AntChainID: l.chain.AntChainID})
	require.NoError(t, err)
	require.Len(t, nodes.Result, l.chain.NodeNum)
	for _, node := range nodes.Result {
		endpoint := node.Endpoints[0]
		conn, err := tls.Dial("tcp", net.JoinHostPort(endpoint.IP, endpoint.Port), config)
		require.NoError(t, err)
		greeting, err := bufio.NewReader(conn).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "hello "+commonName+"\n", greeting)
		require.NoError(t, conn.Close())
	}
}

// enrollByCSR keeps the key here: it becomes the same kind of bundle.
func (l *life) enrollByCSR(t *testing.T) {
	const own = "a password of this machine"
	dir := t.TempDir()
	key, csr, err := certbundle.NewCSR(pkix.Name{CommonName: "csr.example.com", Organization: []string{"Example & Co"}}, own)
	require.NoError(t, err)
	require.NoError(t, (&certbundle.Bundle{PrivateKey: key}).WriteDir(dir))
	resp, err := l.client.ApplyAntChainCertificate(t.Context(), &baas.ApplyAntChainCertificateRequest{
		AntChainID: l.chain.AntChainID, UploadReq: base64.StdEncoding.EncodeToString(csr),
	})
	require.NoError(t, err)
	require.Equal(t, "success", resp.Result)
	l.requireApplications(t, 2)
	bundle := l.refresh(t, dir)
	require.Equal(t, key, bundle.PrivateKey)
	l.connect(t, bundle, own, "csr.example.com")
	for _, r := range l.server.Requests() {
		for name, values := range r.Params {
			plain, _ := base64.StdEncoding.DecodeString(values[0])
			require.NotContains(t, values[0]+string(plain), "PRIVATE KEY", name)
			require.NotContains(t, values[0]+string(plain), own, name)
		}
	}
}

// account is made with keys that are handed over once.
func (l *life) account(t *testing.T) {
	made, err := l.client.CreateAntChainAccountWithKeyPairAutoCreation(t.Context(), &baas.CreateAntChainAccountWithKeyPairAutoCreationRequest{
		AntChainID: l.chain.AntChainID, Account: "wallet", Password: password, RecoverPassword: password + "2",
	})
	require.NoError(t, err)
	keys := made.Result
	require.Equal(t, "wallet", keys.Account)
	for _, key := range []string{keys.AccountPrivateKey, keys.AccountRecoverPrivateKey} {
		require.Contains(t, key, "-----END ENCRYPTED PRIVATE KEY-----")
	}
	require.NotEqual(t, keys.AccountPrivateKey, keys.AccountRecoverPrivateKey)
	require.Equal(t, []baas.Account{{
		Account: "wallet", AntChainID: l.chain.AntChainID, AccountStatus: baas.AccountNormal,
		AccountPublicKey: keys.AccountPublicKey, AccountRecoveryKey: keys.AccountRecoverPublicKey,
	}}, l.accounts(t))
}

// loseAccount: its reply is lost, at most one is made, and the list says that it
// is there.
func (l *life) loseAccount(t *testing.T) {
	l.server.Inject(baastest.DropAfter())
	_, err := l.client.CreateAntChainAccountWithKeyPairAutoCreation(t.Context(), &baas.CreateAntChainAccountWithKeyPairAutoCreationRequest{
		AntChainID: l.chain.AntChainID, Account: "lost", Password: password,
	})
	var unknown *baas.OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, 2, l.server.AccountsCreated())
	accounts := l.accounts(t)
	require.Len(t, accounts, 2)
	require.Equal(t, "lost", accounts[1].Account)
	require.NotEmpty(t, accounts[1].AccountPublicKey)
}

func (l *life) accounts(t *testing.T) []baas.Account {
	t.Helper()
	var list []baas.Account
	for a, err := range l.client.AllAntChainAccounts(t.Context(), &baas.DescribeAntChainAccountsRequest{
		AntChainID: l.chain.AntChainID, PageSize: 1,
	}) {
		require.NoError(t, err)
		list = append(list, a)
	}
	return list
}
