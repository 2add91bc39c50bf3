package certbundle_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// quick is what a refusal may take, also on a machine that does much else.
const quick = time.Second

func pbkdf2Key(params ...part) part { return pbkdf2KeyFor(aes128OID, params...) }

func pbkdf2KeyFor(aesOID string, params ...part) part {
	return pbes2With(aesOID, algorithm(pbkdf2OID, sequence(params...)))
}

func scryptKey(n, r, p int64) part {
	return pbes2(algorithm(scryptOID, sequence(salt(), integer(n), integer(r), integer(p))))
}

func pbeKey(oid string, iterations int64) part {
	return algorithm(oid, sequence(salt(), integer(iterations)))
}

func TestCostsOfKeysAreBounded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ at, over part }{
		"PBKDF2, 2,000,000 iterations":        {pbkdf2Key(salt(), integer(2_000_000)), pbkdf2Key(salt(), integer(2_000_001))},
		"PBKDF2, 1,000,000 of SHA-384":        {pbkdf2Key(salt(), integer(1_000_000), algorithm(sha384PRFOID)), pbkdf2Key(salt(), integer(1_000_001), algorithm(sha384PRFOID))},
		"PBKDF2, 1,000,000 of SHA-512":        {pbkdf2Key(salt(), integer(1_000_000), algorithm(sha512PRFOID)), pbkdf2Key(salt(), integer(1_000_001), algorithm(sha512PRFOID))},
		"PBKDF2, 1,000,000 of two blocks":     {pbkdf2KeyFor(aes256OID, salt(), integer(1_000_000)), pbkdf2KeyFor(aes256OID, salt(), integer(1_000_001))},
		"PBKDF2, 2,000,000 of one long block": {pbkdf2KeyFor(aes256OID, salt(), integer(2_000_000), algorithm(sha256PRFOID)), pbkdf2KeyFor(aes256OID, salt(), integer(2_000_001), algorithm(sha256PRFOID))},
		"PBKDF2, the most iterations":         {pbkdf2Key(salt(), integer(1)), pbkdf2Key(salt(), integer(math.MaxInt64))},
		"PBKDF2, one iteration at least":      {pbkdf2Key(salt(), integer(1)), pbkdf2Key(salt(), integer(0))},
		"PBKDF2, no negative iterations":      {pbkdf2Key(salt(), integer(1)), pbkdf2Key(salt(), integer(-1))},
		"PBKDF2, the cipher's key length":     {pbkdf2Key(salt(), integer(1), integer(16)), pbkdf2Key(salt(), integer(1), integer(17))},
		"PBKDF2, no shorter key length":       {pbkdf2Key(salt(), integer(1), integer(16)), pbkdf2Key(salt(), integer(1), integer(15))},
		"PBKDF2, no key length of nothing":    {pbkdf2Key(salt(), integer(1), integer(16)), pbkdf2Key(salt(), integer(1), integer(0))},
		"PBKDF2, key length before PRF":       {pbkdf2Key(salt(), integer(1), integer(16), algorithm(sha1PRFOID)), pbkdf2Key(salt(), integer(1), algorithm(sha1PRFOID), integer(16))},
		"PBES1 MD5, 1,000,000 iterations":     {pbeKey(md5DESOID, 1_000_000), pbeKey(md5DESOID, 1_000_001)},
		"PBES1 SHA-1, 1,000,000 iterations":   {pbeKey(sha1DESOID, 1_000_000), pbeKey(sha1DESOID, 1_000_001)},
		"PBES1, one iteration at least":       {pbeKey(sha1DESOID, 1), pbeKey(sha1DESOID, 0)},
		"PKCS#12, 1,000,000 iterations":       {pbeKey(pkcs12OID, 1_000_000), pbeKey(pkcs12OID, 1_000_001)},
		"PKCS#12, one iteration at least":     {pbeKey(pkcs12OID, 1), pbeKey(pkcs12OID, 0)},
		"scrypt, 63 MiB by N":                 {scryptKey(1<<15, 8, 1), scryptKey(1<<16, 8, 1)},
		"scrypt, N whatever the memory":       {scryptKey(1<<17, 1, 16), scryptKey(1<<18, 1, 1)},
		"scrypt, 63 MiB by r":                 {scryptKey(1<<10, 504, 1), scryptKey(1<<10, 505, 1)},
		"scrypt, work by p":                   {scryptKey(1<<15, 8, 8), scryptKey(1<<15, 8, 9)},
		"scrypt, 512 KiB by r":                {scryptKey(2, 1<<12/3, 1), scryptKey(2, 1<<12/3+1, 1)},
		"scrypt, 512 KiB by p":                {scryptKey(2, 1, 1<<12-2), scryptKey(2, 1, 1<<12-1)},
		"scrypt, N that overflows":            {scryptKey(2, 1, 1), scryptKey(1<<62, 2, 2)},
		"scrypt, r that overflows":            {scryptKey(2, 1, 1), scryptKey(2, math.MaxInt64, 1)},
		"scrypt, p that overflows":            {scryptKey(2, 2, 1), scryptKey(2, 2, math.MaxInt64)},
		"scrypt, N is a power of two":         {scryptKey(4, 1, 1), scryptKey(3, 1, 1)},
		"scrypt, N is more than one":          {scryptKey(2, 1, 1), scryptKey(1, 1, 1)},
		"scrypt, nothing is nothing":          {scryptKey(2, 1, 1), scryptKey(2, 0, 1)},
		"scrypt, nothing is negative":         {scryptKey(2, 1, 1), scryptKey(2, 1, -1)},
		"PBES2, a vector as long as a block":  {pbkdf2Key(salt(), integer(1)), algorithm(pbes2OID, sequence(algorithm(pbkdf2OID, sequence(salt(), integer(1))), algorithm(aes128OID, octets(make([]byte, 8)))))},
		"parameters, nothing after the end":   {pbeKey(md5DESOID, 1), algorithm(md5DESOID, sequence(salt(), integer(1), integer(1)))},
		"parameters, not two of them":         {pbeKey(md5DESOID, 1), algorithm(md5DESOID, sequence(salt(), integer(1)), integer(1))},
		"scrypt, the cipher's key length":     {pbes2(algorithm(scryptOID, sequence(salt(), integer(2), integer(1), integer(1), integer(16)))), pbes2(algorithm(scryptOID, sequence(salt(), integer(2), integer(1), integer(1), integer(32))))},
		"scrypt, nothing after a key length":  {scryptKey(2, 1, 1), pbes2(algorithm(scryptOID, sequence(salt(), integer(2), integer(1), integer(1), integer(16), integer(1))))},
		"PBES2, nothing after the cipher":     {pbkdf2Key(salt(), integer(1)), algorithm(pbes2OID, sequence(algorithm(pbkdf2OID, sequence(salt(), integer(1))), algorithm(aes128OID, octets(make([]byte, 16))), integer(1)))},
		"PBKDF2, nothing after the PRF":       {pbkdf2Key(salt(), integer(1), algorithm(sha1PRFOID)), pbkdf2Key(salt(), integer(1), algorithm(sha1PRFOID), integer(1))},
		"PBKDF2, a salt that is a bit string": {pbkdf2Key(salt(), integer(1)), pbkdf2Key(integer(1), integer(1))},
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
		requireFault(t, err, certbundle.ErrUnsupported, certbundle.ClientKeyFile)
		require.ErrorContains(t, err, oid)
		require.ErrorContains(t, err, "openssl pkcs8")
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
	testkit.NeedTool(t, "openssl")
	if testing.Short() {
		t.Skip("takes seconds")
	}
	key := newECKey(t)
	tests := map[string][]string{
		"PBKDF2":  {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256", "-iter", "2000000"},
		"SHA-512": {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "1000000"},
		"SHA-1":   {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1", "-iter", "1000000"},
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
			got, _, err := certbundle.OpenKey(data, keyPassword)
			require.NoError(t, err)
			require.True(t, key.Equal(got))
		})
	}
}

