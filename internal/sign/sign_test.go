package sign

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPublishedVectorOfVersion2 is the help center's example.
func TestPublishedVectorOfVersion2(t *testing.T) {
	t.Parallel()
	params := url.Values{
		"Timestamp": {"2016-02-23T12:46:24Z"}, "Format": {"XML"}, "AccessKeyId": {"testid"}, "Action": {"DescribeRegions"},
		"SignatureMethod": {"HMAC-SHA1"}, "SignatureNonce": {"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"}, "Version": {"2014-05-26"},
		"SignatureVersion": {"1.0"},
	}
	require.Equal(t, "OLeaidS1JvxuMvnyHOwuJ+uX5qY=", RPC("GET", params, "testsecret"))
	require.Equal(t, "MxbnVAM4w6sft9xjVpe/GCKueuk=", RPC("POST", params, "testsecret"))
}

// vector3 is the help center's example of version 3.
func vector3() *Input {
	return &Input{
		Action: "RunInstances", Version: "2014-05-26", Host: "ecs.cn-shanghai.aliyuncs.com",
		Nonce: "3156853299f313e23d1673dc12e1703d", Time: time.Date(2023, 10, 26, 18, 22, 32, 0, time.FixedZone("", 8*3600)),
		Credentials: Credentials{AccessKeyID: "YourAccessKeyId", AccessKeySecret: "YourAccessKeySecret"},
		Params: []Pair{
			{"RegionId", "cn-shanghai"}, {"ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
		},
		InQuery: true,
	}
}

func TestPublishedVectorOfVersion3(t *testing.T) {
	t.Parallel()
	out := V3(vector3())
	require.Equal(t, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0", out.Signature)
	require.Equal(t, "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"+
		"SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="+out.Signature,
		out.Header.Get("Authorization"))
	require.Equal(t, "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai", out.Query)
	require.Empty(t, out.Body)
}

func TestVersion3(t *testing.T) {
	t.Parallel()
	t.Run("the input stays as it is", func(t *testing.T) {
		in := vector3()
		V3(in)
		require.Equal(t, vector3(), in)
	})
	t.Run("parameters in the body are signed by their hash, and so is the content type", func(t *testing.T) {
		in := vector3()
		in.InQuery = false
		out := V3(in)
		require.Empty(t, out.Query)
		require.Equal(t, hexSHA256(out.Body), out.Header.Get("x-acs-content-sha256"))
		require.Equal(t, "application/x-www-form-urlencoded", out.Header.Get("Content-Type"))
		require.Contains(t, out.Header.Get("Authorization"), "SignedHeaders=content-type;host;x-acs-action;")
	})
	t.Run("a security token is signed", func(t *testing.T) {
		in := vector3()
		in.Credentials.SecurityToken = "token"
		out := V3(in)
		require.Equal(t, "token", out.Header.Get("x-acs-security-token"))
		require.Contains(t, out.Header.Get("Authorization"), "x-acs-security-token;")
		require.NotEqual(t, V3(vector3()).Signature, out.Signature)
	})
	t.Run("the white space around a value is not signed", func(t *testing.T) {
		in, spaced := vector3(), vector3()
		in.Credentials.SecurityToken, spaced.Credentials.SecurityToken = "to ken", " \tto ken "
		require.Equal(t, V3(in).Signature, V3(spaced).Signature)
		in.Credentials.SecurityToken = "token"
		require.NotEqual(t, V3(in).Signature, V3(spaced).Signature, "that within one is")
	})
	t.Run("a bearer token stands for the signature", func(t *testing.T) {
		in := vector3()
		in.Credentials = Credentials{BearerToken: "token"}
		out := V3(in)
		require.Equal(t, "token", out.Header.Get("x-acs-bearer-token"))
		require.Equal(t, "BEARERTOKEN", out.Header.Get("x-acs-signature-type"))
		require.Empty(t, out.Header.Get("Authorization"))
		require.Empty(t, out.Signature)
	})
	t.Run("the gateway answers in JSON", func(t *testing.T) {
		require.Equal(t, "application/json", V3(vector3()).Header.Get("Accept"))
	})
}

// TestParametersSortThemselves: the order in which they come does not matter.
func TestParametersSortThemselves(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]func(*Input) Output{"version 2": V2, "version 3": V3} {
		t.Run(name, func(t *testing.T) {
			in, reversed := vector3(), vector3()
			reversed.Params = []Pair{in.Params[1], in.Params[0]}
			require.Equal(t, sign(in), sign(reversed))
			twice := vector3()
			twice.Params = []Pair{{"A", "2"}, {"A", "1"}}
			require.Contains(t, sign(twice).Query, "A=2&A=1", "the values of one name keep their order")
		})
	}
}

// TestDigest: no byte that is sent can change without the digest.
func TestDigest(t *testing.T) {
	t.Parallel()
	out := func() *Output {
		return &Output{Query: "q", Body: "b", Header: http.Header{"A": {"1", "2"}, "B": {"3"}}}
	}
	want := out().Digest("https", "h")
	require.Len(t, want, 64)
	require.Equal(t, want, out().Digest("https", "h"))
	for name, change := range map[string]func(*Output){
		"the query":              func(o *Output) { o.Query = "r" },
		"the body":               func(o *Output) { o.Body = "c" },
		"what is in which":       func(o *Output) { o.Query, o.Body = "qb", "" },
		"a header's value":       func(o *Output) { o.Header["B"] = []string{"4"} },
		"the order of values":    func(o *Output) { o.Header["A"] = []string{"2", "1"} },
		"values that are joined": func(o *Output) { o.Header["A"] = []string{"12"} },
		"a header more":          func(o *Output) { o.Header["C"] = nil },
		"a header less":          func(o *Output) { delete(o.Header, "B") },
	} {
		o := out()
		change(o)
		require.NotEqual(t, want, o.Digest("https", "h"), name)
	}
	require.NotEqual(t, want, out().Digest("http", "h"), "the scheme")
	require.NotEqual(t, want, out().Digest("https", "i"), "the host")
}
