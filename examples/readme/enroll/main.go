// Command enroll is the complete program of README.md.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log"
	"os"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

func main() {
	password := os.Getenv("ANTCHAIN_KEY_PASSWORD")
	client, err := baas.NewClient() // finds the access key in the environment
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := identity(context.Background(), client, "wallet-certs", password)
	if err != nil {
		log.Fatal(err) // see "When the outcome is unknown"
	}
	cfg, err := bundle.TLSConfig(password, certbundle.PinNodes(os.Getenv("ANTCHAIN_NODE_PIN")))
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

// identity returns the TLS identity in dir. If there is none, it enrolls.
func identity(ctx context.Context, client *baas.Client, dir, password string) (*certbundle.Bundle, error) {
	bundle, err := certbundle.Load(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return bundle, err // all is there: the second start sends nothing
	}
	if err := certbundle.Prepare(dir); err != nil {
		return nil, err // no place for a key, or a part of an identity is there: nothing was sent
	}
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx,
		&baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
			AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq",
			CommonName: "wallet.example.com", OrganizationUnitName: "Wallet", OrganizationName: "Example",
			LocalityName: "Hangzhou", StateOrProvinceName: "Zhejiang", CountryName: "CN",
			Password: password, // the service encrypts the key with it
		})
	if err != nil {
		return nil, err
	}
	bundle, err = certbundle.Save(ctx, dir, resp.Result) // stores the key before anything else
	if errors.Is(err, certbundle.ErrKeyNotStored) {
		err = errors.Join(err, bundle.WriteDir(dir+"-rescued")) // the bundle holds the only copy
	}
	return bundle, err
}
