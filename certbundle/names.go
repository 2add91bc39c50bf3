package certbundle

import (
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// attributeNames has the short names that OpenSSL prints. crypto/x509/pkix
// knows nine of these types and shows the others as hexadecimal digits.
var attributeNames = map[string]string{
	"2.5.4.3":                    "CN",
	"2.5.4.4":                    "SN", // surname
	"2.5.4.5":                    "serialNumber",
	"2.5.4.6":                    "C",
	"2.5.4.7":                    "L",
	"2.5.4.8":                    "ST",
	"2.5.4.9":                    "street",
	"2.5.4.10":                   "O",
	"2.5.4.11":                   "OU",
	"2.5.4.12":                   "title",
	"2.5.4.13":                   "description",
	"2.5.4.15":                   "businessCategory",
	"2.5.4.16":                   "postalAddress",
	"2.5.4.17":                   "postalCode",
	"2.5.4.18":                   "postOfficeBox",
	"2.5.4.20":                   "telephoneNumber",
	"2.5.4.41":                   "name",
	"2.5.4.42":                   "GN", // given name
	"2.5.4.43":                   "initials",
	"2.5.4.44":                   "generationQualifier",
	"2.5.4.46":                   "dnQualifier",
	"2.5.4.51":                   "houseIdentifier",
	"2.5.4.65":                   "pseudonym",
	"2.5.4.97":                   "organizationIdentifier",
	"0.9.2342.19200300.100.1.1":  "UID",
	"0.9.2342.19200300.100.1.3":  "mail",
	"0.9.2342.19200300.100.1.25": "DC",
	"1.2.840.113549.1.9.1":       "emailAddress",
	"1.2.840.113549.1.9.2":       "unstructuredName",
	"1.2.840.113549.1.9.8":       "unstructuredAddress",
	"1.3.6.1.4.1.311.60.2.1.1":   "jurisdictionL",
	"1.3.6.1.4.1.311.60.2.1.2":   "jurisdictionST",
	"1.3.6.1.4.1.311.60.2.1.3":   "jurisdictionC",
}

// nameText writes a distinguished name as RFC 4514 does, the last attribute
// first, but with a name for every type and no value in hexadecimal digits.
// raw is the same name in DER: it tells which attributes share one RDN.
func nameText(name pkix.Name, raw []byte) string {
	var (
		attributes = name.Names // in the order of the DER
		rdns       []string
	)
	for _, n := range rdnSizes(raw) {
		if n > len(attributes) {
			return name.String() // not the same name
		}
		parts := make([]string, n)
		for i, a := range attributes[:n] {
			parts[i] = attributeText(a)
		}
		rdns = append([]string{strings.Join(parts, "+")}, rdns...)
		attributes = attributes[n:]
	}
	if len(attributes) > 0 {
		return name.String()
	}
	return strings.Join(rdns, ",")
}

// rdnSizes returns how many attributes each RDN of a name has.
func rdnSizes(raw []byte) []int {
	var (
		whole = cryptobyte.String(raw)
		name  cryptobyte.String
		sizes []int
	)
	if !whole.ReadASN1(&name, asn1.SEQUENCE) {
		return nil
	}
	for !name.Empty() {
		var rdn cryptobyte.String
		if !name.ReadASN1(&rdn, asn1.SET) {
			return nil
		}
		n := 0
		for ; !rdn.Empty(); n++ {
			if !rdn.SkipASN1(asn1.SEQUENCE) {
				return nil
			}
		}
		sizes = append(sizes, n)
	}
	return sizes
}

func attributeText(a pkix.AttributeTypeAndValue) string {
	oid := a.Type.String()
	name, ok := attributeNames[oid]
	if !ok {
		name = shortOID(oid)
	}
	return name + "=" + escapeValue(fmt.Sprint(a.Value))
}

// escapeValue escapes what RFC 4514 does, and by their bytes all characters
// that do not print: a name from outside must not write lines of its own.
func escapeValue(value string) string {
	var b strings.Builder
	for i, r := range value {
		_, size := utf8.DecodeRuneInString(value[i:])
		bad := r == utf8.RuneError && size == 1
		switch {
		case bad || !unicode.IsPrint(r):
			for _, c := range []byte(value[i : i+size]) {
				fmt.Fprintf(&b, `\%02X`, c)
			}
			continue
		case strings.ContainsRune(`"+,;<>\`, r),
			r == '#' && i == 0,
			r == ' ' && (i == 0 || i == len(value)-1):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
