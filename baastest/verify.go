package baastest

import (
	"crypto/hmac"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	apiVersion      = "2018-12-21"
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
		func() *refusal { return s.checkAction(c) },
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
	for name, values := range c.r.Header {
		if len(values) > 1 && (strings.HasPrefix(name, "X-Acs-") || name == "Authorization") {
			return newRefusal(http.StatusBadRequest, "InvalidParameter", "The header "+name+" is specified twice.")
		}
	}
	return nil
}

func (c *call) checkCommon() *refusal {
	if c.claim.version3 {
		return c.checkCommon3()
	}
	required := []string{
		"Action", "Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp",
		"Signature",
	}
	if c.claim.bearer {
		required = []string{"Action", "Version", "BearerToken", "SignatureNonce", "Timestamp"}
	}
	return c.require(required)
}

func (c *call) require(names []string) *refusal {
	for _, name := range names {
		if c.params.Get(name) == "" {
			return missing(name)
		}
	}
	return nil
}

func missing(name string) *refusal {
	return newRefusal(http.StatusBadRequest, "Missing"+name, name+" is mandatory for this action.")
}

// checkCommon3 names what is missing as version 2 does, as far as that has it.
func (c *call) checkCommon3() *refusal {
	for _, common := range []struct{ name, value string }{
		{"Action", c.claim.action}, {"Version", c.claim.apiVersion},
		{"SignatureNonce", c.claim.nonce}, {"Timestamp", c.claim.timestamp},
	} {
		if common.value == "" {
			return missing(common.name)
		}
	}
	switch {
	case c.r.Header.Get("X-Acs-Content-Sha256") == "":
		return incompleteSignature()
	case c.claim.bearer && c.claim.bearerToken == "":
		return missing("BearerToken")
	case !c.claim.bearer && (c.claim.accessKeyID == "" || c.claim.signature == ""):
		return incompleteSignature()
	}
	return nil
}

func (s *Server) checkAction(c *call) *refusal {
	if c.claim.apiVersion != apiVersion {
		return newRefusal(http.StatusNotFound, "InvalidVersion", "Specified parameter Version is not valid.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var ok bool
	if c.action, ok = s.actions[c.claim.action]; !ok {
		return newRefusal(http.StatusNotFound, "InvalidAction.NotFound",
			"Specified api is not found, please check your url and method.")
	}
	return nil
}

func (c *call) checkTimestampFormat() *refusal {
	// Parsing alone would let fractions of a second pass.
	stamp := c.claim.timestamp
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
	if c.claim.version3 {
		// In a header, the white space around a value is no part of it.
		known.securityToken = strings.TrimSpace(known.securityToken)
		known.bearerToken = strings.TrimSpace(known.bearerToken)
	}
	if c.claim.bearer {
		if known.bearerToken == "" || !equal(c.claim.bearerToken, known.bearerToken) {
			return newRefusal(http.StatusForbidden, "InvalidBearerToken", "Specified bearer token is not valid.")
		}
		return nil
	}
	if known.bearerToken != "" || !equal(c.claim.accessKeyID, known.accessKeyID) {
		return newRefusal(http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	}
	return c.checkSecurityToken(known)
}

func (c *call) checkSecurityToken(known identity) *refusal {
	token := c.claim.securityToken
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
	stamp, err := time.Parse(timestampLayout, c.claim.timestamp)
	if err != nil || now.Sub(stamp).Abs() > maxClockSkew {
		return newRefusal(http.StatusBadRequest, "InvalidTimeStamp.Expired",
			"Specified time stamp or date value is expired.")
	}
	return nil
}

func (c *call) checkSignature() *refusal {
	if c.claim.version3 {
		return c.checkSignature3()
	}
	if c.claim.bearer {
		return nil // the token is the proof
	}
	if c.claim.signatureMethod != "HMAC-SHA1" || c.claim.signatureVer != "1.0" {
		return incompleteSignature()
	}
	toSign := stringToSign(c.r.Method, c.params)
	if !equal(c.claim.signature, signature(toSign, c.caller.accessKeySecret)) {
		return newRefusal(http.StatusBadRequest, "SignatureDoesNotMatch",
			"Specified signature is not matched with our calculation. server string to sign is:"+toSign)
	}
	return nil
}

func (s *Server) useNonce(c *call, now time.Time) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.nonces.use(c.caller.owner(), c.claim.nonce, now) {
		return newRefusal(http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already.")
	}
	return nil
}

// checkBusiness checks what all actions have in common: that nothing required is missing, that texts are texts and
// page numbers numbers.
func (c *call) checkBusiness() *refusal {
	if refused := c.require(c.action.required); refused != nil {
		return refused
	}
	for _, name := range sortedNames(c.params) {
		if !utf8.ValidString(c.params.Get(name)) {
			return invalid("The parameter " + name + " is not valid UTF-8.")
		}
	}
	for _, name := range []string{"PageNumber", "PageSize"} {
		if !slices.Contains(c.action.required, name) {
			continue
		}
		if n, err := strconv.ParseInt(c.params.Get(name), 10, 32); err != nil || n < 1 {
			return invalid("The parameter " + name + " is not a number from 1.")
		}
	}
	if region := c.params.Get("RegionId"); c.action.domestic && region != "" && region != domesticRegion {
		return invalid("The parameter RegionId is not valid: this action is for " + domesticRegion + " alone.")
	}
	return nil
}

func invalid(message string) *refusal {
	return newRefusal(http.StatusBadRequest, "InvalidParameter", message)
}

// equal compares in a time that does not depend on where the strings differ.
func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
