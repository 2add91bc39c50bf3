package certbundle_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// nameDER is a name of one attribute, its value of any string type.
func nameDER(t testing.TB, tag int, value string, oid ...int) []byte {
	t.Helper()
	der, err := asn1.Marshal(pkix.RDNSequence{{{Type: oid, Value: asn1.RawValue{Tag: tag, Bytes: []byte(value)}}}})
	require.NoError(t, err)
	return der
}

func subjectOf(t testing.TB, ca *authority, raw []byte) string {
	t.Helper()
	report, err := ca.bundle(t, func(c *x509.Certificate) { c.RawSubject = raw }).Verify("")
	require.NoError(t, err)
	return report.Subject
}

func TestNamesOfAttributeTypes(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for name, oid := range map[string][]int{
		"CN": {2, 5, 4, 3}, "SN": {2, 5, 4, 4}, "serialNumber": {2, 5, 4, 5}, "C": {2, 5, 4, 6}, "L": {2, 5, 4, 7},
		"ST": {2, 5, 4, 8}, "street": {2, 5, 4, 9}, "O": {2, 5, 4, 10}, "OU": {2, 5, 4, 11}, "title": {2, 5, 4, 12},
		"description": {2, 5, 4, 13}, "businessCategory": {2, 5, 4, 15}, "postalCode": {2, 5, 4, 17}, "name": {2, 5, 4, 41},
		"GN": {2, 5, 4, 42}, "initials": {2, 5, 4, 43}, "dnQualifier": {2, 5, 4, 46}, "pseudonym": {2, 5, 4, 65},
		"organizationIdentifier": {2, 5, 4, 97}, "UID": {0, 9, 2342, 19200300, 100, 1, 1}, "DC": {0, 9, 2342, 19200300, 100, 1, 25},
		"emailAddress": {1, 2, 840, 113549, 1, 9, 1}, "unstructuredName": {1, 2, 840, 113549, 1, 9, 2},
		"jurisdictionC": {1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3},
		"1.2.3.4":       {1, 2, 3, 4}, // never the digits of its value
	} {
		for _, tag := range []int{asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String} {
			require.Equal(t, name+"=x y", subjectOf(t, ca, nameDER(t, tag, "x y", oid...)), name)
		}
		require.Equal(t, name+"=", subjectOf(t, ca, nameDER(t, asn1.TagPrintableString, "", oid...)), "an empty one")
	}
	require.Equal(t, "SN=王", subjectOf(t, ca, nameDER(t, asn1.TagBMPString, "\x73\x8B", 2, 5, 4, 4)))
}

func TestNamesAreOneLine(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for value, want := range map[string]string{
		`a,b+c"d\e<f>g;h`: `a\,b\+c\"d\\e\<f\>g\;h`,
		" a ":             `\ a\ `,
		"#a#":             `\#a#`,
		"a=b":             "a=b",
		"a\nCN=root\x00":  `a\0ACN=root\00`,
		"a\u202Eb":        `a\E2\80\AEb`, // turns the text round
		"北京":              "北京",
	} {
		require.Equal(t, "CN="+want, subjectOf(t, ca, nameDER(t, asn1.TagUTF8String, value, 2, 5, 4, 3)))
	}
	raw, err := asn1.Marshal(pkix.RDNSequence{
		{{Type: []int{2, 5, 4, 6}, Value: "CN"}},
		{{Type: []int{2, 5, 4, 3}, Value: "a"}, {Type: []int{2, 5, 4, 4}, Value: "b"}},
	})
	require.NoError(t, err)
	require.Equal(t, "CN=a+SN=b,C=CN", subjectOf(t, ca, raw))
	require.Empty(t, subjectOf(t, ca, []byte{0x30, 0}))
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	ca, weak := newAuthority(t), newWeakAuthority(t)
	now := time.Now().UTC().Truncate(time.Second)
	until := func(left time.Duration) change { return validity(now.AddDate(-1, 0, 0), now.Add(left)) }
	const day = 24 * time.Hour
	soonCA := newAuthority(t, until(10*day))
	successor := *soonCA.cert
	successor.NotAfter = now.AddDate(5, 0, 0)
	followed := soonCA.bundle(t)
	followed.CACert = append(followed.CACert, pemCerts(sign(t, &successor, &successor, soonCA.key.Public(), soonCA.key))...)
	noStore := ca.bundle(t)
	noStore.TrustStore = nil
	for name, tt := range map[string]struct {
		bundle *certbundle.Bundle
		want   error
		text   string
	}{
		"none":                            {ca.bundle(t), nil, ""},
		"no trust store":                  {noStore, fs.ErrNotExist, "certbundle: trustCa"},
		"SHA-1 in the chain":              {weak.bundle(t), certbundle.ErrWeakSignature, "certbundle: client.crt: 1 of the 2 certificates"},
		"30 days left":                    {ca.bundle(t, until(30*day)), nil, ""},
		"less than 30 days left":          {ca.bundle(t, until(30*day-time.Second)), certbundle.ErrExpired, "certbundle: client.crt: ends in 29 days"},
		"the last second":                 {ca.bundle(t, until(0)), certbundle.ErrExpired, "certbundle: client.crt: ends in 0 days"},
		"the CA has less than 30 days":    {soonCA.bundle(t), certbundle.ErrExpired, "certbundle: ca.crt: ends in 10 days"},
		"the CA has, but a successor too": {followed, nil, ""},
	} {
		report, err := tt.bundle.VerifyAt("", now)
		require.NoError(t, err, name)
		if tt.want == nil {
			require.Empty(t, report.Warnings, name)
			continue
		}
		require.Len(t, report.Warnings, 1, name)
		requireFault(t, report.Warnings[0], tt.want, tt.text)
	}

	// All are reported, beside errors too.
	b := weak.bundle(t, until(day))
	b.TrustStore, b.PrivateKey = nil, nil
	report, err := b.VerifyAt("", now)
	requireFault(t, err, fs.ErrNotExist, "client.key")
	warnings := errors.Join(report.Warnings...)
	require.Len(t, report.Warnings, 3)
	for _, kind := range []error{certbundle.ErrWeakSignature, certbundle.ErrExpired, fs.ErrNotExist} {
		require.ErrorIs(t, warnings, kind)
	}
	require.Equal(t, 3, strings.Count(warnings.Error(), "certbundle: "))
}
