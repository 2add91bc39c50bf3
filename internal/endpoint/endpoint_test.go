package endpoint

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOfRegion(t *testing.T) {
	t.Parallel()
	for region, host := range map[string]string{
		"cn-hangzhou":    "baas.cn-hangzhou.aliyuncs.com",
		"ap-southeast-1": "baas.ap-southeast-1.aliyuncs.com",
		"cn-shanghai":    "baas.aliyuncs.com",
		"cn-beijing":     "baas.aliyuncs.com",
		"us-east-1":      "baas.ap-southeast-1.aliyuncs.com",
		"cn-hongkong":    "baas.ap-southeast-1.aliyuncs.com",
	} {
		require.Equal(t, Endpoint{"https", host}, OfRegion(region), region)
	}
}

func TestIsRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]bool{
		"cn-hangzhou": true, "cn-wulanchabu-1": true, "a": true, "1": true,
		"": false, "-": false, "cn-": false, "-cn": false, "cn--hangzhou": false, "CN-hangzhou": false,
		"cn-hangzhou.example.com": false, "cn/x": false, "cn@x": false, "cn hangzhou": false, "cn-h\u00e4": false,
	} {
		require.Equal(t, want, IsRegion(region), "%q", region)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	label63 := strings.Repeat("x", 63)
	names := strings.Repeat(label63+".", 3)
	for given, tt := range map[string]struct {
		insecure bool
		want     Endpoint
		reason   string
	}{
		"baas.example.com":             {false, Endpoint{"https", "baas.example.com"}, ""},
		"BaaS.Example.com:8443":        {false, Endpoint{"https", "baas.example.com:8443"}, ""},
		"https://baas.example.com/":    {false, Endpoint{"https", "baas.example.com"}, ""},
		"baas.example.com:65535":       {false, Endpoint{"https", "baas.example.com:65535"}, ""},
		"baas.example.com.":            {false, Endpoint{"https", "baas.example.com."}, ""},
		label63 + ".example.com":       {false, Endpoint{"https", label63 + ".example.com"}, ""},
		"a" + label63 + ".example.com": {false, Endpoint{}, "has no valid host name"},
		names + label63[:61]:           {false, Endpoint{"https", names + label63[:61]}, ""},
		names + label63[:62]:           {false, Endpoint{}, "has no valid host name"},
		"https://192.0.2.1":            {false, Endpoint{"https", "192.0.2.1"}, ""},
		"http://192.0.2.1":             {false, Endpoint{}, "is plain HTTP, which is for loopback hosts only unless WithInsecureHTTP is given"},
		"http://localhost:80":          {false, Endpoint{"http", "localhost:80"}, ""},
		"http://127.1.2.3":             {false, Endpoint{"http", "127.1.2.3"}, ""},
		"http://[::1]:1":               {false, Endpoint{"http", "[::1]:1"}, ""},
		"http://[::ffff:127.0.0.1]":    {false, Endpoint{"http", "[::ffff:127.0.0.1]"}, ""},
		"http://a.example.com":         {true, Endpoint{"http", "a.example.com"}, ""},
		"http://b.example.com":         {false, Endpoint{}, "is plain HTTP, which is for loopback hosts only unless WithInsecureHTTP is given"},
		"http://localhost.example.com": {false, Endpoint{}, "is plain HTTP, which is for loopback hosts only unless WithInsecureHTTP is given"},
		"":                             {false, Endpoint{}, "is empty"},
		"ftp://baas.example.com":       {false, Endpoint{}, "has a scheme other than https"},
		"https://u:p@baas.example.com": {false, Endpoint{}, "has user info"},
		"baas.example.com/v1":          {false, Endpoint{}, "has a path"},
		"baas.example.com?":            {false, Endpoint{}, "has a query"},
		"baas.example.com?a=b":         {false, Endpoint{}, "has a query"},
		"baas.example.com#":            {false, Endpoint{}, "has a fragment"},
		"baas_.example..com":           {false, Endpoint{}, "has no valid host name"},
		"https://":                     {false, Endpoint{}, "has no valid host name"},
		"baas.example.com:":            {false, Endpoint{}, "has no valid port"},
		"baas.example.com:0":           {false, Endpoint{}, "has no valid port"},
		"baas.example.com:65536":       {false, Endpoint{}, "has no valid port"},
		"baas.example.com:\x7f":        {false, Endpoint{}, "is not a host or a URL"},
	} {
		got, reason := Parse(given, tt.insecure)
		require.Equal(t, tt.reason, reason, "%q", given)
		require.Equal(t, tt.want, got, "%q", given)
	}
}
