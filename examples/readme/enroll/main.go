// Command enroll is the complete program of README.md.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"os"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

func main() {
	client, err := baas.NewClient() // finds the access key in the environment
	if err != nil {
		log.Fatal(err)
	}
	req := &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq",
		CommonName: "wallet.example.com", OrganizationUnitName: "Wallet", OrganizationName: "Example",
		LocalityName: "Hangzhou", StateOrProvinceName: "Zhejiang", CountryName: "CN",
		Password: os.Getenv("ANTCHAIN_KEY_PASSWORD"), // the service encrypts the key with it
	}
	bundle, err := ensure(context.Background(), client, "wallet-identity", req)
	if err != nil {
		log.Fatal(err) // see "When the outcome is unknown"
	}
	cfg, err := bundle.TLSConfig(req.Password, certbundle.PinNodes(os.Getenv("ANTCHAIN_NODE_PIN")))
	if err != nil {
		log.Fatal(err)
	}
	conn, err := tls.Dial("tcp", os.Getenv("ANTCHAIN_NODE"), cfg)
	if err != nil {
		log.Fatal(certbundle.ExplainHandshake(err))
	}
	defer conn.Close()
	log.Print("connected to ", conn.RemoteAddr())
}

// ensure returns the TLS identity in dir. If there is none, it enrolls.
func ensure(ctx context.Context, client *baas.Client, dir string, req *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest) (*certbundle.Bundle, error) {
	bundle, err := identity.Ensure(ctx, client, identity.Dir(dir), req, identity.WithLogger(slog.Default())) // the second start sends nothing
	var key *identity.KeyError
	if errors.As(err, &key) { // dir did not take the key, and the error has the only copy
		err = errors.Join(err, key.Bundle.WriteDir(dir+"-rescued"))
	}
	return bundle, err
}
