package baas

import (
	"net/url"

	"github.com/antchain-go/baas/internal/sign"
)

// A SignatureVersion says how requests are signed.
type SignatureVersion int

const (
	// SignatureV2 is HMAC-SHA1 over the parameters, SignatureVersion=1.0.
	SignatureV2 SignatureVersion = iota
	// SignatureV3 is ACS3-HMAC-SHA256, with the common parameters in headers.
	SignatureV3
)

// sign makes the bytes of a request.
func (v SignatureVersion) sign(in *sign.Input) sign.Output {
	if v == SignatureV3 {
		return sign.V3(in)
	}
	return sign.V2(in)
}

// SignRPC returns the version 2 signature (HMAC-SHA1, Base64) of params for
// method, "GET" or "POST". A "Signature" among params is left out; a name with
// several values counts once per value, in their order.
//
// See "Request syntax and signature method V2 for RPC APIs" in the help
// center, document 25492, https://help.aliyun.com/document_detail/25492.html.
func SignRPC(method string, params url.Values, accessKeySecret string) string {
	return sign.RPC(method, params, accessKeySecret)
}
