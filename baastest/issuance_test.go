package baastest_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// bundle is what an application leads to.
type bundle struct {
	key                          string
	clientCrt, caCrt, trustStore []byte
}

func obtain(t *testing.T, srv *baastest.Server, change func(map[string][]string)) bundle {
	t.Helper()
	v := application(t, srv, time.Now())
	if change != nil {
		change(v)
	}
	result := mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv))).result(t)
	return bundle{
		key:        result.PrivateKey,
		clientCrt:  download(t, srv, result.DownloadPath.ClientCrtUrl).body,
		caCrt:      download(t, srv, result.DownloadPath.CaCrtUrl).body,
		trustStore: download(t, srv, result.DownloadPath.TrustCaUrl).body,
	}
}

func readTwin(t *testing.T, generation string) bundle {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", generation, name))
		require.NoError(t, err)
		return b
	}
	return bundle{string(read("client.key")), read("client.crt"), read("ca.crt"), read("trustCa")}
}

// outline shows what a DER document is made of, a line each: classes, tags, OIDs, small numbers and the values of
// extensions, but no lengths, names, times, keys and signatures, which differ from one certificate to the next.
func outline(t *testing.T, der []byte) []string {
	t.Helper()
	var lines []string
	var walk func(der []byte, indent string)
	walk = func(der []byte, indent string) {
		for len(der) > 0 {
			var v asn1.RawValue
			rest, err := asn1.Unmarshal(der, &v)
			require.NoError(t, err)
			line := fmt.Sprintf("%s%d:%d", indent, v.Class, v.Tag)
			switch {
			case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOID:
				var oid asn1.ObjectIdentifier
				_, err := asn1.Unmarshal(v.FullBytes, &oid)
				require.NoError(t, err)
				line += " " + oid.String()
			case v.Tag == asn1.TagInteger && len(v.Bytes) < 4, v.Tag == asn1.TagBoolean:
				line += " " + hex.EncodeToString(v.Bytes)
			case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString && len(v.Bytes) < 24 && !isKeyID(v.Bytes):
				line += " " + hex.EncodeToString(v.Bytes)
			}
			lines = append(lines, line)
			if v.IsCompound {
				walk(v.Bytes, indent+" ")
			}
			der = rest
		}
	}
	walk(der, "")
	return lines
}

func isKeyID(b []byte) bool { return len(b) == 22 && b[0] == 4 }

func ders(t *testing.T, doc []byte) [][]byte {
	t.Helper()
	require.NotContains(t, string(doc), "\r")
	var all [][]byte
	for len(doc) > 0 {
		block, rest := pem.Decode(doc)
		require.NotNil(t, block, "%s", doc)
		require.True(t, bytes.HasPrefix(doc, []byte("-----BEGIN CERTIFICATE-----\n")), "text around")
		all, doc = append(all, block.Bytes), rest
	}
	return all
}

func parseAll(t *testing.T, doc []byte) []*x509.Certificate {
	t.Helper()
	var all []*x509.Certificate
	for _, der := range ders(t, doc) {
		cert, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		all = append(all, cert)
	}
	return all
}

func trusted(t *testing.T, store []byte) map[string][]byte {
	t.Helper()
	ks := keystore.New()
	require.NoError(t, ks.Load(bytes.NewReader(store), []byte("mychain")))
	entries := make(map[string][]byte)
	for _, alias := range ks.Aliases() {
		entry, err := ks.GetTrustedCertificateEntry(alias)
		require.NoError(t, err)
		entries[alias] = entry.Certificate.Content
	}
	return entries
}

// asShortAsTheTwin leaves in the subject what that of the twin has: emailAddress, CN and C.
func asShortAsTheTwin(outline []string) []string {
	var rest []string
	for i := 0; i < len(outline); i++ {
		isSet := i+3 < len(outline) && strings.HasSuffix(outline[i], "0:17")
		if isSet && slices.ContainsFunc([]string{"2.5.4.11", "2.5.4.10", "2.5.4.7", "2.5.4.8"}, func(oid string) bool {
			return strings.HasSuffix(outline[i+2], " "+oid)
		}) && i > 30 { // the issuer comes first and keeps its own
			i += 3
			continue
		}
		rest = append(rest, outline[i])
	}
	return rest
}

