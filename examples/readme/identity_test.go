package readme_test

import (
	"context"
	"crypto/tls"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// identify applies for a TLS identity and keeps it in dir. Call it once, not at every start: it keeps no record of an
// application in doubt. A bundle beside an error means that a certificate was issued: do not apply again. With
// ErrKeyNotStored, that bundle holds the only copy of the key.
func identify(ctx context.Context, client *baas.Client, dir string,
	req *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest) (*certbundle.Bundle, error) {
	if err := certbundle.Prepare(dir); err != nil {
		return nil, err // dir is no place for a key; nothing has been applied for
	}
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req)
	if err != nil {
		return nil, err // see Errors
	}
	return certbundle.Save(ctx, dir, resp.Result) // the key first
}

// nodeConfig is for every start after that. Nothing is applied for.
func nodeConfig(dir, password string) (*tls.Config, error) {
	bundle, err := certbundle.Load(dir)
	if err != nil {
		return nil, err
	}
	if _, err := bundle.Verify(password); err != nil {
		return nil, err // names all that is wrong
	}
	return bundle.TLSConfig(password)
}

// complete downloads what a crash or a failed download has left out.
func complete(ctx context.Context, client *baas.Client, chainID, dir string) (*certbundle.Bundle, error) {
	links, err := freshLinks(ctx, client, chainID)
	if err != nil {
		return nil, err
	}
	return certbundle.Save(ctx, dir, baas.CertificateResult{DownloadPath: links})
}
