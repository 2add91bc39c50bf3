package baas

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/antchain-go/baas/internal/sign"
)

// benchRequest is what bench/ applies with as well.
func benchRequest() *ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq",
		CommonName: "wallet.example.com", CountryName: "CN", StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou",
		OrganizationName: "Example & Co", OrganizationUnitName: "区块链", Password: "p4ss+word/ÄÖ",
	}
}

const benchSecret = "ExampleExampleExampleExample30"

// BenchmarkSign compares signing, encoding included, with the bare HMAC-SHA1
// of the string to sign that comes of it.
func BenchmarkSign(b *testing.B) {
	var in input
	in.semantics = &applyWithKey.semantics
	applyWithKey.encode(benchRequest(), &in)
	signed := sign.Input{
		Action: in.name, Version: APIVersion, Nonce: rand.Text(), Time: time.Now(), Params: in.params,
		Credentials: sign.Credentials{AccessKeyID: "LTAI5tExampleExample", AccessKeySecret: benchSecret},
	}
	out := sign.V2(&signed)
	params, err := url.ParseQuery(out.Query + "&" + out.Body)
	if err != nil {
		b.Fatal(err)
	}
	params.Del("Signature")
	text := []byte("POST&%2F&" + sign.Escape(strings.ReplaceAll(params.Encode(), "+", "%20")))

	b.Run("bare-hmac", func(b *testing.B) {
		b.ReportAllocs()
		key := []byte(benchSecret + "&")
		for b.Loop() {
			mac := hmac.New(sha1.New, key)
			mac.Write(text)
			if base64.StdEncoding.EncodeToString(mac.Sum(nil)) != out.Signature {
				b.Fatal("another signature")
			}
		}
	})
	b.Run("as-the-call-does", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if sign.V2(&signed).Signature != out.Signature {
				b.Fatal("another signature")
			}
		}
	})
	b.Run("SignRPC", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if SignRPC(http.MethodPost, params, benchSecret) != out.Signature {
				b.Fatal("another signature")
			}
		}
	})
}

// BenchmarkDecode compares the decoding of a documented reply with
// encoding/json.
func BenchmarkDecode(b *testing.B) {
	key := "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" +
		strings.Repeat(base64.StdEncoding.EncodeToString(make([]byte, 48))+"\n", 28) + "-----END ENCRYPTED PRIVATE KEY-----\n"
	link := "https://bucket.oss-cn-hangzhou.aliyuncs.com/path/file.crt?Expires=1500000000&OSSAccessKeyId=LTAI&Signature=" +
		strings.Repeat("x", 40)
	type data struct {
		RequestID string `json:"RequestId"`
		Result    CertificateResult
	}
	body, err := json.Marshal(map[string]any{
		"successResponse": true, "requestId": "3E1894AF-FEE7-4C6C-8C2A-2B3EE0105B07", "code": "200",
		"data": data{"3E1894AF-FEE7-4C6C-8C2A-2B3EE0105B07", CertificateResult{key, DownloadPath{link, link, link, link}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var reply struct{ Data data }
			if err := json.Unmarshal(body, &reply); err != nil || reply.Data.Result.PrivateKey != key {
				b.Fatal("no key")
			}
		}
	})
	b.Run("this-client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v := classify(&applyWithKey.semantics, &received{status: 200, body: body})
			var result CertificateResult
			if err := applyWithKey.decode(v.result, &result); err != nil || result.PrivateKey != key {
				b.Fatal("no key")
			}
		}
	})
}
