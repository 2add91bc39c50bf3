package baas

import (
	"encoding/json"
	"strings"
)

// An envelope is what a reply says, whichever of its three shapes it came in:
// documented, {"successResponse":…,"requestId":…,"code":…,"data":{"RequestId":…,"Result":…}};
// flat, {"RequestId":…,"Result":…}; or V2, flat with Success, Code and more
// beside Result. The gateway's own refusals are flat with Code and Message.
type envelope struct {
	whole bool // the body is one JSON object and nothing else

	requestID, code, message string
	hostID, recommend        string
	accessDeniedDetail       map[string]string
	failed                   bool   // successResponse or Success is false
	result                   []byte // the JSON of Result, if it is whole and not null
	privateKey               string // of a Result that is an object, if the string is whole
	downloadPath             DownloadPath
}

// parseEnvelope reads as much of body as is JSON.
func parseEnvelope(body []byte) envelope {
	var e envelope
	s := scanner{b: body}
	ok := s.object(func(name string) bool { return e.member(&s, name, true) })
	e.whole = ok && s.peek() == 0 && s.i == len(s.b)
	return e
}

// member reads a member of the reply, or of its data.
func (e *envelope) member(s *scanner, name string, outer bool) (ok bool) {
	switch strings.ToLower(name) {
	case "successresponse", "success":
		var v string
		v, ok = s.text()
		e.failed = e.failed || strings.EqualFold(v, "false")
	case "requestid":
		ok = setText(s, &e.requestID)
	case "code":
		ok = setText(s, &e.code)
	case "message":
		ok = setText(s, &e.message)
	case "hostid":
		ok = setText(s, &e.hostID)
	case "recommend":
		ok = setText(s, &e.recommend)
	case "accessdenieddetail":
		ok = e.readAccessDeniedDetail(s)
	case "data":
		if outer && s.peek() == '{' {
			return s.object(func(name string) bool { return e.member(s, name, false) })
		}
		_, ok = s.value()
	case "result":
		ok = e.readResult(s)
	default:
		_, ok = s.value()
	}
	return ok
}

// setText reads a text into dst, which the first one that is not empty keeps.
func setText(s *scanner, dst *string) bool {
	v, ok := s.text()
	if ok && *dst == "" {
		*dst = v
	}
	return ok
}

func (e *envelope) readAccessDeniedDetail(s *scanner) bool {
	if s.peek() != '{' {
		_, ok := s.value()
		return ok
	}
	return s.object(func(name string) bool {
		v, ok := s.text()
		if ok && v != "" {
			if e.accessDeniedDetail == nil {
				e.accessDeniedDetail = make(map[string]string)
			}
			e.accessDeniedDetail[name] = v
		}
		return ok
	})
}

func (e *envelope) readResult(s *scanner) bool {
	switch s.peek() {
	case 'n':
		_, ok := s.value()
		return ok
	case '{':
		start := s.i
		if !s.object(func(name string) bool { return e.resultMember(s, name) }) {
			return false
		}
		e.result = s.b[start:s.i]
		return true
	}
	v, ok := s.value()
	if ok {
		e.result = v
	}
	return ok
}

func (e *envelope) resultMember(s *scanner, name string) bool {
	switch strings.ToLower(name) {
	case "privatekey":
		if s.peek() == '"' {
			return setText(s, &e.privateKey)
		}
	case "downloadpath":
		if s.peek() == '{' {
			return s.object(func(name string) bool { return e.downloadMember(s, name) })
		}
	}
	_, ok := s.value()
	return ok
}

func (e *envelope) downloadMember(s *scanner, name string) bool {
	p := &e.downloadPath
	switch strings.ToLower(name) {
	case "cacrturl":
		return setText(s, &p.CACrtURL)
	case "clientcrturl":
		return setText(s, &p.ClientCrtURL)
	case "sdkurl":
		return setText(s, &p.SDKURL)
	case "trustcaurl":
		return setText(s, &p.TrustCAURL)
	}
	_, ok := s.value()
	return ok
}

// mendLineBreaks turns the two characters \n, which some replies have in the
// place of line breaks, into line breaks. No PEM text holds a backslash.
func mendLineBreaks(pem string) string {
	if !strings.Contains(pem, `\`) {
		return pem
	}
	return strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\r`, "\n").Replace(pem)
}

// A reply is the answer to a call.
type reply struct {
	requestID    string
	result       []byte // JSON
	privateKey   string // line breaks mended
	downloadPath DownloadPath
}

// reply is the answer in e. wantsKey says that it is the private key that the
// call is for.
func (e *envelope) reply(wantsKey bool) *reply {
	r := &reply{requestID: e.requestID, result: e.result, downloadPath: e.downloadPath}
	if !wantsKey {
		return r
	}
	r.privateKey = mendLineBreaks(e.privateKey)
	if e.result == nil || r.privateKey != e.privateKey {
		// Of a reply that was cut off, what was read; it cannot fail.
		r.result, _ = json.Marshal(CertificateResult{PrivateKey: r.privateKey, DownloadPath: r.downloadPath})
	}
	return r
}

// normalized is the reply in its flat shape.
func (r *reply) normalized() ([]byte, error) {
	return json.Marshal(struct {
		RequestID string          `json:"RequestId"`
		Result    json.RawMessage `json:"Result"`
	}{r.requestID, r.result})
}
