package baastest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	filesPath    = "/files/"
	helpPath     = "/help/sdk"
	linkLifetime = time.Hour
	linkKeyID    = "LTAIlinks"
)

// publish puts a certificate on the server and returns the links of its application, good for an hour.
func (s *Server) publish(cert []byte) downloadPath {
	id := strings.ToLower(rand.Text())
	s.mu.Lock()
	s.files[id] = cert
	s.fileOrder = append(s.fileOrder, id)
	if len(s.fileOrder) > maxKept {
		delete(s.files, s.fileOrder[0])
		s.fileOrder = s.fileOrder[1:]
	}
	s.mu.Unlock()

	expires := s.cfg.now().Add(linkLifetime)
	return downloadPath{
		SDKURL:       s.url + helpPath,
		TrustCAURL:   s.link(id, "trustCa", expires),
		CACrtURL:     s.link(id, "ca.crt", expires),
		ClientCrtURL: s.link(id, "client.crt", expires),
	}
}

// link returns a pre-signed URL like those of object storage.
func (s *Server) link(id, name string, expires time.Time) string {
	path := filesPath + id + "/" + name
	at := strconv.FormatInt(expires.Unix(), 10)
	query := url.Values{
		"Expires": {at}, "OSSAccessKeyId": {linkKeyID}, "Signature": {s.linkSignature(path, at)},
	}
	return s.url + path + "?" + query.Encode()
}

func (s *Server) linkSignature(path, expires string) string {
	mac := hmac.New(sha1.New, s.linkSecret)
	fmt.Fprintf(mac, "GET\n\n\n%s\n%s", expires, path)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// serveFile answers a download.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault := s.downloadFaults.take()
	s.mu.Unlock()

	requestID := newRequestID()
	w.Header().Set("X-Oss-Request-Id", requestID)
	switch fault.kind {
	case dropBefore:
		reset(w)
		return
	case respond:
		fault.handler.ServeHTTP(w, r)
		return
	case throttle:
		newRefusal(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.").
			objectStorageReply(r.Host, requestID).writeTo(w)
		return
	case refuse:
		fault.refusal.objectStorageReply(r.Host, requestID).writeTo(w)
		return
	}

	content, refused := s.file(r)
	if refused == nil && fault.kind == serverErrorAfter {
		refused = fault.refusal
	}
	if refused != nil {
		refused.objectStorageReply(r.Host, requestID).writeTo(w)
		return
	}
	file := reply{status: http.StatusOK, contentType: "application/octet-stream", body: content}
	deliver(r.Context(), w, fault, file, func() {})
}

// file returns what a link leads to, if the link is sound and not yet expired.
func (s *Server) file(r *http.Request) ([]byte, *refusal) {
	if r.Method != http.MethodGet {
		return nil, newRefusal(http.StatusMethodNotAllowed, "MethodNotAllowed",
			"The specified method is not allowed against this resource.")
	}
	query := r.URL.Query()
	expires, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
	if err != nil || query.Get("OSSAccessKeyId") != linkKeyID ||
		!equal(query.Get("Signature"), s.linkSignature(r.URL.Path, query.Get("Expires"))) {
		return nil, newRefusal(http.StatusForbidden, "AccessDenied", "You have no right to access this object.")
	}
	if s.cfg.now().Unix() > expires {
		return nil, newRefusal(http.StatusForbidden, "AccessDenied", "Request has expired.")
	}
	id, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, filesPath), "/")
	s.mu.Lock()
	cert, ok := s.files[id]
	s.mu.Unlock()
	if !ok {
		return nil, newRefusal(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	caCrt, trustCA := s.authority.files()
	switch name {
	case "client.crt":
		return cert, nil
	case "ca.crt":
		return caCrt, nil
	default: // a sound signature names no fourth file
		return trustCA, nil
	}
}

// serveHelp is where SdkUrl leads: a page for people, not an archive.
func serveHelp(w http.ResponseWriter) {
	page := "<!DOCTYPE html>\n<html><head><title>SDK</title></head><body>Help page of the SDK.</body></html>\n"
	reply{status: http.StatusOK, contentType: "text/html;charset=utf-8", body: []byte(page)}.writeTo(w)
}
