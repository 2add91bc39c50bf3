package baastest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	helpPath    = "/help/sdk"
	linkKeyID   = "LTAIlinks"
	certPath    = "/certificate/" // in the path of a client.crt, before its name
	disposition = "response-content-disposition"
)

// publish puts a certificate on the server and returns the name of its file: 64 hexadecimal digits.
func (s *Server) publish(der []byte) string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	file := hex.EncodeToString(random[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[file] = encodeCertificates(der)
	s.fileOrder = append(s.fileOrder, file)
	if len(s.fileOrder) > maxKept {
		delete(s.files, s.fileOrder[0])
		s.fileOrder = s.fileOrder[1:]
	}
	return file
}

// links returns fresh links to the CA's files and to the certificate in file, if there is one. Their paths are those
// of the field.
func (s *Server) links(chain, file string) downloadPath {
	expires := s.cfg.now().Add(s.cfg.linkLife)
	if s.cfg.linkLife <= 0 {
		expires = s.cfg.now().Add(-time.Second)
	}
	folder := url.PathEscape(chain) + "_mychain010"
	p := downloadPath{
		SDKURL:     s.url + helpPath,
		TrustCAURL: s.link("/mvp_"+folder+"/trustCa", "trustCa", expires),
		CACrtURL:   s.link("/mvp_"+folder+"/ca.crt", "ca.crt", expires),
	}
	if file != "" {
		p.ClientCrtURL = s.link("/aliyun_"+folder+certPath+file+".crt", "client.crt", expires)
	}
	return p
}

func isFilePath(path string) bool {
	return strings.HasPrefix(path, "/mvp_") || strings.HasPrefix(path, "/aliyun_")
}

// link returns a pre-signed URL as object storage has them. The file is saved under name.
func (s *Server) link(escapedPath, name string, expires time.Time) string {
	at := strconv.FormatInt(expires.Unix(), 10)
	saveAs := "attachment; filename=" + name
	query := url.Values{
		"Expires": {at}, "OSSAccessKeyId": {linkKeyID}, disposition: {saveAs},
		"Signature": {s.linkSignature(escapedPath, at, saveAs)},
	}
	return s.url + escapedPath + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

func (s *Server) linkSignature(escapedPath, expires, saveAs string) string {
	mac := hmac.New(sha1.New, s.linkSecret)
	fmt.Fprintf(mac, "GET\n\n\n%s\n%s?%s=%s", expires, escapedPath, disposition, saveAs)
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
	w.Header().Set("Content-Disposition", r.URL.Query().Get(disposition))
	file := reply{status: http.StatusOK, contentType: "application/octet-stream", body: content}
	deliver(r.Context(), w, fault, file, func() {})
}

// file returns what a link leads to, if the link is sound and not yet expired.
func (s *Server) file(r *http.Request) ([]byte, *refusal) {
	if r.Method != http.MethodGet {
		return nil, newRefusal(http.StatusMethodNotAllowed, "MethodNotAllowed",
			"The specified method is not allowed against this resource.")
	}
	if refused := s.checkLink(r.URL); refused != nil {
		return nil, refused
	}
	caCrt, trustCA, err := s.authority.files()
	if err != nil {
		return nil, newRefusal(http.StatusInternalServerError, "InternalError", "baastest: "+err.Error())
	}
	switch name := path.Base(r.URL.Path); name {
	case "ca.crt":
		return caCrt, nil
	case "trustCa":
		return trustCA, nil
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		if cert, ok := s.files[strings.TrimSuffix(name, ".crt")]; ok {
			return cert, nil
		}
		return nil, newRefusal(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
}

func (s *Server) checkLink(link *url.URL) *refusal {
	query := link.Query()
	for _, name := range []string{"Expires", "OSSAccessKeyId", "Signature"} {
		if query.Get(name) == "" {
			return newRefusal(http.StatusForbidden, "AccessDenied",
				"You have no right to access this object because of bucket acl.")
		}
	}
	if query.Get("OSSAccessKeyId") != linkKeyID {
		return newRefusal(http.StatusForbidden, "InvalidAccessKeyId",
			"The OSS Access Key Id you provided does not exist in our records.")
	}
	expires, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
	if err != nil {
		return newRefusal(http.StatusForbidden, "AccessDenied", "Invalid date (should be seconds since epoch).")
	}
	want := s.linkSignature(link.EscapedPath(), query.Get("Expires"), query.Get(disposition))
	if !equal(query.Get("Signature"), want) {
		return newRefusal(http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	if s.cfg.now().Unix() > expires {
		return newRefusal(http.StatusForbidden, "AccessDenied", "Request has expired.")
	}
	return nil
}

// serveHelp is where SdkUrl leads: a page for people, not an archive.
func serveHelp(w http.ResponseWriter) {
	page := "<!DOCTYPE html>\n<html><head><title>SDK</title></head><body>Help page of the SDK.</body></html>\n"
	reply{status: http.StatusOK, contentType: "text/html;charset=utf-8", body: []byte(page)}.writeTo(w)
}
