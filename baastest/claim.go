package baastest

import (
	"net/http"
	"net/url"
	"strings"
)

const acs3 = "ACS3-HMAC-SHA256"

// claim is what a request says about itself and its caller, wherever its version of the signature says it. Nothing of
// it is proven yet.
type claim struct {
	version3                                 bool
	action, apiVersion, timestamp, nonce     string
	accessKeyID, securityToken, bearerToken  string
	bearer                                   bool
	signature, signatureMethod, signatureVer string
	signedHeaders                            []string // version 3
}

// isVersion3: whatever has a header that only version 3 knows is a request of it, a faulty one at worst. Official SDKs
// send X-Acs-Action and X-Acs-Version with version 2, too.
func isVersion3(r *http.Request) bool {
	if strings.HasPrefix(r.Header.Get("Authorization"), "ACS3-") {
		return true
	}
	for _, name := range []string{"X-Acs-Date", "X-Acs-Signature-Nonce", "X-Acs-Content-Sha256", "X-Acs-Bearer-Token"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

func claimOf(r *http.Request, params url.Values) claim {
	if !isVersion3(r) {
		return claim{
			action: params.Get("Action"), apiVersion: params.Get("Version"), timestamp: params.Get("Timestamp"),
			nonce: params.Get("SignatureNonce"), accessKeyID: params.Get("AccessKeyId"),
			securityToken: params.Get("SecurityToken"), bearerToken: params.Get("BearerToken"),
			bearer: params.Get("SignatureType") == "BEARERTOKEN", signature: params.Get("Signature"),
			signatureMethod: params.Get("SignatureMethod"), signatureVer: params.Get("SignatureVersion"),
		}
	}
	h := r.Header
	c := claim{
		version3: true, action: h.Get("X-Acs-Action"), apiVersion: h.Get("X-Acs-Version"),
		timestamp: h.Get("X-Acs-Date"), nonce: h.Get("X-Acs-Signature-Nonce"),
		securityToken: h.Get("X-Acs-Security-Token"), bearerToken: h.Get("X-Acs-Bearer-Token"),
		bearer: h.Get("X-Acs-Signature-Type") == "BEARERTOKEN",
	}
	c.signatureMethod, c.accessKeyID, c.signedHeaders, c.signature = parseAuthorization(h.Get("Authorization"))
	return c
}

// parseAuthorization reads "ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…". What is missing stays empty.
func parseAuthorization(value string) (method, accessKeyID string, signedHeaders []string, signature string) {
	method, rest, _ := strings.Cut(value, " ")
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			accessKeyID = value
		case "SignedHeaders":
			signedHeaders = strings.Split(value, ";")
		case "Signature":
			signature = value
		}
	}
	return method, accessKeyID, signedHeaders, signature
}

// wantsJSON: the gateway answers XML unless told otherwise, and those who sign with version 3 JSON.
func wantsJSON(r *http.Request, params url.Values) bool {
	if format := params.Get("Format"); format != "" || !isVersion3(r) {
		return strings.EqualFold(format, "JSON")
	}
	accept := r.Header.Get("Accept")
	return !strings.Contains(accept, "xml") || strings.Contains(accept, "json")
}
