package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/antchain-go/baas"
)

type request = baas.ApplyAntChainCertificateWithKeyAutoCreationRequest

// setSubject reads a distinguished name as RFC 4514 writes it, with the six
// attributes that the service takes, each once. Spaces around attributes are
// skipped, as RFC 2253 has it.
func setSubject(req *request, subject string) error {
	fields := []struct {
		name  string
		value *string
	}{
		{"CN", &req.CommonName}, {"OU", &req.OrganizationUnitName}, {"O", &req.OrganizationName},
		{"L", &req.LocalityName}, {"ST", &req.StateOrProvinceName}, {"C", &req.CountryName},
	}
	for rest, more := subject, true; more; {
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToUpper(strings.Trim(name, " "))
		if !ok {
			return usage("--subject: %q is not NAME=VALUE; an example is \"CN=a,OU=b,O=c,L=d,ST=e,C=CN\"", rest)
		}
		value, n, err := attributeValue(after)
		if err != nil {
			return usage("--subject: %s: %w", name, err)
		}
		var into *string
		for _, f := range fields {
			if f.name == name {
				into = f.value
			}
		}
		switch {
		case into == nil:
			return usage("--subject: %q is none of CN, OU, O, L, ST and C", name)
		case *into != "":
			return usage("--subject: %s stands there twice, and the service takes one", name)
		case value == "":
			return usage("--subject: %s is empty", name)
		}
		*into = value
		more = n < len(after)
		if more {
			rest = after[n+1:]
		}
	}
	var missing []string
	for _, f := range fields {
		if *f.value == "" {
			missing = append(missing, f.name)
		}
	}
	if missing != nil {
		return usage("--subject: %s missing: the service wants CN, OU, O, L, ST and C", strings.Join(missing, ", "))
	}
	return nil
}

// attributeValue reads up to an unescaped comma, and says how far it got.
func attributeValue(s string) (value string, n int, err error) {
	var b []byte
	kept := 0 // up to here, spaces at the end are meant
	s0 := strings.TrimLeft(s, " ")
	skipped := len(s) - len(s0)
	if strings.HasPrefix(s0, "#") {
		return "", 0, fmt.Errorf("a value that begins with # is hexadecimal BER, which the service does not take; write \\#")
	}
	i := 0
loop:
	for ; i < len(s0); i++ {
		switch c := s0[i]; c {
		case ',':
			break loop
		case '+', ';', '<', '>', '"':
			return "", 0, fmt.Errorf("%q has to be written \\%c", c, c)
		case 0:
			return "", 0, fmt.Errorf("holds a zero byte")
		case '\\':
			c, size, err := unescape(s0[i+1:])
			if err != nil {
				return "", 0, err
			}
			b = append(b, c)
			i += size
			kept = len(b)
		default:
			b = append(b, c)
		}
	}
	for len(b) > kept && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	if !utf8.Valid(b) {
		return "", 0, fmt.Errorf("is not UTF-8")
	}
	return string(b), skipped + i, nil
}

// unescape reads what follows a backslash.
func unescape(s string) (c byte, size int, err error) {
	if s != "" && strings.IndexByte(` "#+,;<=>\`, s[0]) >= 0 {
		return s[0], 1, nil
	}
	if len(s) >= 2 {
		if b, err := hex.DecodeString(s[:2]); err == nil && b[0] != 0 {
			return b[0], 2, nil
		}
	}
	return 0, 0, fmt.Errorf("a \\ has to be followed by one of \"#+,;<=>\\, a space, or two hexadecimal digits other than 00")
}
