package certbundle_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// recordedPassword is the one of testdata/keys, which BouncyCastle 1.72 has
// written: its JcaPKCS8Generator with JceOpenSSLPKCS8EncryptorBuilder, its
// JcePKCSPBEOutputEncryptorBuilder, and its ciphers of PBES1 and PKCS#12.
const recordedPassword = "链上密码é"

func TestKeysThatBouncyCastleEncryptsOpen(t *testing.T) {
	t.Parallel()
	want, err := x509.ParsePKCS8PrivateKey(readTestdata(t, "keys", "key.der"))
	require.NoError(t, err)
	files, err := os.ReadDir(filepath.Join("testdata", "keys"))
	require.NoError(t, err)
	opened := 0
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".pem" {
			continue
		}
		opened++
		data := readTestdata(t, "keys", f.Name())
		key, _, err := certbundle.OpenKey(data, recordedPassword)
		require.NoError(t, err, f.Name())
		require.Equal(t, want, key, f.Name())
		for _, wrong := range []string{"链上密码", "链上密码e", "password", "", "\xFE\x0A\xC6\x01\xE8"} {
			_, _, err = certbundle.OpenKey(data, wrong)
			requireFault(t, err, certbundle.ErrPassword, certbundle.ClientKeyFile)
			require.NotContains(t, err.Error(), recordedPassword)
		}
	}
	require.Equal(t, 11, opened)
}

// TestKeysWithPasswordsThatAreNotASCII opens what OpenSSL encrypts with the
// bytes that each writer makes of the password.
func TestKeysWithPasswordsThatAreNotASCII(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	key := clearKey(t, newECKey(t))
	const password = "密é𝄞" // also beyond the BMP: U+D834 U+DD1E in UTF-16
	lowBytes := "\xC6\xE9\x34\x1E"
	// OpenSSL before 1.1 took each byte for a character; for today's that is
	// this text.
	byteForByte := ""
	for _, b := range []byte(password) {
		byteForByte += string(rune(b))
	}
	for scheme, tt := range map[string]struct {
		how   []string
		forms []string
	}{
		"PBES2":          {[]string{"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"}, []string{password, lowBytes}},
		"PBES2, SHA-256": {[]string{"-v2", "aes-256-cbc"}, []string{password, lowBytes}},
		"PBES1":          {[]string{"-v1", "PBE-MD5-DES"}, []string{password, lowBytes}},
		"PKCS#12":        {[]string{"-v1", "PBE-SHA1-3DES"}, []string{password, byteForByte}},
		"scrypt":         {[]string{"-scrypt"}, []string{password}},
	} {
		for i, form := range tt.forms {
			t.Run(fmt.Sprint(scheme, ", form ", i), func(t *testing.T) {
				t.Parallel()
				args := append([]string{"pkcs8", "-topk8", "-passout", "env:PW", "-provider", "legacy", "-provider", "default"}, tt.how...)
				data := mustRun(t, "", string(key), form, "openssl", args...)
				_, _, err := certbundle.OpenKey([]byte(data), password)
				require.NoError(t, err)
				_, _, err = certbundle.OpenKey([]byte(data), password+"x")
				requireFault(t, err, certbundle.ErrPassword, certbundle.ClientKeyFile)
			})
		}
	}
}

// TestASecondFormDoesNotDoubleTheBound: at the limit of what a key may cost,
// only one form is tried.
func TestASecondFormDoesNotDoubleTheBound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		alg   part
		tries int
	}{
		{pbkdf2Key(salt(), integer(200_000)), 2}, {pbkdf2Key(salt(), integer(200_001)), 1},
		{pbeKey(md5DESOID, 100_000), 2}, {pbeKey(md5DESOID, 100_001), 1},
		{pbeKey(pkcs12OID, 100_000), 2}, {pbeKey(pkcs12OID, 100_001), 1},
		{scryptKey(2, 1, 1), 1},
	} {
		require.Equal(t, tt.tries, certbundle.PasswordForms(encrypted(tt.alg), recordedPassword))
		require.Equal(t, 1, certbundle.PasswordForms(encrypted(tt.alg), "password ~"))
	}
}
