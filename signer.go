package baas

import (
	"net/url"

	"github.com/antchain-go/baas/internal/sign"
)

// SignRPC returns the version 2 signature (HMAC-SHA1, Base64) of params for
// method, "GET" or "POST". A "Signature" among params is left out; a name with
// several values counts once per value, in their order.
//
// See "Request syntax and signature method V2 for RPC APIs" in the help
// center, document 25492, https://help.aliyun.com/document_detail/25492.html.
func SignRPC(method string, params url.Values, accessKeySecret string) string {
	return sign.RPC(method, params, accessKeySecret)
}
