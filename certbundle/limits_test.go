package certbundle_test

import (
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// quick is what a refusal may take on a machine that does much else. The work
// that it saves takes far longer.
const quick = 100 * time.Millisecond

func TestCostsOfKeysAreBounded(t *testing.T) {
	t.Parallel()
	pbkdf2 := func(params ...part) part { return pbes2(algorithm(pbkdf2OID, sequence(params...))) }
	scrypt := func(n, r, p int64) part {
		return pbes2(algorithm(scryptOID, sequence(salt(), integer(n), integer(r), integer(p))))
	}
	pbe := func(oid string, iterations int64) part {
		return algorithm(oid, sequence(salt(), integer(iterations)))
	}
	tests := map[string]struct{ at, over part }{
		"PBKDF2, 2,000,000 iterations":        {pbkdf2(salt(), integer(2_000_000)), pbkdf2(salt(), integer(2_000_001))},
		"PBKDF2, the most iterations":         {pbkdf2(salt(), integer(1)), pbkdf2(salt(), integer(math.MaxInt64))},
		"PBKDF2, one iteration at least":      {pbkdf2(salt(), integer(1)), pbkdf2(salt(), integer(0))},
		"PBKDF2, no negative iterations":      {pbkdf2(salt(), integer(1)), pbkdf2(salt(), integer(-1))},
		"PBKDF2, the cipher's key length":     {pbkdf2(salt(), integer(1), integer(16)), pbkdf2(salt(), integer(1), integer(17))},
		"PBKDF2, no shorter key length":       {pbkdf2(salt(), integer(1), integer(16)), pbkdf2(salt(), integer(1), integer(15))},
		"PBKDF2, no key length of nothing":    {pbkdf2(salt(), integer(1), integer(16)), pbkdf2(salt(), integer(1), integer(0))},
		"PBKDF2, key length before PRF":       {pbkdf2(salt(), integer(1), integer(16), algorithm(sha1PRFOID)), pbkdf2(salt(), integer(1), algorithm(sha1PRFOID), integer(16))},
		"PBES1 MD5, 1,000,000 iterations":     {pbe(md5DESOID, 1_000_000), pbe(md5DESOID, 1_000_001)},
		"PBES1 SHA-1, 1,000,000 iterations":   {pbe(sha1DESOID, 1_000_000), pbe(sha1DESOID, 1_000_001)},
		"PBES1, one iteration at least":       {pbe(sha1DESOID, 1), pbe(sha1DESOID, 0)},
		"PKCS#12, 1,000,000 iterations":       {pbe(pkcs12OID, 1_000_000), pbe(pkcs12OID, 1_000_001)},
		"PKCS#12, one iteration at least":     {pbe(pkcs12OID, 1), pbe(pkcs12OID, 0)},
		"scrypt, 64 MiB by N":                 {scrypt(1<<19, 1, 1), scrypt(1<<20, 1, 1)},
		"scrypt, 64 MiB by r":                 {scrypt(1<<10, 512, 1), scrypt(1<<10, 513, 1)},
		"scrypt, work by p":                   {scrypt(1<<16, 8, 4), scrypt(1<<16, 8, 5)},
		"scrypt, 1 MiB by r":                  {scrypt(2, 1<<13/3, 1), scrypt(2, 1<<13/3+1, 1)},
		"scrypt, 1 MiB by p":                  {scrypt(2, 1, 1<<13-2), scrypt(2, 1, 1<<13-1)},
		"scrypt, N that overflows":            {scrypt(2, 1, 1), scrypt(1<<62, 2, 2)},
		"scrypt, r that overflows":            {scrypt(2, 1, 1), scrypt(2, math.MaxInt64, 1)},
		"scrypt, p that overflows":            {scrypt(2, 2, 1), scrypt(2, 2, math.MaxInt64)},
		"scrypt, N is a power of two":         {scrypt(4, 1, 1), scrypt(3, 1, 1)},
		"scrypt, N is more than one":          {scrypt(2, 1, 1), scrypt(1, 1, 1)},
		"scrypt, nothing is nothing":          {scrypt(2, 1, 1), scrypt(2, 0, 1)},
		"scrypt, nothing is negative":         {scrypt(2, 1, 1), scrypt(2, 1, -1)},
		"PBES2, a vector as long as a block":  {pbkdf2(salt(), integer(1)), algorithm(pbes2OID, sequence(algorithm(pbkdf2OID, sequence(salt(), integer(1))), algorithm(aes128OID, octets(make([]byte, 8)))))},
		"parameters, nothing after the end":   {pbe(md5DESOID, 1), algorithm(md5DESOID, sequence(salt(), integer(1), integer(1)))},
		"parameters, not two of them":         {pbe(md5DESOID, 1), algorithm(md5DESOID, sequence(salt(), integer(1)), integer(1))},
		"scrypt, the cipher's key length":     {pbes2(algorithm(scryptOID, sequence(salt(), integer(2), integer(1), integer(1), integer(16)))), pbes2(algorithm(scryptOID, sequence(salt(), integer(2), integer(1), integer(1), integer(32))))},
		"scrypt, nothing after a key length":  {scrypt(2, 1, 1), pbes2(algorithm(scryptOID, sequence(salt(), integer(2), integer(1), integer(1), integer(16), integer(1))))},
		"PBES2, nothing after the cipher":     {pbkdf2(salt(), integer(1)), algorithm(pbes2OID, sequence(algorithm(pbkdf2OID, sequence(salt(), integer(1))), algorithm(aes128OID, octets(make([]byte, 16))), integer(1)))},
		"PBKDF2, nothing after the PRF":       {pbkdf2(salt(), integer(1), algorithm(sha1PRFOID)), pbkdf2(salt(), integer(1), algorithm(sha1PRFOID), integer(1))},
		"PBKDF2, a salt that is a bit string": {pbkdf2(salt(), integer(1)), pbkdf2(integer(1), integer(1))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// At the bound only the reading: the work is measured elsewhere.
			block, _ := pem.Decode(encrypted(tt.at))
			_, err := certbundle.KeyCost(block.Bytes)
			require.NoError(t, err)

			start := time.Now()
			_, _, err = certbundle.OpenKey(encrypted(tt.over), keyPassword)
			require.Less(t, time.Since(start), quick)
			requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
		})
	}
}

