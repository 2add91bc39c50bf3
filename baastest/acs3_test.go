package baastest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func publishedRequest(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/", http.NoBody)
	require.NoError(t, err)
	for name, value := range map[string]string{
		"x-acs-action": "RunInstances", "x-acs-version": "2014-05-26", "x-acs-date": "2023-10-26T10:22:32Z",
		"x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
		"x-acs-content-sha256":  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	} {
		r.Header.Set(name, value)
	}
	return r
}

func TestVersion3MatchesThePublishedVector(t *testing.T) {
	t.Parallel()
	query := url.Values{
		"ImageId": {"win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}, "RegionId": {"cn-shanghai"},
	}
	signed := "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
	canonical := canonicalRequest(publishedRequest(t), query, strings.Split(signed, ";"), nil)
	require.Equal(t, "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259", hexSHA256([]byte(canonical)))
	require.Equal(t, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
		signature3(stringToSign3(canonical), "YourAccessKeySecret"))
}

func TestCanonicalRequest(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:80/", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("X-Acs-A", "  spaced ")
	got := canonicalRequest(r, url.Values{"b c": {"*~"}, "B": {""}}, []string{"host", "x-acs-a", "x-acs-none"}, []byte("x"))
	require.Equal(t, "GET\n/\nB=&b%20c=%2A~\nhost:127.0.0.1:80\nx-acs-a:spaced\nx-acs-none:\n\nhost;x-acs-a;x-acs-none\n"+
		"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", got)
}

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	method, id, signed, signature := parseAuthorization("ACS3-HMAC-SHA256 Credential=LTAI,SignedHeaders=a;b,Signature=ff")
	require.Equal(t, []any{"ACS3-HMAC-SHA256", "LTAI", []string{"a", "b"}, "ff"}, []any{method, id, signed, signature})
	_, id, signed, signature = parseAuthorization("ACS3-HMAC-SHA256 Signature = x, SignedHeaders=a , Credential=b=c")
	require.Equal(t, []any{"b=c", []string{"a"}, ""}, []any{id, signed, signature}, "spaces around commas alone")
	for _, odd := range []string{"", "ACS3-HMAC-SHA256", "x y,=,", ",,,"} {
		_, id, signed, signature = parseAuthorization(odd)
		require.Empty(t, id+signature+strings.Join(signed, ""), odd)
	}
}
