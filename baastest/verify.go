package baastest

import (
	"crypto/hmac"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	actionApply = "ApplyAntChainCertificateWithKeyAutoCreation"
	apiVersion  = "2018-12-21"

	timestampLayout = "2006-01-02T15:04:05Z"
	maxClockSkew    = 15 * time.Minute
)

// check looks at a request in the order of the gateway: what it is, who sent it and when, whether that is true, and
// only then what it asks for. It consumes the nonce on its way. A nil refusal lets the request through.
func (s *Server) check(c *call) *refusal {
	now := s.cfg.now()
	for _, step := range []func() *refusal{
		c.checkMethod,
		c.checkWellFormed,
		c.checkCommon,
		c.checkAction,
		c.checkTimestampFormat,
		func() *refusal { return s.checkCaller(c) },
		func() *refusal { return c.checkTimestamp(now) },
		c.checkSignature,
		func() *refusal { return s.useNonce(c, now) },
		c.checkBusiness,
	} {
		if refused := step(); refused != nil {
			return refused
		}
	}
	return nil
}

func (c *call) checkMethod() *refusal {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodPost {
		return newRefusal(http.StatusMethodNotAllowed, "UnsupportedHTTPMethod", "This http method is not supported.")
	}
	return nil
}

// checkWellFormed also refuses a name given twice: which of the values was signed, and which would be used, could not
// be told.
func (c *call) checkWellFormed() *refusal {
	if c.tooLarge {
		return newRefusal(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is too large.")
	}
	if c.malformed {
		return newRefusal(http.StatusBadRequest, "InvalidParameter", "The query or the form body is not well-formed.")
	}
	for _, name := range sortedNames(c.params) {
		if len(c.params[name]) > 1 {
			return newRefusal(http.StatusBadRequest, "InvalidParameter", "The parameter "+name+" is specified twice.")
		}
	}
	return nil
}

func (c *call) usesBearer() bool { return c.params.Get("SignatureType") == "BEARERTOKEN" }

func (c *call) checkCommon() *refusal {
	required := []string{
		"Action", "Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp",
		"Signature",
	}
	if c.usesBearer() {
		required = []string{"Action", "Version", "BearerToken", "SignatureNonce", "Timestamp"}
	}
	return c.require(required)
}

func (c *call) require(names []string) *refusal {
	for _, name := range names {
		if c.params.Get(name) == "" {
			return newRefusal(http.StatusBadRequest, "Missing"+name, name+" is mandatory for this action.")
		}
	}
	return nil
}

func (c *call) checkAction() *refusal {
	if c.params.Get("Version") != apiVersion {
		return newRefusal(http.StatusNotFound, "InvalidVersion", "Specified parameter Version is not valid.")
	}
	if c.params.Get("Action") != actionApply {
		return newRefusal(http.StatusNotFound, "InvalidAction.NotFound",
			"Specified api is not found, please check your url and method.")
	}
	return nil
}

func (c *call) checkTimestampFormat() *refusal {
	// Parsing alone would let fractions of a second pass.
	stamp := c.params.Get("Timestamp")
	if t, err := time.Parse(timestampLayout, stamp); err != nil || t.Format(timestampLayout) != stamp {
		return newRefusal(http.StatusBadRequest, "InvalidTimeStamp.Format",
			"Specified time stamp or date value is not well formatted.")
	}
	return nil
}

// checkCaller finds out whether the server knows the caller; a signature is still to prove it.
func (s *Server) checkCaller(c *call) *refusal {
	known, err := s.cred.identity()
	if err != nil {
		// Not the message of err: credentials-go quotes files and replies in it.
		return newRefusal(http.StatusNotFound, "InvalidAccessKeyId.NotFound", "baastest: WithCredential supplied none.")
	}
	c.caller = known
	if c.usesBearer() {
		if known.bearerToken == "" || !equal(c.params.Get("BearerToken"), known.bearerToken) {
			return newRefusal(http.StatusForbidden, "InvalidBearerToken", "Specified bearer token is not valid.")
		}
		return nil
	}
	if known.bearerToken != "" || !equal(c.params.Get("AccessKeyId"), known.accessKeyID) {
		return newRefusal(http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	}
	return c.checkSecurityToken(known)
}

func (c *call) checkSecurityToken(known identity) *refusal {
	token := c.params.Get("SecurityToken")
	switch {
	case token != "" && known.securityToken == "":
		return newRefusal(http.StatusBadRequest, "InvalidSecurityToken.MismatchWithAccessKey",
			"Specified SecurityToken mismatch with the AccessKey.")
	case !equal(token, known.securityToken):
		return newRefusal(http.StatusBadRequest, "InvalidSecurityToken.MalFormed",
			"Specified SecurityToken is malformed.")
	}
	return nil
}

func (c *call) checkTimestamp(now time.Time) *refusal {
	stamp, err := time.Parse(timestampLayout, c.params.Get("Timestamp"))
	if err != nil || now.Sub(stamp).Abs() > maxClockSkew {
		return newRefusal(http.StatusBadRequest, "InvalidTimeStamp.Expired",
			"Specified time stamp or date value is expired.")
	}
	return nil
}

func (c *call) checkSignature() *refusal {
	if c.usesBearer() {
		return nil // the token is the proof
	}
	if c.params.Get("SignatureMethod") != "HMAC-SHA1" || c.params.Get("SignatureVersion") != "1.0" {
		return newRefusal(http.StatusBadRequest, "IncompleteSignature",
			"The request signature does not conform to Aliyun standards.")
	}
	toSign := stringToSign(c.r.Method, c.params)
	if !equal(c.params.Get("Signature"), signature(toSign, c.caller.accessKeySecret)) {
		return newRefusal(http.StatusBadRequest, "SignatureDoesNotMatch",
			"Specified signature is not matched with our calculation. server string to sign is:"+toSign)
	}
	return nil
}

func (s *Server) useNonce(c *call, now time.Time) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.nonces.use(c.caller.owner(), c.params.Get("SignatureNonce"), now) {
		return newRefusal(http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already.")
	}
	return nil
}

// businessParams are the action's required parameters, in the order of its reference page.
func businessParams() []string {
	return []string{
		"AntChainId", "CommonName", "ConsortiumId", "CountryName", "LocalityName", "OrganizationName",
		"OrganizationUnitName", "Password", "StateOrProvinceName",
	}
}

func (c *call) checkBusiness() *refusal {
	if refused := c.require(businessParams()); refused != nil {
		return refused
	}
	for _, name := range businessParams() {
		if !utf8.ValidString(c.params.Get(name)) {
			return newRefusal(http.StatusBadRequest, "InvalidParameter", "The parameter "+name+" is not valid UTF-8.")
		}
	}
	return nil
}

// equal compares in a time that does not depend on where the strings differ.
func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// wantsJSON: the gateway answers XML unless told otherwise.
func wantsJSON(params interface{ Get(string) string }) bool {
	return strings.EqualFold(params.Get("Format"), "JSON")
}