func TestConsoleBundlesAreTwinsOfTheFields(t *testing.T) {
	t.Parallel()
	for generation, issuance := range map[string]baastest.Issuance{
		"gen1": baastest.Console2019, "gen2": baastest.Console2021,
	} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			// The twins' year: what lies behind 2049 is encoded in another way.
			now := time.Date(2026, 11, 25, 21, 45, 0, 0, time.UTC)
			srv := newServer(t, baastest.WithIssuance(issuance), baastest.WithClock(func() time.Time { return now }))
			twin, got := readTwin(t, generation), obtain(t, srv, func(v map[string][]string) {
				v["Timestamp"] = []string{now.Format("2006-01-02T15:04:05Z")}
			})

			wantCAs, gotCAs := ders(t, twin.caCrt), ders(t, got.caCrt)
			require.Len(t, gotCAs, len(wantCAs))
			for i := range wantCAs {
				require.Equal(t, caOutline(t, wantCAs[i]), caOutline(t, gotCAs[i]), "CA %d", i)
			}
			client := outline(t, ders(t, got.clientCrt)[0])
			if issuance == baastest.Console2019 {
				client = asShortAsTheTwin(client)
			}
			require.Equal(t, outline(t, ders(t, twin.clientCrt)[0]), client)
			node, err := os.ReadFile(filepath.Join("testdata", generation, "node.crt"))
			require.NoError(t, err)
			require.Equal(t, outline(t, ders(t, node)[0]), outline(t, srv.NewNode().Certificate().Raw))

			wantKey, _ := pem.Decode([]byte(twin.key))
			gotKey, _ := pem.Decode([]byte(got.key))
			require.Equal(t, keyScheme(t, wantKey.Bytes), keyScheme(t, gotKey.Bytes))

			want, have := trusted(t, twin.trustStore), trusted(t, got.trustStore)
			require.Len(t, have, len(want))
			for alias, cert := range want {
				require.Equal(t, wantCAs[0], cert, "the twin holds the issuing CA")
				require.Equal(t, gotCAs[0], have[alias], alias)
			}
		})
	}
}

// caOutline leaves out the texts of extensions that hold names and links.
func caOutline(t *testing.T, der []byte) []string {
	t.Helper()
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	lines := outline(t, der)
	for _, e := range cert.Extensions {
		if len(e.Value) >= 24 || e.Id.String() == "2.5.29.17" {
			lines = append(lines, "inside "+e.Id.String())
			lines = append(lines, outline(t, e.Value)...)
		}
	}
	for i, line := range lines {
		if strings.Contains(line, "0:4 3017a4") { // the twin's name is so short that it is shown
			lines[i] = strings.SplitAfter(line, "0:4")[0]
		}
	}
	return lines
}

// keyScheme is the outline of how the key is encrypted, with the length of the salt instead of the salt.
func keyScheme(t *testing.T, der []byte) string {
	t.Helper()
	var sealed struct {
		Algorithm struct {
			OID    asn1.ObjectIdentifier
			Params struct {
				Salt       []byte
				Iterations int
			}
		}
		Data []byte
	}
	_, err := asn1.Unmarshal(der, &sealed)
	require.NoError(t, err)
	p := sealed.Algorithm.Params
	// A key has a byte more or less; 1,216 is what all fill.
	return fmt.Sprint(sealed.Algorithm.OID, len(p.Salt), p.Iterations, len(sealed.Data)/64)
}

func TestConsole2019(t *testing.T) {
	t.Parallel()
	srv := newServer(t, baastest.WithIssuance(baastest.Console2019))
	before := time.Now()
	got := obtain(t, srv, func(v map[string][]string) {
		v["OrganizationName"], v["OrganizationUnitName"] = []string{"某公司"}, []string{"区块链"}
	})
	cert, ca := parseCertificate(t, got.clientCrt), parseCertificate(t, got.caCrt)
	require.Equal(t, 1, ca.Version)
	require.NoError(t, ca.CheckSignature(ca.SignatureAlgorithm, ca.RawTBSCertificate, ca.Signature))
	require.Equal(t, 3, cert.Version)
	require.Empty(t, cert.Extensions)
	require.Equal(t, x509.SHA256WithRSA, cert.SignatureAlgorithm)
	require.True(t, cert.SerialNumber.IsInt64())
	require.WithinRange(t, time.UnixMilli(cert.SerialNumber.Int64()), before.Add(-time.Millisecond), time.Now().Add(time.Second))
	require.WithinDuration(t, before.AddDate(10, 0, 0), cert.NotAfter, time.Minute)
	var subject []string
	for _, a := range cert.Subject.Names {
		subject = append(subject, fmt.Sprint(a.Type, "=", a.Value))
	}
	require.Equal(t, []string{
		"1.2.840.113549.1.9.1=", "2.5.4.3=app-1", "2.5.4.11=区块链", "2.5.4.10=某公司", "2.5.4.7=Hang zhou",
		"2.5.4.8=浙江", "2.5.4.6=CN",
	}, subject)

	roots := x509.NewCertPool()
	roots.AddCert(ca)
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	require.NoError(t, err)
	require.True(t, decryptKey(t, got.key).PublicKey.Equal(cert.PublicKey))

	next := parseCertificate(t, obtain(t, srv, nil).clientCrt)
	require.Equal(t, 1, next.SerialNumber.Cmp(cert.SerialNumber))
	other := parseCertificate(t, obtain(t, newServer(t, baastest.WithIssuance(baastest.Console2019)), nil).caCrt)
	require.Equal(t, ca.RawSubject, other.RawSubject, "another CA has the same name, as in the field")
	require.NotEqual(t, ca.Raw, other.Raw)
}

