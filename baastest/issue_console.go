package baastest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// make2019CA makes the CA of Console2019: one certificate of version 1, which has no extensions.
func (a *authority) make2019CA(now time.Time) (*chainCA, error) {
	key, err := a.keys.next()
	if err != nil {
		return nil, err
	}
	name, err := encodeName(
		attribute{oidCountry(), asn1.TagPrintableString, "CN"},
		attribute{oidProvince(), asn1.TagUTF8String, "HZ"},
		attribute{oidLocality(), asn1.TagUTF8String, "baastest"},
		attribute{oidOrg(), asn1.TagUTF8String, "baastest"},
		attribute{oidOrgUnit(), asn1.TagUTF8String, "chain"},
		attribute{oidEmail(), asn1.TagIA5String, "ca@baastest.example"},
		attribute{oidCommon(), asn1.TagUTF8String, "baastest.example"},
	)
	if err != nil {
		return nil, err
	}
	der, err := rawCertificate{
		version: version1, serial: newSerial(), issuer: name, subject: name,
		notBefore: now.AddDate(-1, 0, 0), notAfter: now.AddDate(11, 0, 0), key: &key.PublicKey,
	}.sign(key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return newChainCA(key, "ca", now, der)
}

// issue2019 returns a certificate of version 3 without extensions, whose serial number is the time.
func (a *authority) issue2019(ca *chainCA, o order) ([]byte, error) {
	now := a.now().UTC()
	if o.node {
		o.subject.Country = []string{"CN"}
	}
	subject, err := o.rawSubject, error(nil)
	if subject == nil {
		subject, err = encodeName(
			attribute{oidEmail(), asn1.TagPrintableString, ""}, // the action has no parameter for it
			attribute{oidCommon(), 0, o.subject.CommonName},
			attribute{oidOrgUnit(), 0, first(o.subject.OrganizationalUnit)},
			attribute{oidOrg(), 0, first(o.subject.Organization)},
			attribute{oidLocality(), 0, first(o.subject.Locality)},
			attribute{oidProvince(), 0, first(o.subject.Province)},
			attribute{oidCountry(), 0, first(o.subject.Country)},
		)
	}
	if err != nil {
		return nil, err
	}
	return rawCertificate{
		version: version3, serial: big.NewInt(a.timeSerial(now)), issuer: ca.cert.RawSubject, subject: subject,
		notBefore: now.Add(-certBackdate), notAfter: now.AddDate(10, 0, 0), key: o.key,
	}.sign(ca.key, crypto.SHA256)
}

// timeSerial returns now in milliseconds since the epoch, or the next number that was not given out.
func (a *authority) timeSerial(now time.Time) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serial = max(a.serial+1, now.UnixMilli())
	return a.serial
}

// make2021CA makes the three CAs of Console2021: issuing CA, enterprise CA and root, all signed with SHA-1.
func (a *authority) make2021CA(now time.Time) (*chainCA, error) {
	names := make([][]byte, 3)
	keys := make([]*rsa.PrivateKey, 3)
	for i, n := range [][3]string{
		{"测试电子商务服务有限公司", "测试身份网络RSA", "测试链CA"},
		{"baastest", "baastest Trust", "baastest Class 2 Enterprise CA - G3"},
		{"baastest", "baastest Trust", "baastest Class 2 Root CA - G3"},
	} {
		var err error
		names[i], err = encodeName(
			attribute{oidCountry(), asn1.TagPrintableString, "CN"},
			attribute{oidOrg(), asn1.TagUTF8String, n[0]},
			attribute{oidOrgUnit(), asn1.TagUTF8String, n[1]},
			attribute{oidCommon(), asn1.TagUTF8String, n[2]},
		)
		if err == nil {
			keys[i], err = a.keys.next()
		}
		if err != nil {
			return nil, err
		}
	}
	ders := make([][]byte, 3)
	for i := range ders {
		issuer := min(i+1, 2)
		extensions, err := caExtensions(i, &keys[i].PublicKey, &keys[issuer].PublicKey)
		if err != nil {
			return nil, err
		}
		ders[i], err = rawCertificate{
			version: version3, serial: newSerial(), issuer: names[issuer], subject: names[i],
			notBefore: now.AddDate(-1, 0, 0), notAfter: now.AddDate(13+3*min(i, 1), 0, 0),
			key: &keys[i].PublicKey, extensions: extensions,
		}.sign(keys[issuer], crypto.SHA1)
		if err != nil {
			return nil, err
		}
	}
	return newChainCA(keys[0], "mychain", now, ders...)
}

// issue2021 returns a certificate whose subject is the service's own, whatever was asked for, signed with SHA-1.
func (a *authority) issue2021(ca *chainCA, o order) ([]byte, error) {
	now := a.now().UTC()
	millis := strconv.FormatInt(a.timeSerial(now), 10)
	common := o.subject.CommonName
	if !o.node {
		common = chainDigits(o.chain) + "_" + common
	}
	subject, err := encodeName(
		attribute{oidOrg(), asn1.TagUTF8String, "Alipay"},
		attribute{oidOrgUnit(), asn1.TagUTF8String, "Alibaba"},
		attribute{oidCommon(), asn1.TagUTF8String, common},
		attribute{oidSurname(), asn1.TagUTF8String, millis},
		attribute{oidStreet(), asn1.TagUTF8String, "hangzhou.china"},
	)
	if err != nil {
		return nil, err
	}
	extensions, err := leafExtensions(o.key, &ca.key.PublicKey)
	if err != nil {
		return nil, err
	}
	return rawCertificate{
		version: version3, serial: newSerial(), issuer: ca.cert.RawSubject, subject: subject,
		notBefore: now.Add(-certBackdate), notAfter: now.AddDate(3, 0, 0), key: o.key, extensions: extensions,
	}.sign(ca.key, crypto.SHA1)
}

