package certbundle

import "unicode/utf16"

// Programs disagree on how a password that is not ASCII becomes bytes:
//
//   - OpenSSL takes the bytes as they are, UTF-8 as a rule, and for PKCS#12
//     turns them into UTF-16 since version 1.1. Before that, it took each byte
//     for a character.
//   - BouncyCastle takes UTF-16 for PKCS#12. For PBES1, and for PBES2 with
//     HMAC-SHA1, which is its default, it takes the low byte of each UTF-16 unit;
//     for PBES2 with another hash, and for scrypt, UTF-8.
//
// So a key is tried with UTF-8, or UTF-16 for PKCS#12, and then with the other
// form that its derivation is known to have.

// maxTwiceCost is the part of its limit that a derivation may cost to be done
// twice. Keys with such passwords cost a thousandth; one at the limit is tried
// with one form, so that no key takes longer than the limit allows.
const maxTwiceCost = 1. / 10

// otherForm returns what else than itself a password may stand for, or "".
func (s *scheme) otherForm(password string) string {
	if isASCII(password) || s.kdf.cost(s.cipher.keySize) > maxTwiceCost {
		return ""
	}
	return s.kdf.otherForm(password)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 0x7F {
			return false
		}
	}
	return true
}

// lowBytes is the password as old versions of BouncyCastle encode it.
func lowBytes(password string) string {
	units := utf16.Encode([]rune(password))
	out := make([]byte, len(units))
	for i, u := range units {
		out[i] = byte(u)
	}
	return string(out)
}

// byteForByte is UTF-8 in which each byte of the password is a character.
func byteForByte(password string) string {
	runes := make([]rune, len(password))
	for i := range len(password) {
		runes[i] = rune(password[i])
	}
	return string(runes)
}

func (k pbkdf1) otherForm(password string) string    { return lowBytes(password) }
func (k pbkdf2KDF) otherForm(password string) string { return lowBytes(password) }
func (k pkcs12KDF) otherForm(password string) string { return byteForByte(password) }
func (k scryptKDF) otherForm(string) string          { return "" }

// cost returns which part of its limit a derivation asks for.
func (k pbkdf1) cost(int) float64    { return float64(k.iterations) / maxIterations }
func (k pkcs12KDF) cost(int) float64 { return float64(k.iterations) / maxIterations }
func (k scryptKDF) cost(int) float64 { return float64(k.n*k.r*k.p) / maxScryptWork }
func (k pbkdf2KDF) cost(keySize int) float64 {
	return float64(k.iterations) / float64(iterationLimit(k.newHash(), keySize))
}
