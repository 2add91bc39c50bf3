package baastest_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/internal/testkit"
)

// algorithms are the names under which OpenSSL shows what each scheme is made of, PBKDF2's 2048 iterations included.
func algorithms() map[baastest.KeyEncryption][]string {
	return map[baastest.KeyEncryption][]string{
		baastest.PBES2AES256:        {":PBES2", ":PBKDF2", ":hmacWithSHA256", ":aes-256-cbc", ":0800"},
		baastest.PBES2AES128SHA1:    {":PBES2", ":PBKDF2", ":hmacWithSHA1", ":aes-128-cbc", ":0800"},
		baastest.PBES2DES3:          {":PBES2", ":PBKDF2", ":hmacWithSHA1", ":des-ede3-cbc", ":0800"},
		baastest.PBES2Scrypt:        {":PBES2", ":scrypt", ":aes-256-cbc", ":4000"},
		baastest.PBES1MD5DES:        {":pbeWithMD5AndDES-CBC", ":0800"},
		baastest.PBES1SHA1DES:       {":pbeWithSHA1AndDES-CBC", ":0800"},
		baastest.PKCS12SHA1DES3:     {":pbeWithSHA1And3-KeyTripleDES-CBC", ":0800", "l=  20 prim: OCTET STRING"},
		baastest.Unencrypted:        {":rsaEncryption"},
		baastest.KeyEncryption(999): {":pbeWithSHA1And3-KeyTripleDES-CBC", ":0800", "l=  20 prim: OCTET STRING"},
	}
}

func TestOpenSSLOpensEveryKeyEncryption(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	for enc, names := range algorithms() {
		for _, pw := range []string{"password", "密码 pässword 😀"} {
			t.Run(fmt.Sprint(enc, names, pw), func(t *testing.T) {
				t.Parallel()
				srv := newServer(t, baastest.WithKeyEncryption(enc))
				v := application(t, srv, time.Now())
				v.Set("Password", pw)
				result := mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv))).result(t)
				cert := download(t, srv, result.DownloadPath.ClientCrtUrl).body

				wantType := "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
				if enc == baastest.Unencrypted {
					wantType = "-----BEGIN PRIVATE KEY-----\n"
				}
				require.True(t, strings.HasPrefix(result.PrivateKey, wantType), result.PrivateKey)
				shown, err := openssl(t, result.PrivateKey, "", "asn1parse")
				require.NoError(t, err, shown)
				for _, name := range names {
					require.Contains(t, shown, name)
				}

				fromKey, err := openssl(t, result.PrivateKey, pw, legacy("pkey", "-passin", "env:PW", "-pubout")...)
				require.NoError(t, err, fromKey)
				fromCert, err := openssl(t, string(cert), "", "x509", "-pubkey", "-noout")
				require.NoError(t, err, fromCert)
				require.Equal(t, fromCert, fromKey)

				if enc != baastest.Unencrypted {
					_, err = openssl(t, result.PrivateKey, "wrong", legacy("pkey", "-passin", "env:PW", "-pubout")...)
					require.Error(t, err)
				}
			})
		}
	}
}

// legacy lets OpenSSL use DES, which it otherwise refuses.
func legacy(args ...string) []string {
	return append(args, "-provider", "legacy", "-provider", "default")
}

// openssl runs OpenSSL with input on its standard input and the password in its environment.
func openssl(t *testing.T, input, pw string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = append(os.Environ(), "PW="+pw)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return stderr.String(), err
	}
	return string(out), nil
}

// The order is part of the contract: the zero value is the field's own, and the default.
func TestKeyEncryptionsInOrder(t *testing.T) {
	t.Parallel()
	for i, enc := range []baastest.KeyEncryption{
		baastest.PKCS12SHA1DES3, baastest.PBES2AES256, baastest.PBES2AES128SHA1, baastest.PBES2DES3,
		baastest.PBES2Scrypt, baastest.PBES1MD5DES, baastest.PBES1SHA1DES, baastest.Unencrypted,
	} {
		require.Equal(t, baastest.KeyEncryption(i), enc)
	}
	decryptKey(t, apply(t, newServer(t)).PrivateKey)
}

func TestJavaOpensTheTrustStore(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "keytool")
	for name, issuance := range issuances() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := obtain(t, newServer(t, baastest.WithIssuance(issuance)), nil)
			path := filepath.Join(t.TempDir(), "trustCa")
			require.NoError(t, os.WriteFile(path, got.trustStore, 0o600))
			keytool := func(pw string) (string, error) {
				out, err := exec.CommandContext(t.Context(), "keytool", "-list", "-rfc", "-keystore", path,
					"-storetype", "JKS", "-storepass", pw).CombinedOutput()
				return string(out), err
			}
			out, err := keytool("mychain")
			require.NoError(t, err, out)
			require.Contains(t, out, "trustedCertEntry")
			block, _ := pem.Decode([]byte(out[strings.Index(out, "-----BEGIN"):]))
			require.Equal(t, ders(t, got.caCrt)[0], block.Bytes)
			_, err = keytool("yourchain")
			require.Error(t, err)
		})
	}
}

// OpenSSL, too, finds that the chains of the consoles hold together, SHA-1 aside.
func TestOpenSSLVerifiesEveryIssuance(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	for name, issuance := range issuances() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := obtain(t, newServer(t, baastest.WithIssuance(issuance)), nil)
			path := filepath.Join(t.TempDir(), "ca.crt")
			require.NoError(t, os.WriteFile(path, got.caCrt, 0o600))
			out, err := openssl(t, string(got.clientCrt), "", "verify", "-auth_level", "0", "-purpose", "sslclient", "-CAfile", path)
			require.NoError(t, err, out)
		})
	}
}
