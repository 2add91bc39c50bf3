package baastest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

const (
	version1 = 0
	version3 = 2
)

// rawCertificate is a certificate as crypto/x509 does not make them: of version 1, or signed with SHA-1.
type rawCertificate struct {
	version             int
	serial              *big.Int
	issuer, subject     []byte // DER
	notBefore, notAfter time.Time
	key                 *rsa.PublicKey
	extensions          []pkix.Extension
}

// sign returns the certificate in DER.
func (c rawCertificate) sign(key *rsa.PrivateKey, hash crypto.Hash) ([]byte, error) {
	public, err := x509.MarshalPKIXPublicKey(c.key)
	if err != nil {
		return nil, err
	}
	algorithm := pkix.AlgorithmIdentifier{
		Algorithm:  asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11},
		Parameters: asn1.NullRawValue,
	}
	if hash == crypto.SHA1 {
		algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}
	}
	type validity struct{ NotBefore, NotAfter time.Time }
	tbs, err := asn1.Marshal(struct {
		Version    int `asn1:"optional,explicit,default:0,tag:0"`
		Serial     *big.Int
		Algorithm  pkix.AlgorithmIdentifier
		Issuer     asn1.RawValue
		Validity   validity
		Subject    asn1.RawValue
		Key        asn1.RawValue
		Extensions []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
	}{
		c.version, c.serial, algorithm, whole(c.issuer), validity{c.notBefore.UTC(), c.notAfter.UTC()},
		whole(c.subject), whole(public), c.extensions,
	})
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	digest := hash.New()
	digest.Write(tbs)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, hash, digest.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{whole(tbs), algorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
}

func whole(der []byte) asn1.RawValue { return asn1.RawValue{FullBytes: der} }

// attribute is a part of a name, with the string type that it is to have. With type 0 it is a PrintableString, or
// UTF8String if it has to be.
type attribute struct {
	oid   asn1.ObjectIdentifier
	tag   int
	value string
}

// The attribute types that certificates of the field have.
func oidCountry() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{2, 5, 4, 6} }
func oidProvince() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 4, 8} }
func oidLocality() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 4, 7} }
func oidStreet() asn1.ObjectIdentifier   { return asn1.ObjectIdentifier{2, 5, 4, 9} }
func oidOrg() asn1.ObjectIdentifier      { return asn1.ObjectIdentifier{2, 5, 4, 10} }
func oidOrgUnit() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{2, 5, 4, 11} }
func oidCommon() asn1.ObjectIdentifier   { return asn1.ObjectIdentifier{2, 5, 4, 3} }
func oidSurname() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{2, 5, 4, 4} }
func oidEmail() asn1.ObjectIdentifier    { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1} }

// encodeName returns a name of one attribute per RDN, in the order given. Empty values are left out, except those with
// a string type.
func encodeName(attributes ...attribute) ([]byte, error) {
	type typeAndValue struct {
		Type  asn1.ObjectIdentifier
		Value any
	}
	type rdnSET []typeAndValue
	var name []rdnSET
	for _, a := range attributes {
		switch {
		case a.tag != 0:
			value := asn1.RawValue{Tag: a.tag, Bytes: []byte(a.value)}
			name = append(name, rdnSET{{a.oid, value}})
		case a.value != "":
			name = append(name, rdnSET{{a.oid, a.value}})
		}
	}
	der, err := asn1.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("name: %w", err)
	}
	return der, nil
}

// keyID is the subject key identifier of RFC 5280, section 4.2.1.2, method 1.
func keyID(key *rsa.PublicKey) []byte {
	sum := sha1.Sum(x509.MarshalPKCS1PublicKey(key))
	return sum[:]
}

// newSerial returns a positive serial number of 127 bits.
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[0] = b[0]&0x7F | 0x40
	return new(big.Int).SetBytes(b[:])
}

func encodeCertificates(ders ...[]byte) []byte {
	var b bytes.Buffer
	for _, der := range ders {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // to memory, without headers: never fails
	}
	return b.Bytes()
}
