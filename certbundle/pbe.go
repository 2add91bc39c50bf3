package certbundle

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/sha1"
	encoding "encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// The parameters of an encrypted key are read here, since libraries for that do the
// work that a key asks for, with no limit to be set.

// Encryption schemes of a private key.
const (
	oidPBES2        = "1.2.840.113549.1.5.13"
	oidPBES1MD5DES  = "1.2.840.113549.1.5.3"
	oidPBES1SHA1DES = "1.2.840.113549.1.5.10"
	oidPKCS12DES3   = "1.2.840.113549.1.12.1.3"
)

// A scheme is how a private key is encrypted. What it costs to derive its key
// is within the limits.
type scheme struct {
	name   string // for people, as in Report.KeyEncryption
	cipher blockCipher
	kdf    kdf
	iv     []byte // nil if it is derived from the password, too
}

// A kdf derives from the password a key and, where the scheme asks for it, an
// initialization vector.
type kdf interface {
	derive(password string, keySize, ivSize int) (key, iv []byte, err error)
	cost(keySize int) float64
	otherForm(password string) string // or ""
}

// A blockCipher is used in CBC mode.
type blockCipher struct {
	name               string
	keySize, blockSize int
	new                func(key []byte) (cipher.Block, error)
}

func desCBC() blockCipher {
	return blockCipher{"DES-CBC", 8, des.BlockSize, des.NewCipher}
}

func des3CBC() blockCipher {
	return blockCipher{"DES-EDE3-CBC", 24, des.BlockSize, des.NewTripleDESCipher}
}

func aesCBC(bits int) blockCipher {
	return blockCipher{fmt.Sprintf("AES-%d-CBC", bits), bits / 8, aes.BlockSize, aes.NewCipher}
}

// parseEncrypted takes an EncryptedPrivateKeyInfo (RFC 5208) apart and checks
// every limit; nothing is derived yet.
func parseEncrypted(der []byte) (*scheme, []byte, error) {
	var (
		whole     = cryptobyte.String(der)
		s         cryptobyte.String
		encrypted []byte
	)
	if !whole.ReadASN1(&s, asn1.SEQUENCE) || !whole.Empty() {
		return nil, nil, brokenKey("EncryptedPrivateKeyInfo")
	}
	oid, params, ok := readAlgorithm(&s)
	if !ok || !s.ReadASN1Bytes(&encrypted, asn1.OCTET_STRING) || !s.Empty() {
		return nil, nil, brokenKey("EncryptedPrivateKeyInfo")
	}
	sch, err := parseScheme(oid, params)
	if err != nil {
		return nil, nil, err
	}
	if len(encrypted) == 0 || len(encrypted)%sch.cipher.blockSize != 0 {
		return nil, nil, malformed(ClientKeyFile, "encrypted key is cut off")
	}
	return sch, encrypted, nil
}

func parseScheme(oid string, params cryptobyte.String) (*scheme, error) {
	switch oid {
	case oidPBES2:
		return parsePBES2(params)
	case oidPBES1MD5DES:
		k, err := parsePBKDF1(params, md5.New)
		return &scheme{name: "PBES1 DES-CBC PBKDF1-MD5", cipher: desCBC(), kdf: k}, err
	case oidPBES1SHA1DES:
		k, err := parsePBKDF1(params, sha1.New)
		return &scheme{name: "PBES1 DES-CBC PBKDF1-SHA1", cipher: desCBC(), kdf: k}, err
	case oidPKCS12DES3:
		k, err := parsePKCS12KDF(params)
		return &scheme{name: "PKCS12 DES-EDE3-CBC PKCS12KDF-SHA1", cipher: des3CBC(), kdf: k}, err
	default:
		return nil, unknownOID("encryption scheme", oid)
	}
}

func (s *scheme) decrypt(password string, encrypted []byte) ([]byte, error) {
	key, iv, err := s.kdf.derive(password, s.cipher.keySize, s.cipher.blockSize)
	if err != nil {
		return nil, fmt.Errorf("certbundle: %s: %w", ClientKeyFile, err) // a hash that FIPS mode forbids
	}
	if s.iv != nil {
		iv = s.iv
	}
	block, err := s.cipher.new(key)
	if err != nil {
		return nil, fmt.Errorf("certbundle: %s: %w", ClientKeyFile, err) // a cipher that FIPS mode forbids
	}
	plain := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, encrypted)
	return unpad(plain, s.cipher.blockSize)
}

// unpad removes the padding of RFC 8018. How long it takes tells nobody
// anything: whoever could measure it has given the password.
func unpad(plain []byte, blockSize int) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n == 0 || n > blockSize {
		return nil, wrongPassword()
	}
	body, padding := plain[:len(plain)-n], plain[len(plain)-n:]
	if !bytes.Equal(padding, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, wrongPassword()
	}
	return body, nil
}

func readOID(s *cryptobyte.String) (string, bool) {
	var id encoding.ObjectIdentifier
	if !s.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) || !s.ReadASN1ObjectIdentifier(&id) {
		return "", false
	}
	return id.String(), true
}

// readAlgorithm reads an AlgorithmIdentifier. The parameters are one element,
// or empty.
func readAlgorithm(s *cryptobyte.String) (oid string, params cryptobyte.String, ok bool) {
	var (
		alg cryptobyte.String
		id  encoding.ObjectIdentifier
		tag asn1.Tag
	)
	if !s.ReadASN1(&alg, asn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&id) {
		return "", nil, false
	}
	if !alg.Empty() && (!alg.ReadAnyASN1Element(&params, &tag) || !alg.Empty()) {
		return "", nil, false
	}
	return id.String(), params, true
}

func brokenKey(structure string) error {
	return malformed(ClientKeyFile, "broken %s", structure)
}

// unknownOID names what a key asks for and certbundle does not have.
func unknownOID(what, oid string) error {
	return unsupported(ClientKeyFile, "unknown %s %s; %s", what, shortOID(oid), convertKey)
}

// shortOID is an OID fit for an error: it comes from outside, can be very long
// and, of a key that was decrypted, anything.
func shortOID(oid string) string {
	const enough = 64
	if len(oid) > enough {
		return oid[:enough] + "…"
	}
	return oid
}
