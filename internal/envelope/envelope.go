// Package envelope reads replies, whichever of three shapes they come in:
//
//   - documented: {"successResponse":…,"requestId":…,"code":…,"data":{"RequestId":…,"Result":…}}
//   - flat: {"RequestId":…,"Result":…}
//   - V2: flat, with Success, Code and more beside Result
//
// The gateway's own refusals are flat with Code and Message. The package says
// what a reply holds, not what it means. What is handed over once it also finds
// in a reply that is broken or has another shape. It imports nothing of this
// module.
package envelope

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// maxDetails is how many codes, and members of AccessDeniedDetail, are kept.
const maxDetails = 32

// An Envelope is what a reply holds.
type Envelope struct {
	Whole bool // the body is one JSON object and nothing else

	RequestID, Message string
	Code               string   // the first that does not stand for success
	Codes              []string // all there are, at every level
	HTTPStatus         string   // HttpStatusCode, which repeats another's verdict
	HostID, Recommend  string
	AccessDeniedDetail map[string]string
	Failed             bool   // successResponse or Success is false
	Result             []byte // the JSON of Result, if it is whole and not null
	HasKeys            bool   // Result is an object with every key that is asked for
}

// Keys says which members are handed over once: private keys in PEM.
type Keys struct {
	Names []string // those that a reply has to hold
	Any   bool     // none has to be there, but any private key counts
}

// Parse reads as much of body as is JSON.
func Parse(body []byte, keys Keys) Envelope {
	r := reader{Scanner: Scanner{b: body}, keys: keys}
	ok := r.Object(func(name []byte) bool { return r.member(name, true) })
	r.e.Whole = ok && r.Peek() == 0 && r.i == len(body)
	r.e.HasKeys = r.found == 1<<len(keys.Names)-1
	if r.escaped {
		r.e.Result = mendLineBreaks(r.e.Result)
	}
	return r.e
}

// A reader reads an Envelope.
type reader struct {
	Scanner
	keys    Keys
	e       Envelope
	found   uint // a bit for each of keys.Names
	escaped bool // a key has the two characters \n in the place of a line break
}

// member reads a member of the reply, or of its data.
func (r *reader) member(name []byte, outer bool) bool {
	e := &r.e
	switch {
	case Is(name, "Result"):
		return r.result()
	case Is(name, "data") && outer && r.Peek() == '{':
		return r.Object(func(name []byte) bool { return r.member(name, false) })
	case Is(name, "RequestId"):
		return r.TextInto(&e.RequestID)
	case Is(name, "Code"), Is(name, "ResultCode"):
		return r.code()
	case Is(name, "HttpStatusCode"):
		return r.TextInto(&e.HTTPStatus)
	case Is(name, "Message"), Is(name, "ResultMessage"):
		v, ok := r.Text()
		if e.Message == "" && !IsSuccessCode(v) {
			e.Message = v
		}
		return ok
	case Is(name, "successResponse"), Is(name, "Success"):
		v, ok := r.Text()
		e.Failed = e.Failed || strings.EqualFold(v, "false")
		return ok
	case Is(name, "HostId"):
		return r.TextInto(&e.HostID)
	case Is(name, "Recommend"):
		return r.TextInto(&e.Recommend)
	case Is(name, "AccessDeniedDetail") && r.Peek() == '{':
		return r.accessDeniedDetail()
	}
	return r.Skip()
}

func (r *reader) code() bool {
	v, ok := r.Text()
	if v != "" && len(r.e.Codes) < maxDetails {
		r.e.Codes = append(r.e.Codes, v)
	}
	if r.e.Code == "" && !IsSuccessCode(v) {
		r.e.Code = v
	}
	return ok
}

func (r *reader) accessDeniedDetail() bool {
	return r.Object(func(name []byte) bool {
		v, ok := r.Text()
		if ok && v != "" && len(r.e.AccessDeniedDetail) < maxDetails {
			if r.e.AccessDeniedDetail == nil {
				r.e.AccessDeniedDetail = make(map[string]string)
			}
			r.e.AccessDeniedDetail[string(name)] = v
		}
		return ok
	})
}

func (r *reader) result() bool {
	first := r.Peek()
	start := r.i
	ok := false
	if first == '{' {
		ok = r.Object(r.resultMember)
	} else {
		ok = r.Skip()
	}
	if ok && first != 'n' {
		r.e.Result = r.b[start:r.i]
	}
	return ok
}

func (r *reader) resultMember(name []byte) bool {
	for i, want := range r.keys.Names {
		if r.Peek() != '"' || !Is(name, want) {
			continue
		}
		text, ok := r.value()
		if ok && isQuotedKey(text) {
			r.found |= 1 << i
			r.escaped = r.escaped || bytes.Contains(text, []byte(`\\`))
		}
		return ok
	}
	return r.Skip()
}

// isQuotedKey reports whether a JSON string holds a whole private key. A key
// without its last line is none: a reply that was garbled can end its string
// early.
func isQuotedKey(text []byte) bool {
	begin := bytes.Index(text, []byte(pemBegin))
	if begin < 0 {
		return false
	}
	_, end, found := bytes.Cut(text[begin:], []byte(pemEnd))
	return found && bytes.Contains(end, []byte(pemDashes))
}

const (
	pemBegin  = "-----BEGIN "
	pemEnd    = "-----END "
	pemDashes = "-----"
)

// mendLineBreaks turns the two characters \n, which some replies have in the
// place of line breaks, into line breaks: in JSON, \\n into \n. No PEM text and
// no link holds a backslash.
func mendLineBreaks(result []byte) []byte {
	result = bytes.ReplaceAll(result, []byte(`\\r\\n`), []byte(`\n`))
	result = bytes.ReplaceAll(result, []byte(`\\n`), []byte(`\n`))
	return bytes.ReplaceAll(result, []byte(`\\r`), []byte(`\n`))
}

// Flat is a reply in its flat shape.
func Flat(requestID string, result []byte) ([]byte, error) {
	return json.Marshal(struct {
		RequestID string          `json:"RequestId"`
		Result    json.RawMessage `json:"Result"`
	}{requestID, result})
}

// IsSuccessCode reports whether a code stands for success. In a reply that says
// at the same time that it failed, it is nothing to rely on.
func IsSuccessCode(code string) bool {
	n, err := strconv.Atoi(code)
	return err == nil && (n == 0 || 200 <= n && n <= 299) || strings.EqualFold(code, "OK") || strings.EqualFold(code, "success")
}
