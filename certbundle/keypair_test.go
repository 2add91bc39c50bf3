package certbundle_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestKeyPair(t *testing.T) {
	t.Parallel()
	b := issued(t, newIssuer(t), keyPassword)
	want, err := b.TLSCertificate(keyPassword)
	require.NoError(t, err)

	cert, key, err := b.KeyPair(keyPassword)
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	require.Equal(t, want.Certificate, pair.Certificate)
	require.Equal(t, want.PrivateKey, pair.PrivateKey)
	require.Regexp(t, `^-----BEGIN PRIVATE KEY-----\n`, string(key))

	cert, key, err = b.KeyPair("wrong")
	require.ErrorIs(t, err, certbundle.ErrPassword)
	require.Nil(t, cert)
	require.Nil(t, key)
	_, _, err = (*certbundle.Bundle)(nil).KeyPair("")
	require.Error(t, err)
	_, _, err = (&certbundle.Bundle{PrivateKey: b.PrivateKey}).KeyPair(keyPassword)
	require.Error(t, err, "no client.crt")
}
