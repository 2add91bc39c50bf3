package baastest

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func publishedParams() url.Values {
	return url.Values{
		"Timestamp": {"2016-02-23T12:46:24Z"}, "Format": {"XML"}, "AccessKeyId": {"testid"},
		"Action": {"DescribeRegions"}, "SignatureMethod": {"HMAC-SHA1"},
		"SignatureNonce": {"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"}, "Version": {"2014-05-26"},
		"SignatureVersion": {"1.0"},
	}
}

func TestSignatureMatchesPublishedVectors(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		http.MethodGet:  "OLeaidS1JvxuMvnyHOwuJ+uX5qY=",
		http.MethodPost: "MxbnVAM4w6sft9xjVpe/GCKueuk=",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, signature(stringToSign(method, publishedParams()), "testsecret"))
		})
	}
}

func TestStringToSign(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		params url.Values
		want   string
	}{
		"sorts names by byte":            {url.Values{"b": {"1"}, "B": {"2"}, "a": {"3"}}, "B=2&a=3&b=1"},
		"leaves the signature out":       {url.Values{"Signature": {"x"}, "SignatureA": {"y"}}, "SignatureA=y"},
		"counts empty values":            {url.Values{"SignatureType": {""}}, "SignatureType="},
		"keeps the unreserved":           {url.Values{"a": {"AZaz09-_.~"}}, "a=AZaz09-_.~"},
		"encodes space, star and plus":   {url.Values{"a": {" *+"}}, "a=%20%2A%2B"},
		"encodes UTF-8 in upper case":    {url.Values{"a": {"é/"}}, "a=%C3%A9%2F"},
		"encodes names as well":          {url.Values{"a b": {"1"}}, "a%20b=1"},
		"encodes what separates a query": {url.Values{"a": {"&=%"}}, "a=%26%3D%25"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "POST&%2F&"+percentEncode(tt.want), stringToSign("POST", tt.params))
		})
	}
	require.Equal(t, "GET&%2F&a%3D%2520%26b%3D", stringToSign("GET", url.Values{"b": {""}, "a": {" "}}))
}