func TestUnknownSchemesAreNamed(t *testing.T) {
	t.Parallel()
	kdf := algorithm(pbkdf2OID, sequence(salt(), integer(1)))
	tests := map[string]part{
		"1.2.840.113549.1.12.1.6":       algorithm("1.2.840.113549.1.12.1.6", sequence(salt(), integer(1))),
		"1.2.3.1":                       pbes2(algorithm("1.2.3.1", sequence(salt(), integer(1)))),
		"1.2.3.2":                       algorithm(pbes2OID, sequence(kdf, algorithm("1.2.3.2", octets(make([]byte, 16))))),
		"1.2.3.3":                       pbes2(algorithm(pbkdf2OID, sequence(salt(), integer(1), algorithm("1.2.3.3")))),
		"1.2" + strings.Repeat(".9", 9): algorithm("1.2" + strings.Repeat(".9", 5000)),
	}
	for oid, alg := range tests {
		_, _, err := certbundle.OpenKey(encrypted(alg), keyPassword)
		requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
		require.ErrorContains(t, err, oid)
	}
}

func TestEncryptedKeysAreWholeBlocks(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 8, 15, 17} {
		der := encode(sequence(pbes2(algorithm(pbkdf2OID, sequence(salt(), integer(1)))), octets(make([]byte, n))))
		_, _, err := certbundle.OpenKey(pemKey("ENCRYPTED PRIVATE KEY", der), keyPassword)
		requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
	}
}

