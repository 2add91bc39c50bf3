// Package pkcs12pbe derives keys from passwords the way PKCS#12 does (RFC 7292, appendix B).
package pkcs12pbe

import (
	"encoding/binary"
	"hash"
	"unicode/utf16"
)

// Purpose is what a derived value is for: the same password and salt give another value for each.
type Purpose byte

// The purposes of RFC 7292, appendix B.3.
const (
	EncryptionKey Purpose = 1
	IV            Purpose = 2
	MACKey        Purpose = 3
)

// Key derives size bytes from password and salt with iterations rounds of the hash, one at least. The password is
// UTF-8 and enters as a BMPString with its terminator; an invalid sequence counts as U+FFFD. The cost grows with
// iterations and size, which the caller has to bound when they come from outside.
func Key(newHash func() hash.Hash, purpose Purpose, password string, salt []byte, iterations, size int) []byte {
	h := newHash()
	blockSize := h.BlockSize()

	diversifier := make([]byte, blockSize)
	for i := range diversifier {
		diversifier[i] = byte(purpose)
	}
	blocks := append(fill(salt, blockSize), fill(bmpString(password), blockSize)...)

	out := make([]byte, 0, size+h.Size())
	for len(out) < size {
		h.Reset()
		h.Write(diversifier)
		h.Write(blocks)
		sum := h.Sum(nil)
		for range iterations - 1 {
			h.Reset()
			h.Write(sum)
			sum = h.Sum(sum[:0])
		}
		out = append(out, sum...)

		addend := fill(sum, blockSize)[:blockSize]
		for at := 0; at < len(blocks); at += blockSize {
			addOne(blocks[at:at+blockSize], addend)
		}
	}
	return out[:size]
}

// fill repeats b until it ends at a multiple of blockSize; nothing stays nothing.
func fill(b []byte, blockSize int) []byte {
	size := (len(b) + blockSize - 1) / blockSize * blockSize
	out := make([]byte, 0, size+len(b))
	for len(out) < size {
		out = append(out, b...)
	}
	return out[:size]
}

// addOne adds addend and 1 to block, both big-endian numbers of the same length, and drops the carry.
func addOne(block, addend []byte) {
	carry := uint(1)
	for i := len(block) - 1; i >= 0; i-- {
		carry += uint(block[i]) + uint(addend[i])
		block[i] = byte(carry)
		carry >>= 8
	}
}

// bmpString encodes as UTF-16, big-endian, with a terminator. Characters beyond the BMP, which a BMPString cannot
// hold, become surrogate pairs, as in OpenSSL and Java.
func bmpString(s string) []byte {
	units := append(utf16.Encode([]rune(s)), 0)
	out := make([]byte, 0, 2*len(units))
	for _, unit := range units {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}
