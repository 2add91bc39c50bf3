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
// the time of a call. It is valid JSON. Links may be at any depth; the key that
// was proven to be there is not.
func decodeCertificate(result []byte, r *CertificateResult) error {
	p := &r.DownloadPath
	envelope.Texts(result,
		envelope.Field{Name: "PrivateKey", Text: &r.PrivateKey},
		envelope.Field{Name: "CaCrtUrl", Text: &p.CACrtURL, AnyDepth: true},
		envelope.Field{Name: "ClientCrtUrl", Text: &p.ClientCrtURL, AnyDepth: true},
		envelope.Field{Name: "SdkUrl", Text: &p.SDKURL, AnyDepth: true},
		envelope.Field{Name: "TrustCaUrl", Text: &p.TrustCAURL, AnyDepth: true})
	return nil
}
