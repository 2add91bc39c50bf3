package pkcs12pbe_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/pkcs12pbe"
	"github.com/antchain-go/baas/internal/testkit"
)

func TestKeyAgreesWithOpenSSL(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "openssl")
	hashes := map[string]func() hash.Hash{
		"MD5": md5.New, "SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New,
	}
	tests := map[string]struct {
		digest   string
		purpose  pkcs12pbe.Purpose
		password string
		bmp      string // the password as a BMPString with its terminator
		salt     string
		iter     int
		size     int
	}{
		"key of two blocks":             {"SHA1", pkcs12pbe.EncryptionKey, "pass", "00700061007300730000", "0102030405060708", 2048, 24},
		"IV":                            {"SHA1", pkcs12pbe.IV, "pass", "00700061007300730000", "0102030405060708", 2048, 8},
		"MAC key":                       {"SHA1", pkcs12pbe.MACKey, "pass", "00700061007300730000", "0102030405060708", 2048, 20},
		"one iteration":                 {"SHA1", pkcs12pbe.EncryptionKey, "a", "00610000", "ff", 1, 20},
		"empty password":                {"SHA1", pkcs12pbe.EncryptionKey, "", "0000", "0102", 3, 24},
		"beyond Latin":                  {"SHA1", pkcs12pbe.EncryptionKey, "密é", "5bc600e90000", "0102", 3, 24},
		"beyond the BMP":                {"SHA1", pkcs12pbe.EncryptionKey, "😀", "d83dde000000", "0102", 3, 24},
		"salt longer than a block":      {"SHA1", pkcs12pbe.EncryptionKey, "a", "00610000", strings.Repeat("ab", 65), 3, 100},
		"password longer than a block":  {"SHA1", pkcs12pbe.EncryptionKey, strings.Repeat("a", 40), strings.Repeat("0061", 40) + "0000", "0102", 3, 100},
		"password that fills a block":   {"SHA1", pkcs12pbe.EncryptionKey, strings.Repeat("a", 31), strings.Repeat("0061", 31) + "0000", "0102", 3, 61},
		"carries through many blocks":   {"SHA1", pkcs12pbe.EncryptionKey, "a", "00610000", strings.Repeat("ff", 64), 1, 4000},
		"SHA-256":                       {"SHA256", pkcs12pbe.EncryptionKey, "pass", "00700061007300730000", "0102", 3, 70},
		"SHA-512 with its longer block": {"SHA512", pkcs12pbe.EncryptionKey, "pass", "00700061007300730000", "0102", 3, 200},
		"MD5":                           {"MD5", pkcs12pbe.EncryptionKey, "pass", "00700061007300730000", "0102", 3, 70},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "openssl", "kdf", "-keylen", fmt.Sprint(tt.size),
				"-kdfopt", "digest:"+tt.digest, "-kdfopt", "hexpass:"+tt.bmp, "-kdfopt", "hexsalt:"+tt.salt,
				"-kdfopt", fmt.Sprint("iter:", tt.iter), "-kdfopt", fmt.Sprint("id:", tt.purpose), "PKCS12KDF").Output()
			require.NoError(t, err)
			salt, err := hex.DecodeString(tt.salt)
			require.NoError(t, err)
			got := pkcs12pbe.Key(hashes[tt.digest], tt.purpose, tt.password, salt, tt.iter, tt.size)
			want := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(string(out)), ":", ""))
			require.Equal(t, want, hex.EncodeToString(got))
		})
	}
}

func TestEdges(t *testing.T) {
	t.Parallel()
	key := func(password string, salt []byte, iterations, size int) []byte {
		return pkcs12pbe.Key(sha1.New, pkcs12pbe.EncryptionKey, password, salt, iterations, size)
	}
	require.Empty(t, key("a", []byte{1}, 1, 0))
	require.Len(t, key("a", nil, 1, 24), 24, "no salt")
	require.Equal(t, key("a", []byte{1}, 1, 24), key("a", []byte{1}, 0, 24), "at least one round")
	require.Equal(t, key("a", []byte{1}, 1, 24), key("a", []byte{1}, -5, 24))
	require.Equal(t, key("\uFFFD", []byte{1}, 1, 24), key("\xff", []byte{1}, 1, 24))
}
