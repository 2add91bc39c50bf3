package readme_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/antchain-go/baas"
)

// enroll applies for a TLS identity and hands the encrypted key to store.
func enroll(ctx context.Context, client *baas.Client, password string, store func(key string) error) error {
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx,
		&baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
			AntChainID:           "1q8B5R9p",
			ConsortiumID:         "DV80nJXq",
			CommonName:           "wallet.example.com",
			CountryName:          "CN",
			StateOrProvinceName:  "Zhejiang",
			LocalityName:         "Hangzhou",
			OrganizationName:     "Example",
			OrganizationUnitName: "Wallet",
			Password:             password, // the service encrypts the key with it
		})
	var unknown *baas.OutcomeUnknownError
	if errors.As(err, &unknown) {
		// A certificate may exist. Whoever calls must not simply try again.
		return fmt.Errorf("look in the console before applying again (nonce %s, request ID %q): %w",
			unknown.SignatureNonce, unknown.RequestID, err)
	}
	if err != nil {
		return err // nothing was issued
	}
	// The key is handed over this once: store it before anything else, and do not drop it if that fails.
	return store(resp.Result.PrivateKey)
}
