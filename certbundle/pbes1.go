package certbundle

import (
	"crypto/sha1"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/antchain-go/baas/internal/pkcs12pbe"
)

// maxIterations is for the two older derivations.
const maxIterations = 1_000_000

// pbkdf1 is the derivation of PBES1 (RFC 8018, sections 5.1 and 6.1).
type pbkdf1 struct {
	newHash    func() hash.Hash
	salt       []byte
	iterations int
}

func parsePBKDF1(params cryptobyte.String, newHash func() hash.Hash) (kdf, error) {
	salt, iterations, err := parseSaltAndIterations(params)
	return pbkdf1{newHash, salt, iterations}, err
}

// derive splits one hash into the key and the vector, 16 bytes in all.
func (k pbkdf1) derive(password string, keySize, ivSize int) (key, iv []byte, err error) {
	h := k.newHash()
	h.Write([]byte(password))
	h.Write(k.salt)
	sum := h.Sum(nil)
	for range k.iterations - 1 {
		h.Reset()
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum[:keySize], sum[keySize : keySize+ivSize], nil
}

// pkcs12KDF is the derivation of PKCS#12 (RFC 7292, appendix B).
type pkcs12KDF struct {
	salt       []byte
	iterations int
}

func parsePKCS12KDF(params cryptobyte.String) (kdf, error) {
	salt, iterations, err := parseSaltAndIterations(params)
	return pkcs12KDF{salt, iterations}, err
}

func (k pkcs12KDF) derive(password string, keySize, ivSize int) (key, iv []byte, err error) {
	return pkcs12pbe.Key(sha1.New, pkcs12pbe.EncryptionKey, password, k.salt, k.iterations, keySize),
		pkcs12pbe.Key(sha1.New, pkcs12pbe.IV, password, k.salt, k.iterations, ivSize), nil
}

// parseSaltAndIterations reads the PBEParameter of RFC 8018, appendix A.3, and
// the pkcs-12PbeParams of RFC 7292, appendix C, which are the same.
func parseSaltAndIterations(params cryptobyte.String) (salt []byte, iterations int, err error) {
	var s cryptobyte.String
	if !params.ReadASN1(&s, asn1.SEQUENCE) || !s.ReadASN1Bytes(&salt, asn1.OCTET_STRING) ||
		!s.ReadASN1Integer(&iterations) || !s.Empty() {
		return nil, 0, brokenKey("parameters of the encryption scheme")
	}
	return salt, iterations, checkIterations(iterations, maxIterations)
}

func checkIterations(n, limit int) error {
	if n < 1 || n > limit {
		return malformed(ClientKeyFile, "%d iterations, not between 1 and %d", n, limit)
	}
	return nil
}
