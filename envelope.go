package baas

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// An envelope is what a reply says, whichever of its three shapes it came in:
// documented, {"successResponse":…,"requestId":…,"code":…,"data":{"RequestId":…,"Result":…}};
// flat, {"RequestId":…,"Result":…}; or V2, flat with Success, Code and more
// beside Result. The gateway's own refusals are flat with Code and Message.
type envelope struct {
	whole bool // the body is one JSON object and nothing else

	requestID, message string
	code               string   // the first that does not stand for success
	codes              []string // all there are, at every level
	hostID, recommend  string
	accessDeniedDetail map[string]string
	failed             bool   // successResponse or Success is false
	result             []byte // the JSON of Result, if it is whole and not null
	privateKey         string // of a Result that is an object, if the string is whole
	downloadPath       DownloadPath
}

// maxDetails is how many members of AccessDeniedDetail are kept.
const maxDetails = 32

// parseEnvelope reads as much of body as is JSON. In what is not, it still
// looks for a private key: there is no other copy of it.
func parseEnvelope(body []byte) envelope {
	var e envelope
	s := scanner{b: body}
	ok := s.object(func(name []byte) bool { return e.member(&s, name, true) })
	e.whole = ok && s.peek() == 0 && s.i == len(s.b)
	if !e.whole && e.privateKey == "" {
		e.privateKey = findKey(body)
	}
	return e
}

// findKey looks for a whole private key behind its name, whatever stands
// around it.
func findKey(body []byte) string {
	_, rest, found := bytes.Cut(body, []byte(`"PrivateKey"`))
	s := scanner{b: rest}
	if !found || !s.accept(':') {
		return ""
	}
	key, ok := s.str()
	if !ok || !strings.HasPrefix(key, "-----BEGIN ") || !strings.Contains(key, "-----END ") {
		return ""
	}
	return key
}

// member reads a member of the reply, or of its data.
func (e *envelope) member(s *scanner, name []byte, outer bool) (ok bool) {
	switch {
	case is(name, "successresponse", "success"):
		var v string
		v, ok = s.text()
		e.failed = e.failed || strings.EqualFold(v, "false")
	case is(name, "requestid"):
		ok = setText(s, &e.requestID)
	case is(name, "code", "resultcode"):
		var v string
		v, ok = s.text()
		e.addCode(v)
		if e.code == "" && !isSuccessCode(v) {
			e.code = v
		}
	case is(name, "httpstatuscode"):
		var v string
		v, ok = s.text()
		e.addCode(v)
	case is(name, "message", "resultmessage"):
		var v string
		if v, ok = s.text(); e.message == "" && !isSuccessCode(v) {
			e.message = v
		}
	case is(name, "hostid"):
		ok = setText(s, &e.hostID)
	case is(name, "recommend"):
		ok = setText(s, &e.recommend)
	case is(name, "accessdenieddetail"):
		ok = e.readAccessDeniedDetail(s)
	case is(name, "data"):
		if outer && s.peek() == '{' {
			return s.object(func(name []byte) bool { return e.member(s, name, false) })
		}
		_, ok = s.value()
	case is(name, "result"):
		ok = e.readResult(s)
	default:
		_, ok = s.value()
	}
	return ok
}

func (e *envelope) addCode(code string) {
	if code != "" && len(e.codes) < maxDetails {
		e.codes = append(e.codes, code)
	}
}

// hasServerError says whether any code or the status is one after which the
// call may have been carried out.
func (e *envelope) hasServerError(status int) bool {
	return isServerError("", status) ||
		slices.ContainsFunc(e.codes, func(code string) bool { return isServerError(code, 0) })
}

// isSuccessCode says whether a code stands for success; where a reply says at
// the same time that it failed, it is no refusal to rely on.
func isSuccessCode(code string) bool {
	n, err := strconv.Atoi(code)
	return err == nil && n < 400 || strings.EqualFold(code, "OK") || strings.EqualFold(code, "success")
}

// setText reads a text into dst, which the first one that is not empty keeps.
func setText(s *scanner, dst *string) bool {
	v, ok := s.text()
	if ok && *dst == "" {
		*dst = v
	}
	return ok
}

// is reports whether name is one of the given ones, in whatever case.
func is(name []byte, lower ...string) bool {
	for _, l := range lower {
		if len(name) == len(l) && strings.EqualFold(string(name), l) {
			return true
		}
	}
	return false
}

func (e *envelope) readAccessDeniedDetail(s *scanner) bool {
	if s.peek() != '{' {
		_, ok := s.value()
		return ok
	}
	return s.object(func(name []byte) bool {
		v, ok := s.text()
		if ok && v != "" && len(e.accessDeniedDetail) < maxDetails {
			if e.accessDeniedDetail == nil {
				e.accessDeniedDetail = make(map[string]string)
			}
			e.accessDeniedDetail[string(name)] = v
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
		if !s.object(func(name []byte) bool { return e.resultMember(s, name) }) {
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

func (e *envelope) resultMember(s *scanner, name []byte) bool {
	switch {
	case is(name, "privatekey"):
		if s.peek() == '"' {
			return setText(s, &e.privateKey)
		}
	case is(name, "downloadpath"):
		if s.peek() == '{' {
			return s.object(func(name []byte) bool { return e.downloadMember(s, name) })
		}
	}
	_, ok := s.value()
	return ok
}

func (e *envelope) downloadMember(s *scanner, name []byte) bool {
	p := &e.downloadPath
	switch {
	case is(name, "cacrturl"):
		return setText(s, &p.CACrtURL)
	case is(name, "clientcrturl"):
		return setText(s, &p.ClientCrtURL)
	case is(name, "sdkurl"):
		return setText(s, &p.SDKURL)
	case is(name, "trustcaurl"):
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

// reply is the answer in e.
func (e *envelope) reply() reply {
	r := reply{
		requestID: e.requestID, result: e.result, downloadPath: e.downloadPath, privateKey: mendLineBreaks(e.privateKey),
	}
	if e.result == nil || r.privateKey != e.privateKey {
		// Of a reply that was cut off, what was read; it cannot fail.
		r.result, _ = json.Marshal(CertificateResult{PrivateKey: r.privateKey, DownloadPath: r.downloadPath})
	}
	return r
}

// normalized is the reply in its flat shape.
func (r reply) normalized() ([]byte, error) {
	return json.Marshal(struct {
		RequestID string          `json:"RequestId"`
		Result    json.RawMessage `json:"Result"`
	}{r.requestID, r.result})
}