// chainDigits are the 32 hexadecimal digits before the name in a common name. What they are in the field is not known;
// here they stand for the chain, whose ID has the same form there.
func chainDigits(chain string) string {
	if lower := strings.ToLower(chain); regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(lower) {
		return lower
	}
	sum := sha256.Sum256([]byte(chain))
	return hex.EncodeToString(sum[:16])
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func extension(id asn1.ObjectIdentifier, critical bool, der ...byte) pkix.Extension {
	return pkix.Extension{Id: id, Critical: critical, Value: der}
}

func keyIDExtensions(subject, issuer *rsa.PublicKey) (ski, aki pkix.Extension) {
	ski = extension(asn1.ObjectIdentifier{2, 5, 29, 14}, false, append([]byte{0x04, 20}, keyID(subject)...)...)
	aki = extension(asn1.ObjectIdentifier{2, 5, 29, 35}, false, append([]byte{0x30, 22, 0x80, 20}, keyID(issuer)...)...)
	return ski, aki
}

func leafExtensions(subject, issuer *rsa.PublicKey) ([]pkix.Extension, error) {
	// Both, as clients' and nodes' certificates of the field have them.
	usages, err := asn1.Marshal([]asn1.ObjectIdentifier{
		{1, 3, 6, 1, 5, 5, 7, 3, 2}, // clientAuth
		{1, 3, 6, 1, 5, 5, 7, 3, 1}, // serverAuth
	})
	ski, aki := keyIDExtensions(subject, issuer)
	return []pkix.Extension{
		extension(asn1.ObjectIdentifier{2, 5, 29, 19}, false, 0x30, 0),         // basicConstraints: no CA
		extension(asn1.ObjectIdentifier{2, 5, 29, 15}, true, 0x03, 2, 5, 0xE0), // keyUsage: signature, non-repudiation, encipherment
		extension(asn1.ObjectIdentifier{2, 5, 29, 37}, false, usages...),
		extension(asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1}, false, 0x03, 2, 6, 0xC0), // Netscape: client, server
		aki,
		ski,
	}, err
}

// caExtensions are those of the issuing CA (level 0), the enterprise CA (1) and the root (2).
func caExtensions(level int, subject, issuer *rsa.PublicKey) ([]pkix.Extension, error) {
	basic := extension(asn1.ObjectIdentifier{2, 5, 29, 19}, true, 0x30, 3, 0x01, 1, 0xFF) // a CA
	usage := extension(asn1.ObjectIdentifier{2, 5, 29, 15}, true, 0x03, 2, 1, 0x06)       // signs certificates and CRLs
	ski, aki := keyIDExtensions(subject, issuer)
	switch level {
	case 2:
		return []pkix.Extension{basic, usage, ski}, nil
	case 1:
		return []pkix.Extension{basic, usage, ski, aki}, nil
	}
	basic.Value = []byte{0x30, 6, 0x01, 1, 0xFF, 0x02, 1, 0} // a CA, pathlen 0
	others, err := issuingExtensions()
	if err != nil {
		return nil, err
	}
	return []pkix.Extension{basic, usage, others[0], ski, aki, others[1], others[2]}, nil
}

// issuingExtensions are what the issuing CA has besides: a name for the holder of its key, its policy and a CRL.
func issuingExtensions() ([3]pkix.Extension, error) {
	type policyQualifier struct {
		ID  asn1.ObjectIdentifier
		URI string `asn1:"ia5"`
	}
	type policy struct {
		ID         asn1.ObjectIdentifier
		Qualifiers []policyQualifier
	}
	type distributionPointName struct {
		FullName []asn1.RawValue `asn1:"tag:0"`
	}
	type distributionPoint struct {
		Name distributionPointName `asn1:"tag:0"`
	}
	holder, err := encodeName(attribute{oidCommon(), asn1.TagUTF8String, "baastest-1"})
	if err != nil {
		return [3]pkix.Extension{}, err
	}
	var extensions [3]pkix.Extension
	for i, e := range []struct {
		id    asn1.ObjectIdentifier
		value any
	}{
		{asn1.ObjectIdentifier{2, 5, 29, 17}, []asn1.RawValue{
			{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: holder},
		}},
		{asn1.ObjectIdentifier{2, 5, 29, 32}, []policy{{
			ID: asn1.ObjectIdentifier{1, 2, 156, 112535, 1, 1, 1, 2},
			Qualifiers: []policyQualifier{{
				asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 2, 1}, "https://ca.baastest.example/cps",
			}},
		}}},
		{asn1.ObjectIdentifier{2, 5, 29, 31}, []distributionPoint{{distributionPointName{[]asn1.RawValue{
			{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte("http://ca.baastest.example/crl/a.crl")},
		}}}}},
	} {
		der, err := asn1.Marshal(e.value)
		if err != nil {
			return extensions, err
		}
		extensions[i] = extension(e.id, false, der...)
	}
	return extensions, nil
}
