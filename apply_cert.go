package baas

import (
	"context"

	"github.com/antchain-go/baas/internal/envelope"
)

var applyWithKey = define(action[ApplyAntChainCertificateWithKeyAutoCreationRequest, CertificateResult]{
	semantics: semantics{
		name: "ApplyAntChainCertificateWithKeyAutoCreation",
		keys: envelope.Keys{Names: []string{"PrivateKey"}},
	},
	decode: decodeCertificate,
})

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
	ctx context.Context, req *ApplyAntChainCertificateWithKeyAutoCreationRequest, opts ...CallOption,
) (*ApplyAntChainCertificateWithKeyAutoCreationResponse, error) {
	r, err := invoke(ctx, c, applyWithKey, req, opts)
	return (*ApplyAntChainCertificateWithKeyAutoCreationResponse)(r), err
}

// decodeCertificate reads a Result without reflection, which would take most of
// the time of a call. It is valid JSON.
func decodeCertificate(result []byte, r *CertificateResult) error {
	s := envelope.NewScanner(result)
	p := &r.DownloadPath
	var member func(name []byte) bool
	member = func(name []byte) bool {
		switch {
		case s.Peek() == '{':
			return s.Object(member)
		case envelope.Is(name, "PrivateKey"):
			return s.TextInto(&r.PrivateKey)
		case envelope.Is(name, "CaCrtUrl"):
			return s.TextInto(&p.CACrtURL)
		case envelope.Is(name, "ClientCrtUrl"):
			return s.TextInto(&p.ClientCrtURL)
		case envelope.Is(name, "SdkUrl"):
			return s.TextInto(&p.SDKURL)
		case envelope.Is(name, "TrustCaUrl"):
			return s.TextInto(&p.TrustCAURL)
		}
		return s.Skip()
	}
	s.Object(member)
	return nil
}
