package certbundle_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	encoding "encoding/asn1"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	rsaOID = "1.2.840.113549.1.1.1"
	ecOID  = "1.2.840.10045.2.1"

	pbes2OID   = "1.2.840.113549.1.5.13"
	pbkdf2OID  = "1.2.840.113549.1.5.12"
	scryptOID  = "1.3.6.1.4.1.11591.4.11"
	aes128OID  = "2.16.840.1.101.3.4.1.2"
	aes256OID  = "2.16.840.1.101.3.4.1.42"
	sha1PRFOID = "1.2.840.113549.2.7"

	sha256PRFOID = "1.2.840.113549.2.9"
	sha384PRFOID = "1.2.840.113549.2.10"
	sha512PRFOID = "1.2.840.113549.2.11"

	md5DESOID  = "1.2.840.113549.1.5.3"
	sha1DESOID = "1.2.840.113549.1.5.10"
	pkcs12OID  = "1.2.840.113549.1.12.1.3"
)

type part = cryptobyte.BuilderContinuation

// sequence puts parts into a SEQUENCE.
func sequence(parts ...part) part {
	return func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, p := range parts {
				p(b)
			}
		})
	}
}

func integer(n int64) part {
	return func(b *cryptobyte.Builder) { b.AddASN1Int64(n) }
}

func bigInteger(n *big.Int) part {
	return func(b *cryptobyte.Builder) { b.AddASN1BigInt(n) }
}

func octets(data []byte) part {
	return func(b *cryptobyte.Builder) { b.AddASN1OctetString(data) }
}

// algorithm is an AlgorithmIdentifier.
func algorithm(id string, params ...part) part {
	return sequence(append([]part{oid(id)}, params...)...)
}

func oid(s string) part {
	var id encoding.ObjectIdentifier
	for arc := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			panic(err)
		}
		id = append(id, n)
	}
	return func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(id) }
}

func encode(p part) []byte {
	var b cryptobyte.Builder
	p(&b)
	return b.BytesOrPanic()
}

func privateKeyInfo(oid string, key []byte) []byte {
	return encode(sequence(integer(0), algorithm(oid), octets(key)))
}

// encrypted is an EncryptedPrivateKeyInfo in PEM, of 16 bytes that are no key.
func encrypted(alg part) []byte {
	return pemKey("ENCRYPTED PRIVATE KEY", encode(sequence(alg, octets(make([]byte, 16)))))
}

func salt() part { return octets([]byte("saltsalt")) }

// pbes2 is PBES2 with AES-128 and the given key derivation.
func pbes2(kdf part) part { return pbes2With(aes128OID, kdf) }

func pbes2With(aesOID string, kdf part) part {
	return algorithm(pbes2OID, sequence(kdf, algorithm(aesOID, octets(make([]byte, aes.BlockSize)))))
}

// encryptAES encrypts with keyPassword what is padded already.
func encryptAES(t testing.TB, padded []byte) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha1.New, keyPassword, []byte("saltsalt"), 1, 16)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, padded)
	return encode(sequence(pbes2(algorithm(pbkdf2OID, sequence(salt(), integer(1)))), octets(out)))
}

// rsaKey is an RSAPrivateKey whose modulus has so many bits. Its numbers
// belong together, but its factors are no primes: those would take long to find.
func rsaKey(bits int) []byte {
	one, e := big.NewInt(1), big.NewInt(65537)
	// 7·5 has as many bits as 7 and 5 together, and so have the products below.
	odd := func(lead int64, bits int) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(lead), uint(bits-3))
		for n.Add(n, one); ; n.Add(n, big.NewInt(2)) {
			if new(big.Int).GCD(nil, nil, e, new(big.Int).Sub(n, one)).Cmp(one) == 0 {
				return n
			}
		}
	}
	return encodeRSA(odd(7, bits-bits/2), odd(5, bits/2), e)
}

func encodeRSA(p, q, e *big.Int) []byte {
	one := big.NewInt(1)
	p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
	phi := new(big.Int).Mul(p1, q1)
	d := new(big.Int).ModInverse(e, phi)
	return encode(sequence(integer(0), bigInteger(new(big.Int).Mul(p, q)), bigInteger(e), bigInteger(d),
		bigInteger(p), bigInteger(q), bigInteger(new(big.Int).Mod(d, p1)), bigInteger(new(big.Int).Mod(d, q1)),
		bigInteger(new(big.Int).ModInverse(q, p))))
}

func newRSAKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024) // as short as it may be, to be quick
	require.NoError(t, err)
	return key
}
