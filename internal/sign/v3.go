package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

const algorithmV3 = "ACS3-HMAC-SHA256"

// V3 signs a POST with version 3: the common parameters travel as headers.
//
// See "Request syntax and signature method V3" in the help center.
func V3(in *Input) Output {
	var out Output
	var encoded []byte
	params := slices.Clone(in.Params)
	byName(params)
	for _, p := range params {
		encoded = appendPair(encoded, p)
	}
	if in.InQuery {
		out.Query = string(encoded)
	} else {
		out.Body = string(encoded)
	}
	c := in.Credentials
	h := headerList{
		{"host", in.Host},
		{"x-acs-action", in.Action},
		{"x-acs-content-sha256", hexSHA256(out.Body)},
		{"x-acs-date", in.Time.UTC().Format(timeFormat)},
		{"x-acs-signature-nonce", in.Nonce},
		{"x-acs-version", in.Version},
	}
	if !in.InQuery {
		h = append(h, Pair{"content-type", formType})
	}
	switch {
	case c.BearerToken != "":
		h = append(h, Pair{"x-acs-bearer-token", c.BearerToken}, Pair{"x-acs-signature-type", "BEARERTOKEN"})
	case c.SecurityToken != "":
		h = append(h, Pair{"x-acs-security-token", c.SecurityToken})
	}
	byName(h)
	out.Header = h.header()
	if c.BearerToken == "" { // else the token stands for a signature
		out.Signature = signV3("POST", out.Query, h, c.AccessKeySecret)
		out.Header["Authorization"] = []string{algorithmV3 + " Credential=" + c.AccessKeyID +
			",SignedHeaders=" + h.names() + ",Signature=" + out.Signature}
	}
	return out
}

// signV3 returns the signature over a canonical query and sorted headers, of
// which x-acs-content-sha256 stands for the body.
func signV3(method, query string, h headerList, accessKeySecret string) string {
	var b strings.Builder
	b.WriteString(method + "\n/\n" + query + "\n")
	hashed := ""
	for _, p := range h {
		b.WriteString(p.Name + ":" + strings.TrimSpace(p.Value) + "\n")
		if p.Name == "x-acs-content-sha256" {
			hashed = p.Value
		}
	}
	b.WriteString("\n" + h.names() + "\n" + hashed)
	mac := hmac.New(sha256.New, []byte(accessKeySecret))
	mac.Write([]byte(algorithmV3 + "\n" + hexSHA256(b.String())))
	return hex.EncodeToString(mac.Sum(nil))
}

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// A headerList is the signed headers, with names in lower case.
type headerList []Pair

func (h headerList) names() string {
	names := make([]string, len(h))
	for i, p := range h {
		names[i] = p.Name
	}
	return strings.Join(names, ";")
}

// header is what is sent of h: net/http sends the host by itself.
func (h headerList) header() http.Header {
	header := make(http.Header, len(h)+4)
	for _, p := range h {
		if p.Name != "host" {
			header.Set(p.Name, p.Value)
		}
	}
	header.Set("Accept", "application/json")
	return header
}
