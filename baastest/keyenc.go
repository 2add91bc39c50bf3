package baastest

import (
	"bytes"
	"crypto"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"hash"

	"github.com/youmark/pkcs8"

	"github.com/antchain-go/baas/internal/pkcs12pbe"
)

const (
	kdfIterations  = 2048 // OpenSSL's default
	saltSize       = 8    // what PBES1 prescribes, and OpenSSL's default elsewhere
	pkcs12SaltSize = 20   // what all keys of the field have
)

// encryptKey returns the key as PKCS#8 PEM, encrypted with password.
func encryptKey(key crypto.PrivateKey, enc KeyEncryption, password string) ([]byte, error) {
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	blockType, der := "ENCRYPTED PRIVATE KEY", plain
	switch enc {
	case Unencrypted:
		blockType = "PRIVATE KEY"
	case PBES1MD5DES:
		der, err = encryptPBES1(plain, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 3}, md5.New, password)
	case PBES1SHA1DES:
		der, err = encryptPBES1(plain, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 10}, sha1.New, password)
	case PBES2AES256, PBES2AES128SHA1, PBES2DES3, PBES2Scrypt:
		der, err = pkcs8.MarshalPrivateKey(key, []byte(password), pbes2Options(enc))
	default:
		der, err = encryptPKCS12(plain, password)
	}
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}), nil
}

func pbes2Options(enc KeyEncryption) *pkcs8.Opts {
	pbkdf2 := func(h crypto.Hash) pkcs8.PBKDF2Opts {
		return pkcs8.PBKDF2Opts{SaltSize: saltSize, IterationCount: kdfIterations, HMACHash: h}
	}
	switch enc {
	case PBES2AES128SHA1:
		return &pkcs8.Opts{Cipher: pkcs8.AES128CBC, KDFOpts: pbkdf2(crypto.SHA1)}
	case PBES2DES3:
		return &pkcs8.Opts{Cipher: pkcs8.TripleDESCBC, KDFOpts: pbkdf2(crypto.SHA1)}
	case PBES2Scrypt:
		return &pkcs8.Opts{Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.ScryptOpts{
			SaltSize: saltSize, CostParameter: 16384, BlockSize: 8, ParallelizationParameter: 1,
		}}
	default:
		return &pkcs8.Opts{Cipher: pkcs8.AES256CBC, KDFOpts: pbkdf2(crypto.SHA256)}
	}
}

// encryptPBES1 encrypts with DES under the scheme of RFC 8018, section 6.1.
func encryptPBES1(plain []byte, oid asn1.ObjectIdentifier, newHash func() hash.Hash, password string) ([]byte, error) {
	salt := newSalt(saltSize)
	h := newHash()
	h.Write([]byte(password))
	h.Write(salt)
	derived := h.Sum(nil)
	for range kdfIterations - 1 {
		h.Reset()
		h.Write(derived)
		derived = h.Sum(derived[:0])
	}
	block, err := des.NewCipher(derived[:8])
	if err != nil {
		return nil, err
	}
	return marshalEncrypted(oid, salt, encryptCBC(block, derived[8:16], plain))
}

// encryptPKCS12 encrypts with pbeWithSHAAnd3-KeyTripleDES-CBC of RFC 7292, appendix C.
func encryptPKCS12(plain []byte, password string) ([]byte, error) {
	salt := newSalt(pkcs12SaltSize)
	block, err := des.NewTripleDESCipher(
		pkcs12pbe.Key(sha1.New, pkcs12pbe.EncryptionKey, password, salt, kdfIterations, 24))
	if err != nil {
		return nil, err
	}
	iv := pkcs12pbe.Key(sha1.New, pkcs12pbe.IV, password, salt, kdfIterations, des.BlockSize)
	oid := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3}
	return marshalEncrypted(oid, salt, encryptCBC(block, iv, plain))
}

func encryptCBC(block cipher.Block, iv, plain []byte) []byte {
	padding := block.BlockSize() - len(plain)%block.BlockSize()
	out := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out
}

// marshalEncrypted returns an EncryptedPrivateKeyInfo whose scheme takes a salt and an iteration count.
func marshalEncrypted(oid asn1.ObjectIdentifier, salt, encrypted []byte) ([]byte, error) {
	params, err := asn1.Marshal(struct {
		Salt       []byte
		Iterations int
	}{salt, kdfIterations})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: params}}, encrypted})
}

func newSalt(size int) []byte {
	salt := make([]byte, size)
	_, _ = rand.Read(salt) // never fails
	return salt
}
