package baastest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// enroll stands for your own code: it applies for a certificate and decides what to do when the outcome is unknown.
func enroll(ctx context.Context, client *baas.Client) string {
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(
		ctx, &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
			AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq",
			CommonName: "orders", CountryName: "CN", StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou",
			OrganizationName: "Example", OrganizationUnitName: "IT", Password: "correct horse",
		})
	switch {
	case err == nil:
		return "enrolled"
	case errors.Is(err, baas.ErrOutcomeUnknown):
		return "a certificate may exist: calling an operator"
	default:
		return "not enrolled: safe to try again"
	}
}

// A test scripts what goes wrong and looks at what your code made of it.
func Example() {
	srv := baastest.NewServer()
	defer srv.Close()
	client := srv.Client()
	ctx := context.Background()

	fmt.Println(enroll(ctx, client), srv.Issued())

	srv.Inject(baastest.DropAfter()) // the certificate is issued, the reply is lost
	fmt.Println(enroll(ctx, client), srv.Issued())

	srv.Inject(baastest.Refuse(403, "Forbidden.RAM", "no permission"))
	fmt.Println(enroll(ctx, client), srv.Issued())

	for _, r := range srv.Requests() {
		fmt.Printf("%s %d %q\n", r.Params.Get("CommonName"), r.Status, r.Code)
	}

	// Output:
	// enrolled 1
	// a certificate may exist: calling an operator 2
	// not enrolled: safe to try again 2
	// orders 200 ""
	// orders 0 ""
	// orders 400 "SignatureNonceUsed"
	// orders 403 "Forbidden.RAM"
}
