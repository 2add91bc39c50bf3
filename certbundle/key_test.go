package certbundle_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

func TestEveryKeyEncryptionOfTheServiceOpens(t *testing.T) {
	t.Parallel()
	tests := map[string]baastest.KeyEncryption{
		"PBES2 AES-256-CBC PBKDF2-HMAC-SHA256": baastest.PBES2AES256,
		"PBES2 AES-128-CBC PBKDF2-HMAC-SHA1":   baastest.PBES2AES128SHA1,
		"PBES2 DES-EDE3-CBC PBKDF2-HMAC-SHA1":  baastest.PBES2DES3,
		"PBES2 AES-256-CBC scrypt":             baastest.PBES2Scrypt,
		"PBES1 DES-CBC PBKDF1-MD5":             baastest.PBES1MD5DES,
		"PBES1 DES-CBC PBKDF1-SHA1":            baastest.PBES1SHA1DES,
		"PKCS12 DES-EDE3-CBC PKCS12KDF-SHA1":   baastest.PKCS12SHA1DES3,
		"none":                                 baastest.Unencrypted,
	}
	for name, enc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := issued(t, newIssuer(t, baastest.WithKeyEncryption(enc)), keyPassword)
			report, err := b.Verify(keyPassword)
			require.NoError(t, err)
			require.Equal(t, name, report.KeyEncryption)

			report, err = b.Verify("wrong")
			require.Equal(t, name, report.KeyEncryption)
			if enc == baastest.Unencrypted {
				require.NoError(t, err, "there is nothing to open")
				return
			}
			require.ErrorIs(t, err, certbundle.ErrPassword)
		})
	}
}

// opensslKeys are the ways OpenSSL can encrypt a key that certbundle opens.
func opensslKeys() map[string][]string {
	return map[string][]string{
		"PBES2 AES-256-CBC PBKDF2-HMAC-SHA256":  {"-v2", "aes-256-cbc"},
		"PBES2 AES-192-CBC PBKDF2-HMAC-SHA224":  {"-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA224"},
		"PBES2 AES-128-CBC PBKDF2-HMAC-SHA1":    {"-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"},
		"PBES2 AES-256-CBC PBKDF2-HMAC-SHA384":  {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384"},
		"PBES2 AES-128-CBC PBKDF2-HMAC-SHA512":  {"-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"},
		"PBES2 DES-EDE3-CBC PBKDF2-HMAC-SHA256": {"-v2", "des3"},
		"PBES2 AES-256-CBC scrypt":              {"-scrypt"},
		"PBES2 AES-128-CBC scrypt":              {"-v2", "aes-128-cbc", "-scrypt", "-scrypt_N", "1024", "-scrypt_r", "4", "-scrypt_p", "3"},
		"PBES1 DES-CBC PBKDF1-MD5":              {"-v1", "PBE-MD5-DES"},
		"PBES1 DES-CBC PBKDF1-SHA1":             {"-v1", "PBE-SHA1-DES"},
		"PKCS12 DES-EDE3-CBC PKCS12KDF-SHA1":    {"-v1", "PBE-SHA1-3DES"},
	}
}

// opensslEncrypts returns the key as OpenSSL encrypts it with keyPassword.
func opensslEncrypts(t testing.TB, key []byte, how ...string) []byte {
	t.Helper()
	args := append([]string{"pkcs8", "-topk8", "-passout", "env:PW", "-provider", "legacy", "-provider", "default"}, how...)
	return []byte(mustRun(t, "", string(key), keyPassword, "openssl", args...))
}

func TestKeysThatOpenSSLEncryptsOpen(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	key := newECKey(t)
	for name, how := range opensslKeys() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := opensslEncrypts(t, clearKey(t, key), how...)
			got, encryption, err := certbundle.OpenKey(data, keyPassword)
			require.NoError(t, err)
			require.Equal(t, name, encryption)
			require.True(t, key.Equal(got))

			// Often enough that some paddings look right by chance.
			wrong := 600
			if strings.HasSuffix(name, "scrypt") {
				wrong = 3
			}
			for range wrong {
				got, encryption, err = certbundle.OpenKey(data, rand.Text())
				requireFault(t, err, certbundle.ErrPassword, certbundle.ClientKeyFile)
				require.Nil(t, got)
				require.Equal(t, name, encryption)
			}
		})
	}
}

func TestOpenSSLOpensTheIssuedKeyAndFindsThePair(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	dir := onDisk(t, issued(t, newIssuer(t), keyPassword))
	fromKey := mustRun(t, dir, "", keyPassword, "openssl", "pkey", "-in", "client.key", "-passin", "env:PW", "-pubout")
	fromCert := mustRun(t, dir, "", "", "openssl", "x509", "-in", "client.crt", "-pubkey", "-noout")
	require.Equal(t, fromCert, fromKey)
	require.Contains(t, mustRun(t, dir, "", "", "openssl", "verify", "-purpose", "sslclient", "-CAfile", "ca.crt", "client.crt"), "OK")
}

