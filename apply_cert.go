package baas

import (
	"context"
)

const actionApply = "ApplyAntChainCertificateWithKeyAutoCreation"

// ApplyAntChainCertificateWithKeyAutoCreation applies for access to an Ant
// Blockchain. The service makes a key pair and a certificate, and hands the
// private key over in this reply only, encrypted with the request's Password.
//
// It is not read-only and not idempotent. The client sends the application
// again only where that cannot issue a second certificate; see the package
// documentation. It is safe for concurrent use; each call applies for a
// certificate of its own. ctx bounds the whole call, credentials and waits
// included.
//
// Errors, all for errors.As:
//   - *ValidationError: a required field is missing; nothing was sent.
//   - *CredentialsError: there are no credentials; nothing was carried out.
//   - *APIError: the service refused; nothing was carried out. errors.Is tells
//     ErrUnauthenticated, ErrForbidden and ErrThrottled apart.
//   - *OutcomeUnknownError: a certificate may have been issued and its key be
//     lost. Do not apply again before this is cleared up.
//
// ErrUnavailable means that the service could not be reached;
// context.Canceled and context.DeadlineExceeded that ctx ended before anything
// was carried out, or, together with ErrOutcomeUnknown, maybe after.
//
// Reference page: help center, document 127082,
// https://help.aliyun.com/document_detail/127082.html
func (c *Client) ApplyAntChainCertificateWithKeyAutoCreation(
	ctx context.Context, req *ApplyAntChainCertificateWithKeyAutoCreationRequest,
) (*ApplyAntChainCertificateWithKeyAutoCreationResponse, error) {
	op := operation{action: actionApply, wantsKey: true}
	var faults []FieldError
	var password string
	if req == nil {
		faults = append(faults, FieldError{"req", "is nil"})
	} else {
		faults = req.validate()
		op.params = req.pairs()
		password = req.Password
	}
	k, err := c.newCall(ctx, op, faults, password)
	if err != nil {
		return nil, err
	}
	defer k.release()
	r, err := k.run()
	if err != nil {
		return nil, err
	}
	return &ApplyAntChainCertificateWithKeyAutoCreationResponse{
		RequestID: r.requestID,
		Result:    CertificateResult{PrivateKey: r.privateKey, DownloadPath: r.downloadPath},
	}, nil
}

// pairs lists the parameters, sorted by name.
func (r *ApplyAntChainCertificateWithKeyAutoCreationRequest) pairs() []pair {
	pairs := append(make([]pair, 0, 10),
		param("AntChainId", r.AntChainID),
		param("CommonName", r.CommonName),
		param("ConsortiumId", r.ConsortiumID),
		param("CountryName", r.CountryName),
		param("LocalityName", r.LocalityName),
		param("OrganizationName", r.OrganizationName),
		param("OrganizationUnitName", r.OrganizationUnitName),
		param(paramPassword, r.Password))
	if r.RegionID != "" {
		pairs = append(pairs, param("RegionId", r.RegionID))
	}
	return append(pairs, param("StateOrProvinceName", r.StateOrProvinceName))
}
