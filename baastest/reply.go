package baastest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

const (
	typeJSON = "application/json;charset=utf-8"
	typeXML  = "text/xml;charset=utf-8"
)

// reply is an HTTP reply that is yet to be sent.
type reply struct {
	status      int
	contentType string
	body        []byte
}

func (p reply) writeHeader(w http.ResponseWriter) {
	w.Header().Set("Content-Type", p.contentType)
	if p.status != http.StatusNoContent && p.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(p.body)))
	}
	w.WriteHeader(p.status)
}

func (p reply) writeTo(w http.ResponseWriter) {
	p.writeHeader(w)
	_, _ = w.Write(p.body) // fails if the client is gone, and then nobody is left to tell
}

// refusal is an error reply of the gateway.
type refusal struct {
	status        int
	code, message string
	inShape       bool // a failure as the service's own, in the shape of a success
}

func (f *refusal) Error() string { return f.code + ": " + f.message }

func newRefusal(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

func internalError(status int) *refusal {
	return newRefusal(status, "InternalError", "The request processing has failed due to some unknown error.")
}

type errorBody struct {
	XMLName   xml.Name `json:"-"                  xml:"Error"`
	RequestID string   `json:"RequestId"          xml:"RequestId"`
	HostID    string   `json:"HostId"             xml:"HostId"`
	Code      string   `json:"Code"               xml:"Code"`
	Message   string   `json:"Message"            xml:"Message"`
	Recommend string   `json:"Recommend,omitzero" xml:"Recommend,omitempty"`
}

func (f *refusal) reply(host, requestID string, asXML bool) reply {
	body := errorBody{
		RequestID: requestID, HostID: host, Code: f.code, Message: f.message,
		Recommend: "https://api.aliyun.com/troubleshoot?q=" + url.QueryEscape(f.code) + "&product=Baas",
	}
	return encode(f.status, body, asXML)
}

// objectStorageReply is the refusal as object storage words it.
func (f *refusal) objectStorageReply(host, requestID string) reply {
	return encode(f.status, errorBody{RequestID: requestID, HostID: host, Code: f.code, Message: f.message}, true)
}

type downloadPath struct {
	SDKURL       string `json:"SdkUrl"`
	TrustCAURL   string `json:"TrustCaUrl"`
	CACrtURL     string `json:"CaCrtUrl"`
	ClientCrtURL string `json:"ClientCrtUrl"`
}

// linksFirst and keyFirst are the Result in the two orders of its members: a reply that is cut off loses the key in
// one and the links in the other.
type (
	linksFirst struct {
		DownloadPath downloadPath
		PrivateKey   string
	}
	keyFirst struct {
		PrivateKey   string
		DownloadPath downloadPath
	}
)

type documentedBody struct {
	SuccessResponse bool            `json:"successResponse"`
	RequestID       string          `json:"requestId"`
	Data            *documentedData `json:"data,omitempty"`
	Code            string          `json:"code"`
	Message         string          `json:"message,omitempty"`
}

type documentedData struct {
	Result    json.RawMessage
	RequestID string `json:"RequestId"`
}

// flatBody has Success, Code and Message only if it is a failure's.
type flatBody struct {
	RequestID string          `json:"RequestId"`
	Success   *bool           `json:",omitempty"`
	Code      string          `json:",omitempty"`
	Message   string          `json:",omitempty"`
	Result    json.RawMessage `json:",omitempty"`
}

type v2Body struct {
	RequestID      string `json:"RequestId"`
	HTTPStatusCode string `json:"HttpStatusCode"`
	Code           string
	Success        bool
	ResultCode     string
	Message        string
	ResultMessage  string
	Result         json.RawMessage `json:",omitempty"`
}

// shapeOf is the shape of the reply to a request. XML, which no SDK asks for, is always flat.
func (s *Server) shapeOf(c *call) ReplyShape {
	switch {
	case c.asXML():
		return Flat
	case c.action.domestic:
		return V2
	case s.cfg.shape == Flat, s.cfg.shape == V2:
		return s.cfg.shape
	default:
		return Documented
	}
}

// success lays out the reply to a request that was carried out.
func (s *Server) success(c *call, result any) (reply, error) {
	raw, err := marshal(result)
	if err != nil {
		return reply{}, err
	}
	switch s.shapeOf(c) {
	case Flat:
		return encodeAs(c, http.StatusOK, flatBody{RequestID: c.requestID, Result: raw}), nil
	case V2:
		return encodeAs(c, http.StatusOK, v2Body{
			RequestID: c.requestID, HTTPStatusCode: "200", Code: "OK", Success: true, ResultCode: "OK",
			Message: "OK", ResultMessage: "OK", Result: raw,
		}), nil
	default:
		return encodeAs(c, http.StatusOK, documentedBody{
			SuccessResponse: true, RequestID: c.requestID, Code: "200",
			Data: &documentedData{Result: raw, RequestID: c.requestID},
		}), nil
	}
}

// failure lays out a refusal in the shape of a success.
func (s *Server) failure(c *call, f *refusal) reply {
	switch s.shapeOf(c) {
	case Flat:
		return encodeAs(c, f.status, flatBody{RequestID: c.requestID, Success: new(bool), Code: f.code, Message: f.message})
	case V2:
		return encodeAs(c, f.status, v2Body{
			RequestID: c.requestID, HTTPStatusCode: "200", Code: f.code, ResultCode: f.code,
			Message: f.message, ResultMessage: f.message,
		})
	default:
		return encodeAs(c, f.status, documentedBody{RequestID: c.requestID, Code: f.code, Message: f.message})
	}
}

// encodeAs encodes a reply of the service in the format that was asked for.
func encodeAs(c *call, status int, body any) reply {
	doc, _ := marshal(body) // structs of strings, booleans and JSON: cannot fail
	if c.asXML() {
		return reply{status: status, contentType: typeXML, body: toXML(c.claim.action+"Response", doc)}
	}
	return reply{status: status, contentType: typeJSON, body: doc}
}

// encode encodes a refusal.
func encode(status int, body errorBody, asXML bool) reply {
	if asXML {
		doc, _ := xml.Marshal(body) // strings: cannot fail
		return reply{status: status, contentType: typeXML, body: append([]byte(xml.Header), doc...)}
	}
	doc, _ := marshal(body)
	return reply{status: status, contentType: typeJSON, body: doc}
}

// marshal leaves the & of links alone, as the gateway does.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// newRequestID returns a random UUID in upper case.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0F | 0x40
	id[8] = id[8]&0x3F | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
