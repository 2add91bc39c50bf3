package baas_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// serveSTS answers as STS does, as an instance's metadata service does, and as
// a credentials URI does.
func serveSTS(w http.ResponseWriter, r *http.Request) {
	member := fmt.Sprintf(`"AccessKeyId":"STS.id","AccessKeySecret":%q,"SecurityToken":%q,"Expiration":%q`,
		accessKeySecret, securityToken, time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z"))
	switch {
	case r.Method == http.MethodPut:
		_, _ = io.WriteString(w, "metadata-token")
	case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
		_, _ = io.WriteString(w, "role")
	case strings.HasPrefix(r.URL.Query().Get("Action"), "AssumeRole"):
		_, _ = io.WriteString(w, `{"Credentials":{`+member+`}}`)
	default:
		_, _ = io.WriteString(w, `{"Code":"Success",`+member+`}`)
	}
}

// TestRoles: every provider of credentials-go that gets session credentials
// from somewhere. Not parallel: credentials-go goes through
// http.DefaultTransport, which is everybody's.
func TestRoles(t *testing.T) {
	sts := httptest.NewTLSServer(http.HandlerFunc(serveSTS))
	defer sts.Close()
	plain := httptest.NewServer(http.HandlerFunc(serveSTS))
	defer plain.Close()
	proxy, err := url.Parse(plain.URL)
	require.NoError(t, err)
	usual := http.DefaultTransport
	defer func() { http.DefaultTransport = usual }()
	http.DefaultTransport = &http.Transport{
		TLSClientConfig:   sts.Client().Transport.(*http.Transport).TLSClientConfig,
		DisableKeepAlives: true,
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Hostname() == "127.0.0.1" {
				return nil, nil
			}
			return proxy, nil // the metadata service has an address of its own
		},
	}
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("oidc"), 0o600))

	stsHost := sts.Listener.Addr().String()
	for kind, config := range map[string]*credentials.Config{
		"ram_role_arn": new(credentials.Config).SetAccessKeyId("id").SetAccessKeySecret("secret").
			SetRoleArn("acs:ram::1:role/r").SetRoleSessionName("s").SetSTSEndpoint(stsHost),
		"oidc_role_arn": new(credentials.Config).SetOIDCTokenFilePath(token).SetOIDCProviderArn("acs:ram::1:oidc-provider/p").
			SetRoleArn("acs:ram::1:role/r").SetSTSEndpoint(stsHost),
		"ecs_ram_role":    new(credentials.Config),
		"credentials_uri": new(credentials.Config).SetURLCredential(plain.URL + "/credentials"),
	} {
		t.Run(kind, func(t *testing.T) {
			accepted, err := credentials.NewCredential(new(credentials.Config).SetType("sts").
				SetAccessKeyId("STS.id").SetAccessKeySecret(accessKeySecret).SetSecurityToken(securityToken))
			require.NoError(t, err)
			server := baastest.NewServer(baastest.WithCredential(accepted))
			defer server.Close()
			cred, err := credentials.NewCredential(config.SetType(kind))
			require.NoError(t, err)
			client := server.Client(baas.WithCredential(cred))
			for range 2 {
				_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				require.NoError(t, err)
			}
			require.Equal(t, securityToken, server.Requests()[0].Params.Get("SecurityToken"))
		})
	}
	t.Run("a refusal of STS is quoted by credentials-go only", func(t *testing.T) {
		refusing := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.URL.String()+" "+accessKeySecret, http.StatusForbidden)
		}))
		defer refusing.Close()
		http.DefaultTransport.(*http.Transport).TLSClientConfig = refusing.Client().Transport.(*http.Transport).TLSClientConfig
		cred, err := credentials.NewCredential(new(credentials.Config).SetType("ram_role_arn").SetAccessKeyId("id").
			SetAccessKeySecret(accessKeySecret).SetRoleArn("acs:ram::1:role/r").SetRoleSessionName("s").
			SetSTSEndpoint(refusing.Listener.Addr().String()))
		require.NoError(t, err)
		_, err = newClient(t, roundTripper(unread), baas.WithCredential(cred)).
			ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		var ce *baas.CredentialsError
		require.ErrorAs(t, err, &ce)
		require.Contains(t, ce.Err.Error(), accessKeySecret)
		for _, text := range everyText(err) {
			requireNoSecret(t, text)
		}
	})
}
