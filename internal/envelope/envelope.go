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

// maxDetails is how many members of AccessDeniedDetail are kept, and how many
// times a key is repeated.
const maxDetails = 32

// An Envelope is what a reply holds.
type Envelope struct {
	Whole bool // the body is one JSON object and nothing else

	RequestID, Message string
	Code               string   // the first that does not stand for success
	Codes              []string // all that do not stand for success, at every level
	HTTPStatus         string   // HttpStatusCode, which repeats another's verdict
	HostID, Recommend  string
	AccessDeniedDetail map[string]string
	Failed             bool   // successResponse or Success is false
	Succeeded          bool   // one of them is true
	Result             []byte // the JSON of Result, if it is whole and not null
	HasKeys            bool   // this Result is an object with every key that is asked for
}

// SaysFailure reports whether a flag, a code or a status in the reply says that it
// failed.
func (e *Envelope) SaysFailure() bool {
	return e.Failed || e.Code != "" || e.HTTPStatus != "" && !IsSuccessCode(e.HTTPStatus)
}

// IsDisputed reports whether a code says that it failed and the flag that it did
// not.
func (e *Envelope) IsDisputed() bool { return e.Code != "" && e.Succeeded && !e.Failed }

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
	r.e.HasKeys = r.e.HasKeys || len(keys.Names) == 0
	if hasControls(r.e.Result) {
		r.e.Result = escapeControls(r.e.Result)
	}
	if r.mixed || keys.Any {
		var escaped bool
		r.e.Result, escaped = settle(r.e.Result, keys)
		// One that is deeper in the Result of an unknown action is its caller's to find.
		r.escaped = r.escaped || escaped || bytes.Contains(r.e.Result, []byte(`PRIVATE KEY-----\\`))
	}
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
	found   uint // a bit for each of keys.Names, of the latest Result
	named   uint // likewise, for a member of that name, whatever it holds
	mixed   bool // a name is there twice, or its key is written in a way of its own
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
		e.Succeeded = e.Succeeded || strings.EqualFold(v, "true")
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
	if v != "" && !IsSuccessCode(v) {
		r.e.Codes = append(r.e.Codes, v)
		r.e.Code = r.e.Codes[0]
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

// result reads a Result. Of several, the last counts, unless one before it has
// the keys.
func (r *reader) result() bool {
	first := r.Peek()
	start := r.i
	ok := false
	r.found, r.named = 0, 0
	if first == '{' {
		ok = r.Object(r.resultMember)
	} else {
		ok = r.Skip()
	}
	if ok && first != 'n' && !r.e.HasKeys {
		r.e.Result = r.b[start:r.i]
		r.e.HasKeys = len(r.keys.Names) > 0 && r.found == 1<<len(r.keys.Names)-1
	}
	return ok
}

func (r *reader) resultMember(name []byte) bool {
	for i, want := range r.keys.Names {
		if !Is(name, want) {
			continue
		}
		r.mixed = r.mixed || r.named&(1<<i) != 0
		r.named |= 1 << i
		text, ok := r.value()
		if ok && isQuotedKey(text) {
			r.found |= 1 << i
			r.mixed = r.mixed || bytes.Contains(text, []byte(`\u`))
			r.escaped = r.escaped || bytes.Contains(text, []byte(`\\`))
		}
		return ok
	}
	return r.Skip()
}

// A Field is a member of a Result that is text.
type Field struct {
	Name     string
	Text     *string // the first that is not empty
	AnyDepth bool    // also in objects of the Result
}

// Texts reads the fields of a Result.
func Texts(result []byte, fields ...Field) {
	s := NewScanner(result)
	var member func(name []byte) bool
	member = func(name []byte) bool {
		if s.Peek() == '{' {
			return s.Object(member)
		}
		for _, f := range fields {
			if Is(name, f.Name) && (f.AnyDepth || s.depth == 1) {
				return s.TextInto(f.Text)
			}
		}
		return s.Skip()
	}
	s.Object(member)
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
