package baastest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// canonicalRequest returns what a version 3 signature covers. The request's body is given apart; its query is query.
func canonicalRequest(r *http.Request, query url.Values, signedHeaders []string, body []byte) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n/\n" + canonicalQuery(query) + "\n")
	for _, name := range signedHeaders {
		b.WriteString(name + ":" + strings.TrimSpace(headerValue(r, name)) + "\n")
	}
	b.WriteString("\n" + strings.Join(signedHeaders, ";") + "\n" + hexSHA256(body))
	return b.String()
}

// headerValue knows that net/http keeps the Host header elsewhere.
func headerValue(r *http.Request, name string) string {
	if name == "host" {
		return r.Host
	}
	return r.Header.Get(name)
}

// stringToSign3 is the string to sign of version 3.
func stringToSign3(canonical string) string {
	return acs3 + "\n" + hexSHA256([]byte(canonical))
}

// signature3 is the version 3 signature of a string to sign.
func signature3(toSign, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(toSign))
	return hex.EncodeToString(mac.Sum(nil))
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// checkSignature3 checks the hash of the body, which headers are signed, and the signature.
func (c *call) checkSignature3() *refusal {
	canonical := canonicalRequest(c.r, c.query, c.claim.signedHeaders, c.body)
	toSign := stringToSign3(canonical)
	mismatch := newRefusal(http.StatusBadRequest, "SignatureDoesNotMatch",
		"Specified signature does not match our calculation. server StringToSign is ["+toSign+
			"] server CanonicalRequest is ["+canonical+"]")
	if !equal(c.r.Header.Get("X-Acs-Content-Sha256"), hexSHA256(c.body)) {
		return mismatch
	}
	if c.claim.bearer {
		return nil // the token is the proof
	}
	if c.claim.signatureMethod != acs3 || !c.signsAllItHasTo() {
		return incompleteSignature()
	}
	if !equal(c.claim.signature, signature3(toSign, c.caller.accessKeySecret)) {
		return mismatch
	}
	return nil
}

// signsAllItHasTo: the host, every x-acs header and the content type, named in order.
func (c *call) signsAllItHasTo() bool {
	signed := c.claim.signedHeaders
	if !slices.IsSorted(signed) || !slices.Contains(signed, "host") {
		return false
	}
	for name := range c.r.Header {
		name = strings.ToLower(name)
		if (strings.HasPrefix(name, "x-acs-") || name == "content-type") && !slices.Contains(signed, name) {
			return false
		}
	}
	return true
}

func incompleteSignature() *refusal {
	return newRefusal(http.StatusBadRequest, "IncompleteSignature",
		"The request signature does not conform to Aliyun standards.")
}
