package baastest

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strconv"
	"time"
)

// Statuses of an application for a certificate.
const (
	appliedFor = 0
	inForce    = 1
	failed     = 2
)

// firstBid is the number of the first application.
const firstBid = 31001

// application is an application for a certificate, by either way.
type application struct {
	chain, consortium string // the consortium is unknown by the way of the CSR
	bid               string
	created, approved time.Time
	reset             time.Time // zero until then
	file              string    // of client.crt
}

// status returns what the application has come to at now, and since when.
func (a *application) status(now time.Time) (status int, since time.Time) {
	switch {
	case !a.reset.IsZero():
		return failed, a.reset
	case now.Before(a.approved):
		return appliedFor, a.created
	default:
		return inForce, a.approved
	}
}

// applyWithKey makes key and certificate.
func (s *Server) applyWithKey(c *call) (any, error) {
	if err := s.checkChain(c); err != nil {
		return nil, err
	}
	key, err := s.authority.newKey()
	if err != nil {
		return nil, err
	}
	chain := c.params.Get("AntChainId")
	der, err := s.authority.issue(order{chain: chain, subject: subjectOf(c.params), key: &key.PublicKey})
	if err != nil {
		return nil, err
	}
	encrypted, err := encryptKey(key, s.cfg.keyEnc, c.params.Get("Password"))
	if err != nil {
		return nil, err
	}
	file := s.recordIssued(c, der, 0)
	links := s.links(chain, file)
	if s.shapeOf(c) == Documented {
		return linksFirst{links, string(encrypted)}, nil
	}
	return keyFirst{string(encrypted), links}, nil
}

// applyWithCSR makes a certificate for the key of a CSR. It may take a while until that is in force.
func (s *Server) applyWithCSR(c *call) (any, error) {
	if err := s.checkChain(c); err != nil {
		return nil, err
	}
	doc, err := base64.StdEncoding.DecodeString(c.params.Get("UploadReq"))
	if err != nil {
		return nil, invalid("The parameter UploadReq is not Base64.")
	}
	block, _ := pem.Decode(doc)
	if block == nil || block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" {
		return nil, invalid("The parameter UploadReq is no certificate request in PEM.")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, invalid("The parameter UploadReq is no certificate request: " + err.Error())
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, invalid("The signature of the certificate request is not its key's: " + err.Error())
	}
	key, ok := csr.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, invalid("The key of the certificate request is not an RSA key.")
	}
	der, err := s.authority.issue(order{
		chain: c.params.Get("AntChainId"), subject: csr.Subject, rawSubject: csr.RawSubject, key: key,
	})
	if err != nil {
		return nil, err
	}
	s.recordIssued(c, der, s.cfg.approval)
	return "success", nil
}

// recordIssued publishes a certificate and notes the application for it. It returns the name of its file.
func (s *Server) recordIssued(c *call, der []byte, approval time.Duration) string {
	file := s.publish(der)
	now := s.cfg.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	s.applications = append(s.applications, &application{
		chain: c.params.Get("AntChainId"), consortium: c.params.Get("ConsortiumId"),
		bid: strconv.Itoa(firstBid + s.issued - 1), created: now, approved: now.Add(max(approval, 0)), file: file,
	})
	if len(s.applications) > maxKept {
		s.applications[0] = nil
		s.applications = s.applications[1:]
	}
	return file
}

// hasApplied is called with the lock held.
func (s *Server) hasApplied(chain string) bool {
	return slices.ContainsFunc(s.applications, func(a *application) bool {
		return a.chain == chain && a.reset.IsZero()
	})
}

// describeApplications lists the applications of one status, the latest first. The two actions do not agree about
// what a status is, and whether an application has a Bid.
func (s *Server) describeApplications(c *call) (any, error) {
	wanted := c.params.Get("Status")
	if !slices.Contains([]string{"0", "1", "2"}, wanted) {
		return nil, invalid("The parameter Status is not valid.")
	}
	now := s.cfg.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	chain, err := s.chain(c)
	if err != nil {
		return nil, err
	}
	var list []fields
	for _, a := range slices.Backward(s.applications) {
		status, since := a.status(now)
		if a.chain != chain.ID || strconv.Itoa(status) != wanted {
			continue
		}
		entry := fields{
			"AntChainId": a.chain, "Username": "uid-" + callerID, "Createtime": a.created.UnixMilli(),
			"Updatetime": since.UnixMilli(),
		}
		if c.action.domestic {
			entry["Status"] = wanted
		} else {
			entry["Status"], entry["Bid"] = status, a.bid
		}
		list = append(list, entry)
	}
	return listed(c, "CertificateApplications", list), nil
}

// describeDownloadPaths returns fresh links, that of client.crt to the certificate that came into force last.
func (s *Server) describeDownloadPaths(c *call) (any, error) {
	now := s.cfg.now()
	s.mu.Lock()
	chain, err := s.chain(c)
	var newest *application
	for _, a := range s.applications {
		if status, _ := a.status(now); a.chain == chain.ID && status == inForce &&
			(newest == nil || !a.approved.Before(newest.approved)) {
			newest = a
		}
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if newest == nil {
		return s.links(chain.ID, ""), nil
	}
	return s.links(chain.ID, newest.file), nil
}

// resetCertificate ends all applications of the caller for a chain.
func (s *Server) resetCertificate(c *call) (any, error) {
	return s.reset(c, func(*application) bool { return true })
}

// resetUserCertificate ends one application, or all of a user's for the chain. The reference page requires Bid and
// Operation, the official SDK knows neither of them: here they come together or not at all.
func (s *Server) resetUserCertificate(c *call) (any, error) {
	bid, operation := c.params.Get("Bid"), c.params.Get("Operation")
	if bid == "" && operation == "" {
		return s.reset(c, func(*application) bool { return c.params.Get("Username") == "uid-"+callerID })
	}
	if refused := c.require([]string{"Bid", "Operation"}); refused != nil {
		return nil, refused
	}
	if _, err := strconv.ParseInt(operation, 10, 32); err != nil {
		return nil, invalid("The parameter Operation is not a number.")
	}
	return s.reset(c, func(a *application) bool {
		return c.params.Get("Username") == "uid-"+callerID && a.bid == bid
	})
}

// reset ends the applications that are meant. It is a success also if there are none.
func (s *Server) reset(c *call, meant func(*application) bool) (any, error) {
	now := s.cfg.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	chain, err := s.chain(c)
	if err != nil {
		return nil, err
	}
	for _, a := range s.applications {
		if a.chain == chain.ID && a.reset.IsZero() && meant(a) {
			a.reset = now
		}
	}
	return "success", nil
}
