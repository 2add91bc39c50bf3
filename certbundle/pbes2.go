package certbundle

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"
)

// Derivations of PBES2.
const (
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	oidScrypt = "1.3.6.1.4.1.11591.4.11"
)

const (
	maxPBKDF2Iterations = 2_000_000 // of the cheaper hashes

	// In units of 128 bytes: what scrypt takes for N·r, and beside it for p·r and
	// r alone. With what the rest of opening a key takes, that is less than 64 MiB.
	maxScryptMemory = 63 << 20 / 128
	maxScryptRest   = 512 << 10 / 128
	maxScryptWork   = 1 << 21 // 64 MiB gone through four times
	// The same work in smaller pieces, all over the memory, takes longer. No
	// key with the usual r of 8 reaches this.
	maxScryptN = 1 << 17
)

// parsePBES2 reads the PBES2-params of RFC 8018, appendix A.4.
func parsePBES2(params cryptobyte.String) (*scheme, error) {
	var s cryptobyte.String
	if !params.ReadASN1(&s, asn1.SEQUENCE) {
		return nil, brokenKey("PBES2-params")
	}
	kdfOID, kdfParams, kdfOK := readAlgorithm(&s)
	encOID, encParams, encOK := readAlgorithm(&s)
	if !kdfOK || !encOK || !s.Empty() {
		return nil, brokenKey("PBES2-params")
	}
	c, err := cipherOf(encOID)
	if err != nil {
		return nil, err
	}
	var iv []byte
	if !encParams.ReadASN1Bytes(&iv, asn1.OCTET_STRING) || len(iv) != c.blockSize {
		return nil, malformed(ClientKeyFile, "initialization vector is not of %d bytes", c.blockSize)
	}
	k, name, err := parseKDF(kdfOID, kdfParams, c.keySize)
	if err != nil {
		return nil, err
	}
	return &scheme{name: "PBES2 " + c.name + " " + name, cipher: c, kdf: k, iv: iv}, nil
}

func cipherOf(oid string) (blockCipher, error) {
	switch oid {
	case "2.16.840.1.101.3.4.1.2":
		return aesCBC(128), nil
	case "2.16.840.1.101.3.4.1.22":
		return aesCBC(192), nil
	case "2.16.840.1.101.3.4.1.42":
		return aesCBC(256), nil
	case "1.2.840.113549.3.7":
		return des3CBC(), nil
	default:
		return blockCipher{}, unknownOID("cipher", oid)
	}
}

func parseKDF(oid string, params cryptobyte.String, keySize int) (k kdf, name string, err error) {
	switch oid {
	case oidPBKDF2:
		return parsePBKDF2(params, keySize)
	case oidScrypt:
		return parseScrypt(params, keySize)
	default:
		return nil, "", unknownOID("key derivation", oid)
	}
}

type pbkdf2KDF struct {
	newHash    func() hash.Hash
	salt       []byte
	iterations int
}

// parsePBKDF2 reads the PBKDF2-params of RFC 8018, appendix A.2.
func parsePBKDF2(params cryptobyte.String, keySize int) (kdf, string, error) {
	var (
		s cryptobyte.String
		k pbkdf2KDF
	)
	if !params.ReadASN1(&s, asn1.SEQUENCE) || !s.ReadASN1Bytes(&k.salt, asn1.OCTET_STRING) ||
		!s.ReadASN1Integer(&k.iterations) {
		return nil, "", brokenKey("PBKDF2-params")
	}
	if err := checkKeyLength(&s, keySize); err != nil {
		return nil, "", err
	}
	prf := oidHMACSHA1
	if !s.Empty() {
		var ok bool
		if prf, _, ok = readAlgorithm(&s); !ok || !s.Empty() {
			return nil, "", brokenKey("PBKDF2-params")
		}
	}
	newHash, name, err := hashOf(prf)
	if err != nil {
		return nil, "", err
	}
	k.newHash = newHash
	return k, "PBKDF2-HMAC-" + name, checkIterations(k.iterations, iterationLimit(newHash(), keySize))
}

// iterationLimit is the number of iterations of PBKDF2 up to which a key opens
// well within a second. An iteration costs twice as much if the key takes two
// blocks of the hash, and so does one with the wider words of SHA-384 and
// SHA-512.
func iterationLimit(h hash.Hash, keySize int) int {
	if keySize > h.Size() || h.BlockSize() > sha256.BlockSize {
		return maxPBKDF2Iterations / 2
	}
	return maxPBKDF2Iterations
}

const oidHMACSHA1 = "1.2.840.113549.2.7" // also what an absent PRF means

func hashOf(prf string) (newHash func() hash.Hash, name string, err error) {
	switch prf {
	case oidHMACSHA1:
		return sha1.New, "SHA1", nil
	case "1.2.840.113549.2.8":
		return sha256.New224, "SHA224", nil
	case "1.2.840.113549.2.9":
		return sha256.New, "SHA256", nil
	case "1.2.840.113549.2.10":
		return sha512.New384, "SHA384", nil
	case "1.2.840.113549.2.11":
		return sha512.New, "SHA512", nil
	default:
		return nil, "", unknownOID("pseudorandom function", prf)
	}
}

func (k pbkdf2KDF) derive(password string, keySize, _ int) (key, iv []byte, err error) {
	key, err = pbkdf2.Key(k.newHash, password, k.salt, k.iterations, keySize)
	return key, nil, err
}

type scryptKDF struct {
	salt    []byte
	n, r, p int
}

// parseScrypt reads the scrypt-params of RFC 7914, section 7.1.
func parseScrypt(params cryptobyte.String, keySize int) (kdf, string, error) {
	var (
		s cryptobyte.String
		k scryptKDF
	)
	if !params.ReadASN1(&s, asn1.SEQUENCE) || !s.ReadASN1Bytes(&k.salt, asn1.OCTET_STRING) ||
		!s.ReadASN1Integer(&k.n) || !s.ReadASN1Integer(&k.r) || !s.ReadASN1Integer(&k.p) {
		return nil, "", brokenKey("scrypt-params")
	}
	if err := checkKeyLength(&s, keySize); err != nil {
		return nil, "", err
	}
	if !s.Empty() || k.n < 2 || k.n&(k.n-1) != 0 || k.r < 1 || k.p < 1 {
		return nil, "", brokenKey("scrypt-params")
	}
	if !k.affordable() {
		return nil, "", malformed(ClientKeyFile, "scrypt with N=%d, r=%d, p=%d is too expensive", k.n, k.r, k.p)
	}
	return k, "scrypt", nil
}

// affordable divides where it could multiply: the numbers come from outside
// and their product may overflow.
func (k scryptKDF) affordable() bool {
	return k.n <= maxScryptN && k.n <= maxScryptMemory/k.r && k.p <= maxScryptWork/(k.n*k.r) &&
		k.p*k.r+2*k.r <= maxScryptRest
}

func (k scryptKDF) derive(password string, keySize, _ int) (key, iv []byte, err error) {
	key, err = scrypt.Key([]byte(password), k.salt, k.n, k.r, k.p, keySize)
	return key, nil, err
}

// checkKeyLength reads the optional length of the derived key, which the
// cipher fixes anyhow.
func checkKeyLength(s *cryptobyte.String, keySize int) error {
	if !s.PeekASN1Tag(asn1.INTEGER) {
		return nil
	}
	var n int
	if !s.ReadASN1Integer(&n) || n != keySize {
		return malformed(ClientKeyFile, "derived key is not of %d bytes, as its cipher wants", keySize)
	}
	return nil
}
