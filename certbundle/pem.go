package certbundle

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// PEM is read here as OpenSSL reads it, and so Node.js, since the files are
// made for these. encoding/pem takes other files for PEM: it wants no byte order
// mark, no white space before base64, and padding; and skips what it cannot read.

const utf8BOM = "\xEF\xBB\xBF"

// A pemBlock is one block of a file, not decoded.
type pemBlock struct {
	label string // "CERTIFICATE"
	body  []byte // the lines between BEGIN and END
}

// pemBlocks returns all blocks of a file, one at least. Text around them is
// ignored. A block that is cut off is an error: without it a chain would look
// complete.
func pemBlocks(file string, data []byte) ([]pemBlock, error) {
	var (
		blocks []pemBlock
		open   = "" // the label of the block that a line is in
		start  int
	)
	data = bytes.TrimPrefix(data, []byte(utf8BOM))
	for at := 0; at < len(data); {
		next := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		kind, label := pemMark(data[at:next])
		switch {
		case kind == pemNone:
		case kind == pemBegin && open == "" && label != "":
			open, start = label, next
		case kind == pemEnd && open != "" && label == open:
			blocks = append(blocks, pemBlock{open, data[start:at]})
			open = ""
		case kind == pemEnd && open == "": // text
		default:
			return nil, cutOff(file)
		}
		at = next
	}
	switch {
	case open != "":
		return nil, cutOff(file)
	case len(blocks) == 0:
		return nil, malformed(file, "not PEM")
	}
	return blocks, nil
}

func cutOff(file string) error { return malformed(file, "a PEM block is cut off or damaged") }

const (
	pemNone = iota
	pemBegin
	pemEnd
)

// pemMark tells whether a line begins or ends a block. There is no label if the
// line itself is cut off.
func pemMark(line []byte) (kind int, label string) {
	const begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
	switch {
	case bytes.HasPrefix(line, []byte(begin)):
		kind, line = pemBegin, line[len(begin):]
	case bytes.HasPrefix(line, []byte(end)):
		kind, line = pemEnd, line[len(end):]
	default:
		return pemNone, ""
	}
	line, found := bytes.CutSuffix(bytes.TrimRightFunc(line, isBlank), []byte(dashes))
	if !found || bytes.Contains(line, []byte(dashes)) {
		return kind, ""
	}
	return kind, string(line)
}

// isBlank: OpenSSL cuts off what is no more than a space at the end of a line.
func isBlank(r rune) bool { return r <= ' ' }

// decode returns what is in the block: base64, with or without its padding, in
// lines of any length. Headers, which have a colon, are skipped.
func (b pemBlock) decode() (der []byte, ok bool) {
	text := make([]byte, 0, len(b.body))
	for line := range bytes.Lines(b.body) {
		if bytes.IndexByte(line, ':') >= 0 {
			continue
		}
		for _, c := range bytes.TrimRightFunc(line, isBlank) {
			if c != ' ' && c != '\t' {
				text = append(text, c)
			}
		}
	}
	if len(text)%4 == 0 {
		for range 2 {
			text = bytes.TrimSuffix(text, []byte("="))
		}
	}
	der = make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(der, text)
	return der[:n], err == nil
}

// isLegacyEncrypted reports whether the block has the headers of RFC 1421.
func (b pemBlock) isLegacyEncrypted() bool {
	return bytes.HasPrefix(bytes.TrimLeftFunc(b.body, isBlank), []byte("Proc-Type:"))
}

func (b pemBlock) isCertificate() bool {
	switch b.label {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		return true
	}
	return false
}

func (b pemBlock) isPrivateKey() bool { return strings.HasSuffix(b.label, "PRIVATE KEY") }

// certificateBlocks returns the encoded certificates of a file, one at least.
// Blocks of other kinds, such as a key or a revocation list, are skipped.
func certificateBlocks(file string, data []byte) ([][]byte, error) {
	blocks, err := pemBlocks(file, data)
	if err != nil {
		return nil, err
	}
	var ders [][]byte
	for _, b := range blocks {
		if !b.isCertificate() {
			continue
		}
		der, ok := b.decode()
		if !ok {
			return nil, cutOff(file)
		}
		ders = append(ders, cutTrust(der))
	}
	if len(ders) == 0 {
		return nil, malformed(file, "holds PEM, but not a certificate")
	}
	return ders, nil
}

// cutTrust cuts off what OpenSSL may put behind a certificate: a SEQUENCE that
// says what it is trusted for, which is not looked at.
func cutTrust(der []byte) []byte {
	first, rest, ok := splitFrame(der)
	if _, whole := frameContent(rest); ok && whole && !isCertificateFrame(rest) {
		return first
	}
	return der
}

// splitFrame cuts off the SEQUENCE at the start of der, if all of it is there.
// It follows BER, which OpenSSL, Node.js and Java read: a length may have more
// bytes than it needs, or be left open.
func splitFrame(der []byte) (frame, rest []byte, ok bool) {
	const sequence, long, open = 0x30, 0x80, 0x80
	if len(der) < 2 || der[0] != sequence {
		return nil, nil, false
	}
	size, header := int64(der[1]), 2
	switch n := int(der[1]) - long; {
	case der[1] == open:
		return der, nil, bytes.HasSuffix(der[header:], []byte{0, 0})
	case n > 4 || n > len(der)-header:
		return nil, nil, false
	case n > 0:
		size = 0
		for _, b := range der[header : header+n] {
			size = size<<8 | int64(b)
		}
		header += n
	}
	if size > int64(len(der)-header) {
		return nil, nil, false
	}
	end := header + int(size)
	return der[:end], der[end:], true
}

// frameContent is what a SEQUENCE that fills all of der begins with.
func frameContent(der []byte) ([]byte, bool) {
	frame, rest, ok := splitFrame(der)
	if !ok || len(rest) > 0 {
		return nil, false
	}
	header := 2
	if n := int(frame[1]); n > 0x80 {
		header += n - 0x80
	}
	return frame[header:], true
}

// isCertificateFrame: a whole SEQUENCE that begins with another one.
func isCertificateFrame(der []byte) bool {
	inner, ok := frameContent(der)
	return ok && len(inner) > 0 && inner[0] == 0x30
}
