package baas

import "context"

// SeamApply is the typed method, for an Ensure that does not know it yet.
func (c *Client) SeamApply(
	ctx context.Context, req *ApplyAntChainCertificateWithKeyAutoCreationRequest, opts ...CallOption,
) (*ApplyAntChainCertificateWithKeyAutoCreationResponse, error) {
	return c.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req, opts...)
}