func TestSerialNumbersThatAreTimesAreDistinct(t *testing.T) {
	t.Parallel()
	now := time.Date(2019, 7, 6, 5, 4, 3, 0, time.UTC)
	srv := newServer(t, baastest.WithIssuance(baastest.Console2019), baastest.WithClock(func() time.Time { return now }))
	for i := range 3 {
		cert := parseCertificate(t, obtain(t, srv, func(v map[string][]string) {
			v["Timestamp"] = []string{now.Format("2006-01-02T15:04:05Z")}
		}).clientCrt)
		require.Equal(t, now.UnixMilli()+int64(i), cert.SerialNumber.Int64())
	}
}

func TestConsole2021(t *testing.T) {
	t.Parallel()
	srv := newServer(t, baastest.WithIssuance(baastest.Console2021))
	const chain = "8BD720bde18c4b37b0f4a1c7834db163"
	got := obtain(t, srv, func(v map[string][]string) { v["AntChainId"] = []string{chain} })
	cert, cas := parseCertificate(t, got.clientCrt), parseAll(t, got.caCrt)
	require.Len(t, cas, 3)
	issuerOf := append(slices.Clone(cas), cas[2]) // issuing CA, enterprise CA, root, root again
	for i, c := range append([]*x509.Certificate{cert}, cas...) {
		require.Equal(t, x509.SHA1WithRSA, c.SignatureAlgorithm)
		digest := sha1.Sum(c.RawTBSCertificate)
		require.NoError(t, rsa.VerifyPKCS1v15(issuerOf[i].PublicKey.(*rsa.PublicKey), crypto.SHA1, digest[:], c.Signature), "%d", i)
		require.Equal(t, issuerOf[i].RawSubject, c.RawIssuer)
		require.Equal(t, issuerOf[i].SubjectKeyId, orOwn(c.AuthorityKeyId, c.SubjectKeyId))
		require.Equal(t, i > 0, c.IsCA)
	}
	require.True(t, cas[0].MaxPathLenZero)
	require.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, cert.ExtKeyUsage)
	require.WithinDuration(t, time.Now().AddDate(3, 0, 0), cert.NotAfter, time.Minute)

	require.Equal(t, "8bd720bde18c4b37b0f4a1c7834db163_app-1", cert.Subject.CommonName)
	require.Equal(t, []string{"Alipay"}, cert.Subject.Organization)
	require.Equal(t, []string{"Alibaba"}, cert.Subject.OrganizationalUnit)
	require.Equal(t, []string{"hangzhou.china"}, cert.Subject.StreetAddress)
	require.Empty(t, cert.Subject.Country)
	require.Empty(t, cert.Subject.Province)
	require.Empty(t, cert.Subject.Locality)
	require.True(t, decryptKey(t, got.key).PublicKey.Equal(cert.PublicKey))

	short := parseCertificate(t, obtain(t, srv, nil).clientCrt)
	require.Regexp(t, `^[0-9a-f]{32}_app-1$`, short.Subject.CommonName)
	require.NotEqual(t, cert.SerialNumber, short.SerialNumber)
}

func orOwn(id, own []byte) []byte {
	if id == nil {
		return own
	}
	return id
}

func TestUnknownIssuanceIsModern(t *testing.T) {
	t.Parallel()
	cert := parseCertificate(t, obtain(t, newServer(t, baastest.WithIssuance(99)), nil).clientCrt)
	require.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, cert.ExtKeyUsage)
}
