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
}

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
	SDKURL       string `json:"SdkUrl"       xml:"SdkUrl"`
	TrustCAURL   string `json:"TrustCaUrl"   xml:"TrustCaUrl"`
	CACrtURL     string `json:"CaCrtUrl"     xml:"CaCrtUrl"`
	ClientCrtURL string `json:"ClientCrtUrl" xml:"ClientCrtUrl"`
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
	SuccessResponse bool           `json:"successResponse"`
	RequestID       string         `json:"requestId"`
	Data            documentedData `json:"data"`
	Code            string         `json:"code"`
}

type documentedData struct {
	Result    linksFirst
	RequestID string `json:"RequestId"`
}

type flatBody struct {
	XMLName   xml.Name `json:"-" xml:"ApplyAntChainCertificateWithKeyAutoCreationResponse"`
	RequestID string   `json:"RequestId" xml:"RequestId"`
	Result    keyFirst
}

type v2Body struct {
	RequestID      string `json:"RequestId"`
	HTTPStatusCode string `json:"HttpStatusCode"`
	Code           string
	Success        bool
	ResultCode     string
	Message        string
	ResultMessage  string
	Result         keyFirst
}

// success lays out the reply to an application. XML, which no SDK asks for, is always flat.
func (s *Server) success(requestID, key string, links downloadPath, asXML bool) reply {
	result := keyFirst{PrivateKey: key, DownloadPath: links}
	switch {
	case asXML, s.cfg.shape == Flat:
		return encode(http.StatusOK, flatBody{RequestID: requestID, Result: result}, asXML)
	case s.cfg.shape == V2:
		return encode(http.StatusOK, v2Body{
			RequestID: requestID, HTTPStatusCode: "200", Code: "OK", Success: true, ResultCode: "OK",
			Message: "OK", ResultMessage: "OK", Result: result,
		}, false)
	default:
		return encode(http.StatusOK, documentedBody{
			SuccessResponse: true, RequestID: requestID, Code: "200",
			Data: documentedData{Result: linksFirst{DownloadPath: links, PrivateKey: key}, RequestID: requestID},
		}, false)
	}
}

// encode cannot fail: bodies are structs of strings and booleans.
func encode(status int, body any, asXML bool) reply {
	var b bytes.Buffer
	if asXML {
		b.WriteString(xml.Header)
		_ = xml.NewEncoder(&b).Encode(body)
		return reply{status: status, contentType: typeXML, body: b.Bytes()}
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the gateway leaves the & of links alone
	_ = enc.Encode(body)
	return reply{status: status, contentType: typeJSON, body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}

// newRequestID returns a random UUID in upper case.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0F | 0x40
	id[8] = id[8]&0x3F | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
