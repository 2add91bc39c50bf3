package baas_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// fuzzed are texts of which each has its own way of being encoded.
var fuzzed = []string{
	"", " ", "a b", "+", "*", "~", "%", "%20", "&", "=", "/", "a&b=c", "中文", "🦊", "\t\r\n", "é", "\x00", "-_.~", "A=B&C=D", "?#", `"\`,
	"\u2028", "İ", "%E4%B8%AD", "x-acs-date", "host:;,", "\xff", strings.Repeat("é*", 50),
}

// FuzzSignerAgreesWithVerifier has a client send any parameters, wherever they
// are and whatever the credential, to a server that verifies the signature with
// code of its own and answers with the parameters that it has verified.
func FuzzSignerAgreesWithVerifier(f *testing.F) {
	const echo = "Echo"
	kinds := []string{"access_key", "sts", "bearer"}
	var clients []*baas.Client
	for _, kind := range kinds {
		server := baastest.NewServer(baastest.WithInMemory(), baastest.WithCredential(credentialsOfEveryKind(f)[kind]))
		f.Cleanup(server.Close)
		server.Handle(echo, func(params url.Values) (any, error) { return params, nil })
		for _, inQuery := range []bool{false, true} {
			for _, version := range []baas.SignatureVersion{baas.SignatureV2, baas.SignatureV3} {
				clients = append(clients, server.Client(baas.WithSignatureVersion(version), queryOption(inQuery)))
			}
		}
	}
	for i, v := range fuzzed {
		for client := range clients {
			f.Add("Name"+v, v, fuzzed[(i+1)%len(fuzzed)], uint8(client))
		}
	}
	f.Fuzz(func(t *testing.T, name, value, other string, client uint8) {
		sent := url.Values{"Other": {other}, "RegionId": {"cn-beijing"}}
		sent[name] = []string{value}
		var reply struct{ Result url.Values }
		err := clients[int(client)%len(clients)].Do(t.Context(), baas.Operation{Action: echo, Params: sent, ReadOnly: true}, &reply)
		if isErr(err, baas.ErrInvalidRequest) {
			return // it is never sent
		}
		require.NoError(t, err)
		require.Equal(t, sent, reply.Result, "what was meant has arrived, and was signed")
	})
}
