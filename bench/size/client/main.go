// Command client is the least program that applies for a certificate.
package main

import (
	"context"
	"fmt"

	"github.com/antchain-go/baas"
)

func main() {
	client, err := baas.NewClient()
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(context.Background(), nil)
	fmt.Println(resp, err)
}
