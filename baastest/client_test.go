package baastest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

func request() *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: "app", CountryName: "CN",
		StateOrProvinceName: "浙江", LocalityName: "Hang zhou", OrganizationName: "A+B*C~D",
		OrganizationUnitName: "Q&A", Password: password,
	}
}

func TestClientGetsACertificate(t *testing.T) {
	t.Parallel()
	sts := new(credentials.Config)
	sts.SetType("sts").SetAccessKeyId("STS.id").SetAccessKeySecret("secret").SetSecurityToken("token/+=")
	bearer := new(credentials.Config)
	bearer.SetType("bearer").SetBearerToken("the token")
	for name, tt := range map[string]struct {
		server []baastest.Option
		client []baas.Option
	}{
		"over TCP":         {},
		"in memory":        {server: []baastest.Option{baastest.WithInMemory()}},
		"flat":             {server: []baastest.Option{baastest.WithReplyShape(baastest.Flat)}},
		"V2":               {server: []baastest.Option{baastest.WithReplyShape(baastest.V2)}},
		"security token":   {server: []baastest.Option{baastest.WithCredential(newCredential(t, sts))}},
		"bearer token":     {server: []baastest.Option{baastest.WithCredential(newCredential(t, bearer))}},
		"all in the query": {client: []baas.Option{baas.WithParamsInQuery()}},
		"region, nil":      {client: []baas.Option{baas.WithRegion("cn-shanghai"), nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, tt.server...)
			resp, err := srv.Client(tt.client...).ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), request())
			require.NoError(t, err)
			require.Regexp(t, upperUUID, resp.RequestID)
			key := decryptKey(t, resp.Result.PrivateKey)
			cert := parseCertificate(t, download(t, srv, resp.Result.DownloadPath.ClientCrtURL).body)
			require.True(t, key.PublicKey.Equal(cert.PublicKey))
			require.Equal(t, 1, srv.Issued())
		})
	}
}

func TestClientAsksForAnything(t *testing.T) {
	t.Parallel()
	for _, shape := range []baastest.ReplyShape{baastest.Documented, baastest.Flat, baastest.V2} {
		srv := newServer(t, baastest.WithReplyShape(shape))
		srv.NewNode()
		for name, params := range parameters(t) {
			var reply struct{ Result json.RawMessage }
			require.NoError(t, srv.Client().Do(t.Context(), baas.Operation{Action: name, Params: params}, &reply), name)
			require.NotEmpty(t, reply.Result, name)
		}
	}
}

func TestClientWithAnotherSecretIsUnauthenticated(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	client := srv.Client(baas.WithAccessKey(keyID(t, srv), "wrong"))
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), request())
	require.ErrorIs(t, err, baas.ErrUnauthenticated)
	require.Zero(t, srv.Issued())
}

func TestClientWhoseReplyIsLostDoesNotApplyTwice(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]baastest.Fault{
		"DropAfter":        baastest.DropAfter(),
		"ServerErrorAfter": baastest.ServerErrorAfter(500),
		"TruncateAfter":    baastest.TruncateAfter(100),
		"HangAfter":        baastest.HangAfter(10 * time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := baastest.NewServer(baastest.WithInMemory())
				defer srv.Close()
				srv.Inject(fault)
				_, err := srv.Client().ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), request())
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				require.Equal(t, 1, srv.Issued())
				require.Equal(t, "SignatureNonceUsed", last(srv).Code)
			})
		})
	}
}

func TestClientPanicsOnABadOption(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	require.Panics(t, func() { srv.Client(baas.WithRegion("not a region")) })
}

func TestClientsTakeTurnsWithTheServerAtACredential(t *testing.T) {
	t.Parallel()
	cred := &counting{}
	srv := newServer(t, baastest.WithCredential(cred))
	done := make(chan error)
	for range 4 {
		go func() {
			client := srv.Client()
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(context.Background(), request())
			done <- err
		}()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	// The server asks for each of the four; the clients may share one flight.
	require.GreaterOrEqual(t, cred.calls, 5)
}

// counting is a credential that the race detector sees used by two at once.
type counting struct {
	credentials.Credential
	calls int
}

func (c *counting) GetCredential() (*credentials.CredentialModel, error) {
	c.calls++
	return new(credentials.CredentialModel).SetAccessKeyId("id").SetAccessKeySecret("secret"), nil
}

func (c *counting) GetType() *string { return ptr("counting") }

func TestOptionsThatAreNilMeanTheDefaults(t *testing.T) {
	t.Parallel()
	srv := newServer(t, nil, baastest.WithClock(nil), baastest.WithCredential(nil))
	a := mustPost(t, srv, signed(t, srv))
	require.Equal(t, http.StatusOK, a.status)
	at, err := http.ParseTime(a.header.Get("Date"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, 10*time.Second)
}