// mostMemory is what takes the most that scrypt may.
func mostMemory() part { return scryptKey(1<<10, 504, 4) }

// TestKeyTakesNoMoreThan64MiB, all that is allocated counted, also in a file as
// large as is read.
func TestKeyTakesNoMoreThan64MiB(t *testing.T) { // not parallel: the heap is everybody's
	file := encrypted(mostMemory())
	file = append(bytes.Repeat([]byte("a line round the key\n"), (1<<20-len(file))/21), file...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := certbundle.OpenKey(file, keyPassword)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, certbundle.ErrPassword)
	require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
}

// BenchmarkKeyAtTheBound is the most that a key can cost: it has to stay well
// below a second.
func BenchmarkKeyAtTheBound(b *testing.B) {
	for _, bb := range []struct {
		name string
		key  part
	}{
		{"PBKDF2-SHA256", pbkdf2KeyFor(aes256OID, salt(), integer(2_000_000), algorithm(sha256PRFOID))},
		{"PBKDF2-SHA512", pbkdf2KeyFor(aes256OID, salt(), integer(1_000_000), algorithm(sha512PRFOID))},
		{"PBKDF2-SHA1-two-blocks", pbkdf2KeyFor(aes256OID, salt(), integer(1_000_000))},
		{"scrypt-most-memory", mostMemory()},
		{"scrypt-usual-pieces", scryptKey(1<<15, 8, 8)},
		{"scrypt-most-pieces", scryptKey(1<<17, 1, 16)},
		{"PBES1-MD5", pbeKey(md5DESOID, 1_000_000)},
		{"PBES1-SHA1", pbeKey(sha1DESOID, 1_000_000)},
		{"PKCS12-SHA1", pbeKey(pkcs12OID, 1_000_000)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			file := encrypted(bb.key)
			for b.Loop() {
				if _, _, err := certbundle.OpenKey(file, keyPassword); !errors.Is(err, certbundle.ErrPassword) {
					b.Fatal(err)
				}
			}
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

func TestVectorsHaveTheLengthOfABlock(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 15, 17, 32} {
		kdf := algorithm(pbkdf2OID, sequence(salt(), integer(1)))
		_, _, err := certbundle.OpenKey(encrypted(algorithm(pbes2OID, sequence(kdf, algorithm(aes128OID, octets(make([]byte, n)))))), keyPassword)
		requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
	}
}

func TestPrivateKeyInfoIsOfVersion0Or1(t *testing.T) {
	t.Parallel()
	for version := range int64(3) {
		der := encode(sequence(integer(version), algorithm(rsaOID), octets(rsaKey(2048))))
		_, _, err := certbundle.OpenKey(pemKey("PRIVATE KEY", der), "")
		if version < 2 {
			require.NoError(t, err)
			continue
		}
		requireFault(t, err, certbundle.ErrMalformed, certbundle.ClientKeyFile)
	}
}

// An OID is as long as the file lets it be, and of a key that was decrypted it
// can be anything.
func TestLongOIDsAreCut(t *testing.T) {
	t.Parallel()
	long := "1.2" + strings.Repeat(".99", 5000)
	_, _, err := certbundle.OpenKey(pemKey("PRIVATE KEY", privateKeyInfo(long, []byte{1})), "")
	requireFault(t, err, certbundle.ErrUnsupported, certbundle.ClientKeyFile)
	require.Less(t, len(err.Error()), 300)
}