// The most that is accepted is also done: OpenSSL's keys at the bound open.
func TestKeysAtTheBoundOpen(t *testing.T) {
	t.Parallel()
	needTool(t, "openssl")
	if testing.Short() {
		t.Skip("takes seconds")
	}
	key := newECKey(t)
	tests := map[string][]string{
		"PBKDF2":  {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "2000000"},
		"scrypt":  {"-v2", "aes-256-cbc", "-scrypt", "-scrypt_N", "16384", "-scrypt_r", "8", "-scrypt_p", "16"},
		"PBES1":   {"-v1", "PBE-SHA1-DES", "-iter", "1000000"},
		"PKCS#12": {"-v1", "PBE-SHA1-3DES", "-iter", "1000000"},
	}
	for name, how := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := opensslEncrypts(t, clearKey(t, key), how...)
			block, _ := pem.Decode(data)
			cost, err := certbundle.KeyCost(block.Bytes)
			require.NoError(t, err)
			require.InDelta(t, 1, cost, 0)
			start := time.Now()
			got, _, err := certbundle.OpenKey(data, keyPassword)
			t.Logf("took %s", time.Since(start))
			require.NoError(t, err)
			require.True(t, key.Equal(got))
		})
	}
}

func TestKeysAreNoLongerThan16KiB(t *testing.T) {
	t.Parallel()
	withSalt := func(n int) []byte {
		kdf := algorithm(pbkdf2OID, sequence(octets(make([]byte, n)), integer(1)))
		return encode(sequence(pbes2(kdf), octets(make([]byte, 15_600))))
	}
	// From here on, a byte of salt is a byte of key.
	const salt = 512
	rest := 16<<10 - len(withSalt(salt))
	for size, want := range map[int]error{16 << 10: certbundle.ErrPassword, 16<<10 + 1: certbundle.ErrMalformed} {
		der := withSalt(salt + rest + size - 16<<10)
		require.Len(t, der, size)
		_, _, err := certbundle.OpenKey(pemKey("ENCRYPTED PRIVATE KEY", der), keyPassword)
		requireFault(t, err, want, certbundle.ClientKeyFile)
	}
	_, _, err := certbundle.OpenKey(pemKey("PRIVATE KEY", make([]byte, 16<<10+1)), "")
	requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
	require.ErrorContains(t, err, "16385 bytes")
}

func TestRSAKeysHaveNoMoreThan8192Bits(t *testing.T) {
	t.Parallel()
	key, _, err := certbundle.OpenKey(pemKey("PRIVATE KEY", privateKeyInfo(rsaOID, rsaKey(8192))), "")
	require.NoError(t, err)
	require.Equal(t, 8192, key.(*rsa.PrivateKey).N.BitLen())

	huge := new(big.Int).Lsh(big.NewInt(1), 8192) // of 8193 bits
	numbers := []*big.Int{big.NewInt(0), big.NewInt(35), big.NewInt(5), big.NewInt(5), big.NewInt(7), big.NewInt(5),
		big.NewInt(5), big.NewInt(1), big.NewInt(3)}
	encodeAll := func(numbers ...*big.Int) []byte {
		parts := make([]part, len(numbers))
		for i, n := range numbers {
			parts[i] = bigInteger(n)
		}
		return encode(sequence(parts...))
	}
	tests := map[string][]byte{
		"8193 bits":          rsaKey(8193),
		"16384 bits":         rsaKey(16384),
		"negative modulus":   encodeAll(append([]*big.Int{big.NewInt(0), big.NewInt(-35)}, numbers[2:]...)...),
		"numbers missing":    encodeAll(numbers[:8]...),
		"more than two":      encode(sequence(append([]part{integer(1)}, sequence())...)),
		"numbers to spare":   encodeAll(append(numbers, big.NewInt(1))...),
		"more than its end":  append(encodeAll(numbers...), 0),
		"not even a modulus": nil,
	}
	for i := range numbers {
		changed := append([]*big.Int(nil), numbers...)
		changed[i] = huge
		tests[fmt.Sprint("number ", i, " is huge")] = encodeAll(changed...)
	}
	for name, der := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, _, err := certbundle.OpenKey(pemKey("PRIVATE KEY", privateKeyInfo(rsaOID, der)), "")
			require.Less(t, time.Since(start), quick)
			requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
			require.ErrorContains(t, err, "at most 8192 bits")
		})
	}
}