func TestKeysOfEveryTypeThatSignsOpen(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, key := range map[string]interface{ Equal(crypto.PrivateKey) bool }{
		"ECDSA": newECKey(t), "Ed25519": ed, "RSA": newRSAKey(t),
	} {
		for how, data := range map[string][]byte{"clear": clearKey(t, key), "encrypted": lockedKey(t, key, keyPassword)} {
			got, _, err := certbundle.OpenKey(data, keyPassword)
			require.NoError(t, err, "%s %s", name, how)
			require.True(t, key.Equal(got), "%s %s", name, how)
		}
	}
}

func TestKeyFilesThatAreNotKeysAreRefused(t *testing.T) {
	t.Parallel()
	agreement, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	locked := algorithm(md5DESOID, sequence(salt(), integer(1)))
	good := clearKey(t, newECKey(t))
	block, _ := pem.Decode(good)
	der := block.Bytes
	tests := map[string]struct {
		data []byte
		says string
	}{
		"an HTML page":              {[]byte("<html>not found</html>"), "not PEM"},
		"a certificate":             {pemKey("CERTIFICATE", der), "neither"},
		"cut off":                   {good[:len(good)/2], "cut off"},
		"cut off within":            {pemKey("PRIVATE KEY", der[:len(der)-1]), "PrivateKeyInfo"},
		"more than its end":         {pemKey("PRIVATE KEY", append(der[:len(der):len(der)], 0)), "PrivateKeyInfo"},
		"an empty block":            {pemKey("PRIVATE KEY", nil), "PrivateKeyInfo"},
		"an empty encrypted block":  {pemKey("ENCRYPTED PRIVATE KEY", nil), "EncryptedPrivateKeyInfo"},
		"clear, said to be locked":  {pemKey("ENCRYPTED PRIVATE KEY", der), "EncryptedPrivateKeyInfo"},
		"locked, and more within":   {pemKey("ENCRYPTED PRIVATE KEY", encode(sequence(locked, octets(make([]byte, 16)), integer(1)))), "EncryptedPrivateKeyInfo"},
		"locked, and more after":    {pemKey("ENCRYPTED PRIVATE KEY", append(encode(sequence(locked, octets(make([]byte, 16)))), 0)), "EncryptedPrivateKeyInfo"},
		"a key that cannot sign":    {clearKey(t, agreement), "cannot sign"},
		"a broken key":              {pemKey("PRIVATE KEY", privateKeyInfo(ecOID, []byte{5, 0})), ecOID},
		"RSA that is not an RSAKey": {pemKey("PRIVATE KEY", privateKeyInfo(rsaOID, []byte{5, 0})), "RSA"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, _, err := certbundle.OpenKey(tt.data, keyPassword)
			requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
			require.ErrorContains(t, err, tt.says)
			require.Nil(t, key)
		})
	}
	_, _, err = certbundle.OpenKey(nil, keyPassword)
	requireFault(t, err, fs.ErrNotExist, certbundle.ClientKeyFile)
}

func TestWhatIsDecryptedDecidesAboutThePassword(t *testing.T) {
	t.Parallel()
	ec, err := x509.MarshalPKCS8PrivateKey(newECKey(t))
	require.NoError(t, err)
	// Its 48 bytes are whole blocks and end in 0.
	ed, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	require.NoError(t, err)
	pad := func(b []byte) []byte {
		n := 16 - len(b)%16
		return append(b[:len(b):len(b)], strings.Repeat(string(rune(n)), n)...)
	}
	tests := map[string]struct {
		plain []byte
		want  error
	}{
		"a key":                              {pad(ec), nil},
		"garbage":                            {pad([]byte("not a key")), certbundle.ErrPassword},
		"nothing":                            {pad(nil), certbundle.ErrPassword},
		"a key and more":                     {pad(append(ec[:len(ec):len(ec)], 0)), certbundle.ErrPassword},
		"padding of 0":                       {ed, certbundle.ErrPassword},
		"padding of a whole block":           {pad(ed), nil},
		"padding longer than a block":        {append(ed[:48:48], strings.Repeat("\x20", 32)...), certbundle.ErrPassword},
		"padding that is not all the same":   {append(make([]byte, 13), 9, 3, 3), certbundle.ErrPassword},
		"a key of a kind that is not known":  {pad(privateKeyInfo("1.2.3.4", []byte{5, 0})), certbundle.ErrUnsupported},
		"a whole key whose numbers are huge": {pad(privateKeyInfo(rsaOID, rsaKey(8193))), certbundle.ErrMalformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, _, err := certbundle.OpenKey(pemKey("ENCRYPTED PRIVATE KEY", encryptAES(t, tt.plain)), keyPassword)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			requireFault(t, err, tt.want, certbundle.ClientKeyFile)
			require.Nil(t, key)
		})
	}
}

// requireFault checks what holds for every error.
func requireFault(t testing.TB, err, kind error, file string, also ...error) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	for line := range strings.Lines(err.Error()) {
		require.True(t, strings.HasPrefix(line, "certbundle: "), line)
	}
	require.ErrorContains(t, err, file)
	require.NotContains(t, err.Error(), keyPassword)
	require.Less(t, len(err.Error()), 1000)
	for _, other := range []error{certbundle.ErrPassword, certbundle.ErrMalformed, certbundle.ErrKeyMismatch,
		certbundle.ErrUntrusted, certbundle.ErrExpired, fs.ErrNotExist} {
		if other != kind && !slices.Contains(also, other) {
			require.NotErrorIs(t, err, other)
		}
	}
}
