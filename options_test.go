package baas_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// hostOf is where a client with these options sends a call.
func hostOf(t *testing.T, opts ...baas.Option) string {
	t.Helper()
	var sent string
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
		require.Equal(t, r.URL.Host, r.Host)
		return nil, errDial
	}), opts...)
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.ErrorIs(t, err, baas.ErrUnavailable)
	return sent
}

func TestRegions(t *testing.T) {
	t.Parallel()
	require.Equal(t, "https://baas.cn-hangzhou.aliyuncs.com/", hostOf(t), "the default")
	for host, regions := range map[string][]string{
		"baas.aliyuncs.com": {"cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-shanghai", "cn-shenzhen"},
		"baas.ap-southeast-1.aliyuncs.com": {
			"cn-hongkong", "ap-southeast-2", "ap-northeast-1", "ap-south-1", "eu-west-1", "eu-central-1", "us-west-1",
			"us-east-1", "ap-southeast-1",
		},
		"baas.cn-hangzhou.aliyuncs.com":     {"cn-hangzhou"},
		"baas.some-new-2-zone.aliyuncs.com": {"some-new-2-zone"},
	} {
		for _, region := range regions {
			require.Equal(t, "https://"+host+"/", hostOf(t, baas.WithRegion(region)), region)
		}
	}
	for _, region := range []string{
		"", "-", "cn-", "-cn", "cn--x", "CN-hangzhou", "cn.hangzhou", "cn/hangzhou", "evil.example#", "cn hangzhou", "中国", "cn-hangzhou\n",
	} {
		requireOptionFault(t, "WithRegion", baas.WithRegion(region))
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"baas.example.com":          "https://baas.example.com/",
		"baas.example.com:8443":     "https://baas.example.com:8443/",
		"https://baas.example.com":  "https://baas.example.com/",
		"https://baas.example.com/": "https://baas.example.com/",
		"HTTPS://BAAS.example.com":  "https://baas.example.com/",
		"http://localhost:8080":     "http://localhost:8080/",
		"http://127.0.0.1":          "http://127.0.0.1/",
		"http://127.9.9.9:1":        "http://127.9.9.9:1/",
		"http://[::1]:8080":         "http://[::1]:8080/",
		"[::1]":                     "https://[::1]/",
		"10.0.0.1":                  "https://10.0.0.1/",
	} {
		require.Equal(t, want, hostOf(t, baas.WithEndpoint(endpoint)), endpoint)
	}
	for _, endpoint := range []string{
		"", "https://", "https://user:hunter2@h.example", "user@h.example", "https://h.example/path", "h.example/path",
		"https://h.example?q=hunter2", "https://h.example/?", "https://h.example#f", "https://h.example#", "ftp://h.example", "://h",
		"http://h.example", "http://10.0.0.1", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://0.0.0.0",
		"https://h example", "https://h.example:0", "https://h.example:65536", "https://h.example:x", "https://h.example:", "https://-",
		"https://h..example", "https://h\n.example", "https:h.example", "https://h.example\\@evil.example", "https://é.example",
		"https://" + strings.Repeat("a", 64) + ".example", "http://2130706433", "http://[::ffff:10.0.0.1]",
	} {
		if endpoint == "https://-" {
			continue // unusual, but a host name
		}
		err := requireOptionFault(t, "WithEndpoint", baas.WithEndpoint(endpoint))
		require.NotContains(t, err.Error(), "hunter2")
	}
	require.Equal(t, "http://h.example/", hostOf(t, baas.WithEndpoint("http://h.example"), baas.WithInsecureHTTP()))
	require.Equal(t, "http://h.example/", hostOf(t, baas.WithInsecureHTTP(), baas.WithEndpoint("http://h.example")), "in any order")
}

// requireOptionFault asserts that NewClient names the option.
func requireOptionFault(t *testing.T, option string, opts ...baas.Option) error {
	t.Helper()
	client, err := baas.NewClient(opts...)
	require.Nil(t, client)
	require.ErrorIs(t, err, baas.ErrInvalidRequest)
	var v *baas.ValidationError
	require.ErrorAs(t, err, &v)
	require.Empty(t, v.Action)
	require.Len(t, v.Fields, 1)
	require.Equal(t, option, v.Fields[0].Field)
	require.NotEmpty(t, v.Fields[0].Reason)
	require.True(t, strings.HasPrefix(err.Error(), "baas: "), err.Error())
	return err
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	var none *credentials.BearerTokenCredential
	for _, c := range []struct {
		option string
		opt    baas.Option
	}{
		{"WithAccessKey", baas.WithAccessKey("", "s")},
		{"WithAccessKey", baas.WithAccessKey("id", "")},
		{"WithCredential", baas.WithCredential(nil)},
		{"WithCredential", baas.WithCredential(none)},
		{"WithHTTPClient", baas.WithHTTPClient(nil)},
		{"WithLogger", baas.WithLogger(nil)},
		{"WithLogger", baas.WithLogger(&slog.Logger{})},
		{"WithDecompressors", baas.WithDecompressors(nil)},
		{"WithHTTPClient", baas.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)})},
		{"WithAttemptTimeout", baas.WithAttemptTimeout(0)},
		{"WithAttemptTimeout", baas.WithAttemptTimeout(-1)},
		{"WithRetryPolicy", baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: -1})},
		{"WithRetryPolicy", baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: -1})},
		{"WithRetryPolicy", baas.WithRetryPolicy(baas.RetryPolicy{MaxDelay: -1})},
		{"WithRetryPolicy", baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: 2, MaxDelay: 1})},
		{"WithUserAgent", baas.WithUserAgent("a\r\nX-Evil: 1")},
		{"WithUserAgent", baas.WithUserAgent("钱包")},
	} {
		requireOptionFault(t, c.option, c.opt)
	}
	t.Run("all at once", func(t *testing.T) {
		_, err := baas.NewClient(baas.WithRegion("!"), baas.WithLogger(nil), baas.WithAttemptTimeout(-time.Second))
		var v *baas.ValidationError
		require.ErrorAs(t, err, &v)
		require.Len(t, v.Fields, 3)
	})
	t.Run("nil options are skipped, the last of a kind wins", func(t *testing.T) {
		require.Equal(t, "https://baas.aliyuncs.com/", hostOf(t, nil, baas.WithRegion("!"), baas.WithRegion("cn-beijing"), nil))
	})
	t.Run("no options", func(t *testing.T) {
		client, err := baas.NewClient()
		require.NoError(t, err)
		client.CloseIdleConnections()
	})
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	for _, client := range []*baas.Client{server.Client(), server.Client(baas.WithUserAgent("wallet/1.2"))} {
		_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
		require.NoError(t, err)
	}
	own, both := server.Requests()[0].Header.Get("User-Agent"), server.Requests()[1].Header.Get("User-Agent")
	require.Contains(t, own, "antchain-baas-go/")
	require.Equal(t, "wallet/1.2 "+own, both)
}

// TestHTTPClientIsLeftAlone: it is neither modified nor looked at again, and of
// it only the transport is used.
func TestHTTPClientIsLeftAlone(t *testing.T) {
	t.Parallel()
	server := baastest.NewServer()
	defer server.Close()
	hc := &http.Client{Transport: server.HTTPClient().Transport, Timeout: time.Nanosecond}
	client := server.Client(baas.WithHTTPClient(hc))
	before := *hc
	hc.Transport = roundTripper(unread)
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err, "neither its later transport nor its timeout counts")
	require.Nil(t, hc.CheckRedirect)
	require.Equal(t, before.Timeout, hc.Timeout)
	server.HTTPClient().CloseIdleConnections()
}
