package baastest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 1 << 20

// Request is an API request as the server received it.
type Request struct {
	Method string
	Path   string      // "/"
	Params url.Values  // of query and form body together; secrets included. The common ones are headers in version 3
	Header http.Header // without Host
	Status int         // of the reply; 0 while there is none and if there never was one (reset, client gone)
	Code   string      // of the refusal; empty for a success and for a reply made by [Respond]
}

// Requests returns copies of the API requests received, in the order in which their bodies were complete. Downloads
// are not among them. A request being answered is there already, with Status 0. Of more than 65536 requests the last
// ones are kept.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	copies := make([]Request, 0, len(s.requests))
	for _, r := range s.requests {
		c := *r
		c.Params = cloneValues(r.Params)
		c.Header = r.Header.Clone()
		copies = append(copies, c)
	}
	return copies
}

func cloneValues(v url.Values) url.Values {
	c := maps.Clone(v)
	for name, values := range c {
		c[name] = slices.Clone(values)
	}
	return c
}

// call is one API request on its way through the server.
type call struct {
	r         *http.Request
	body      []byte
	query     url.Values // of the URL alone
	params    url.Values
	claim     claim
	action    action
	malformed bool // query or body is not well-formed, or too long
	tooLarge  bool
	requestID string
	caller    identity
	record    *Request
	fault     Fault
}

// receive reads a request to its end, notes it and takes the fault that is its turn, in one step: the nth request gets
// the nth fault. It reports false for a request that broke off.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (*call, bool) {
	c := &call{r: r, requestID: newRequestID()}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if c.tooLarge = errors.As(err, &tooLarge); !c.tooLarge {
			return nil, false
		}
	}
	c.parse()
	c.claim = claimOf(r, c.params)
	c.record = &Request{Method: r.Method, Path: r.URL.Path, Params: c.params, Header: r.Header.Clone()}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, c.record)
	if len(s.requests) > maxKept {
		s.requests[0] = nil
		s.requests = s.requests[1:]
	}
	c.fault = s.faults.take()
	return c, true
}

// parse collects the parameters of query and form, well-formed ones only.
func (c *call) parse() {
	var err error
	c.query, err = url.ParseQuery(c.r.URL.RawQuery)
	c.malformed = err != nil
	c.params = cloneValues(c.query)
	mediaType, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if c.tooLarge || c.r.Method != http.MethodPost || mediaType != "application/x-www-form-urlencoded" {
		return
	}
	form, err := url.ParseQuery(string(c.body))
	c.malformed = c.malformed || err != nil
	for name, values := range form {
		c.params[name] = append(c.params[name], values...)
	}
}

// business returns the action's own parameters.
func (c *call) business() url.Values {
	params := cloneValues(c.params)
	if c.claim.version3 {
		return params
	}
	for _, name := range []string{
		"AccessKeyId", "Action", "BearerToken", "Format", "SecurityToken", "Signature", "SignatureMethod",
		"SignatureNonce", "SignatureType", "SignatureVersion", "Timestamp", "Version",
	} {
		delete(params, name)
	}
	return params
}

func (c *call) asXML() bool { return !wantsJSON(c.r, c.params) }

// answered notes the reply before it is sent, so that whoever has the reply finds it noted.
func (s *Server) answered(c *call, status int, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.record.Status, c.record.Code = status, code
}

// unread is the request with its body as it came, for a handler that wants to read it itself.
func (c *call) unread() *http.Request {
	r := c.r.Clone(c.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(c.body))
	return r
}
