package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/url"

	"github.com/antchain-go/baas"
)

// printRow prints a label and a value. What cannot be printed is no reason to
// stop: the key comes first.
func printRow(w io.Writer, label, value string) {
	_, _ = fmt.Fprintf(w, "%-13s%s\n", label, value)
}

func printApplication(w io.Writer, endpoint string, s *settings) {
	r := s.request
	printRow(w, "Endpoint", endpoint)
	printRow(w, "Chain", r.AntChainID+" of consortium "+r.ConsortiumID)
	printRow(w, "Subject", fmt.Sprintf("CN=%s, C=%s, ST=%s, L=%s, O=%s, OU=%s", r.CommonName, r.CountryName,
		r.StateOrProvinceName, r.LocalityName, r.OrganizationName, r.OrganizationUnitName))
}

func printResponse(w io.Writer, resp *baas.ApplyAntChainCertificateWithKeyAutoCreationResponse) {
	links := resp.Result.DownloadPath
	printRow(w, "Request ID", resp.RequestID)
	printRow(w, "Private key", describeKey(resp.Result.PrivateKey))
	printRow(w, "client.crt", withoutQuery(links.ClientCrtURL))
	printRow(w, "ca.crt", withoutQuery(links.CACrtURL))
	printRow(w, "trustCa", withoutQuery(links.TrustCAURL))
	printRow(w, "SDK", withoutQuery(links.SDKURL))
}

// describeKey tells the kind and the size of a key, and nothing of the key.
func describeKey(key string) string {
	kind := "not PEM"
	if block, _ := pem.Decode([]byte(key)); block != nil {
		kind = block.Type
	}
	return fmt.Sprintf("%s, %d bytes (not shown)", kind, len(key))
}

// withoutQuery leaves out what makes a link a secret: its signature, and
// whatever else could be one.
func withoutQuery(link string) string {
	if link == "" {
		return "missing; DescribeAntChainDownloadPaths gives it"
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return "not a link (not shown)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
