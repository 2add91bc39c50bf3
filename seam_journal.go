package baas

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// A Stamp identifies a message that was about to be sent. It holds no secret
// and survives JSON.
type Stamp struct {
	Nonce  string
	Time   time.Time
	Digest string
}

type callOptions struct {
	journal func(context.Context, Stamp) error
	resume  *Stamp
}

// CallOption changes one call.
type CallOption func(*callOptions)

// WithJournal calls record before each fresh message.
func WithJournal(record func(context.Context, Stamp) error) CallOption {
	return func(o *callOptions) { o.journal = record }
}

// WithResume makes the call's first message the one of s.
func WithResume(s Stamp) CallOption {
	return func(o *callOptions) { o.resume = &s }
}

// SeamApply stands for the typed method until that takes options.
func (c *Client) SeamApply(
	ctx context.Context, req *ApplyAntChainCertificateWithKeyAutoCreationRequest, opts ...CallOption,
) (*ApplyAntChainCertificateWithKeyAutoCreationResponse, error) {
	var o callOptions
	for _, opt := range opts {
		opt(&o)
	}
	faults := req.validate()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &seam{c: c, o: o, ctx: ctx, cancel: cancel, req: req, system: systemClock()}
	if o.resume != nil {
		if err := s.checkResume(); err != nil {
			return nil, &OutcomeUnknownError{Action: actionApply, SignatureNonce: o.resume.Nonce, Err: err}
		}
	}
	twin := &Client{
		endpoint: c.endpoint, transport: c.transport, keys: c.keys, attemptTimeout: c.attemptTimeout, retry: c.retry,
		logger: c.logger, request: c.request, paramsInQuery: c.paramsInQuery, clock: s.clock, nonce: s.nonce,
	}
	k, err := twin.newCall(ctx, operation{action: actionApply, wantsKey: true, params: req.pairs()}, faults, req.Password)
	if err != nil {
		return nil, err
	}
	defer k.release()
	k.state.inDoubt = o.resume != nil
	r, err := k.run()
	if s.failed != nil {
		return nil, fmt.Errorf("baas: %s: journal: %w", actionApply, s.failed)
	}
	if err != nil {
		return nil, err
	}
	return &ApplyAntChainCertificateWithKeyAutoCreationResponse{
		RequestID: r.requestID,
		Result:    CertificateResult{PrivateKey: r.privateKey, DownloadPath: r.downloadPath},
	}, nil
}

type seam struct {
	c      *Client
	o      callOptions
	ctx    context.Context
	cancel func()
	req    *ApplyAntChainCertificateWithKeyAutoCreationRequest
	system func() instant
	pinned *time.Time
	failed error
}

func (s *seam) checkResume() error {
	r := *s.o.resume
	digest, err := s.digest(r.Nonce, r.Time)
	age := time.Since(r.Time)
	switch {
	case err != nil:
		return err
	case digest != r.Digest:
		return errors.New("these are other bytes")
	case age > resendWindow, age < -time.Minute:
		return errors.New("not within the resend window")
	}
	return nil
}

func (s *seam) nonce() string {
	if s.o.resume != nil {
		s.pinned = &s.o.resume.Time
		return s.o.resume.Nonce
	}
	nonce, now := newNonce(), time.Now().UTC().Truncate(time.Second)
	s.pinned = &now
	if s.o.journal != nil {
		digest, err := s.digest(nonce, now)
		if err == nil {
			err = s.o.journal(s.ctx, Stamp{Nonce: nonce, Time: now, Digest: digest})
		}
		if err != nil {
			s.failed = err
			s.cancel()
		}
	}
	return nonce
}

// clock is the system's, except for the message that was just stamped.
func (s *seam) clock() instant {
	i := s.system()
	if s.pinned != nil {
		i.wall, s.pinned = *s.pinned, nil
	}
	return i
}

func (s *seam) digest(nonce string, at time.Time) (string, error) {
	creds, err := s.c.keys.keys(s.ctx)
	if err != nil {
		return "", err
	}
	params := url.Values{"n": {nonce}, "t": {at.Format(time.RFC3339)}, "id": {creds.accessKeyID, creds.securityToken, creds.bearerToken}}
	for _, p := range s.req.pairs() {
		params.Add("."+p.name, p.value)
	}
	sum := sha256.Sum256([]byte(s.c.endpoint.scheme + "\n" + s.c.endpoint.host + "\n" +
		SignRPC("POST", params, creds.accessKeySecret)))
	return hex.EncodeToString(sum[:]), nil
}
