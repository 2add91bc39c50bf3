package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

func TestSubject(t *testing.T) {
	t.Parallel()
	var c config
	require.NoError(t, c.setSubject(`cn=app\, one , OU = Q\+A\20,O=\e5\8c\ba块,L=a b,ST=\#1,C=CN`))
	require.Equal(t, baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		CommonName: "app, one", OrganizationUnitName: "Q+A ", OrganizationName: "区块", LocalityName: "a b", StateOrProvinceName: "#1", CountryName: "CN",
	}, c.request)
	require.EqualError(t, c.setSubject(""), "-subject: is missing")
	require.EqualError(t, c.setSubject("CN=a,CN=b"), "-subject: CN stands there twice, and the service takes one")
}
