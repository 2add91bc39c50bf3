package baas_test

import (
	"net/http"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// versions are those of the signature. What holds for a call holds for both.
var versions = map[string]baas.SignatureVersion{"version 2": baas.SignatureV2, "version 3": baas.SignatureV3}

// common is the value of a common parameter, which version 3 has in a header.
func common(r baastest.Request, param string) string {
	if value := r.Params.Get(param); value != "" {
		return value
	}
	return r.Header.Get(headersOfVersion3[param])
}

var headersOfVersion3 = map[string]string{
	"Action": "X-Acs-Action", "SignatureNonce": "X-Acs-Signature-Nonce", "Timestamp": "X-Acs-Date",
}

// signatureOf is the signature of a request, or else the token that stands for
// it.
func signatureOf(r *http.Request) string {
	if r.Header.Get("Authorization") != "" {
		return r.Header.Get("Authorization")
	}
	return r.URL.Query().Get("Signature")
}
