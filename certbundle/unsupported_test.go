package certbundle_test

import (
	"crypto/x509"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// A rawCertificate is put together without crypto/x509, which would not make
// what it refuses. Its signature is nobody's.
type rawCertificate struct {
	version, serial, notAfter, subject, key part
	extensions                              []part
}

func raw(der []byte) part { return func(b *cryptobyte.Builder) { b.AddBytes(der) } }

func tagged(tag asn1.Tag, content part) part {
	return func(b *cryptobyte.Builder) { b.AddASN1(tag, cryptobyte.BuilderContinuation(content)) }
}

func bits(content []byte) part { return func(b *cryptobyte.Builder) { b.AddASN1BitString(content) } }

func text(tag asn1.Tag, s string) part { return tagged(tag, raw([]byte(s))) }

// name is a distinguished name with a common name of some type.
func name(tag asn1.Tag, s string) part {
	return sequence(tagged(asn1.SET, sequence(oid("2.5.4.3"), text(tag, s))))
}

func publicKey(algorithm part, key []byte) part { return sequence(algorithm, bits(key)) }

func rsaPublicKey(n *big.Int) part {
	return publicKey(algorithm(rsaOID, tagged(asn1.NULL, raw(nil))), encode(sequence(bigInteger(n), integer(65537))))
}

// rawCert makes a certificate that is fine, except for a change.
func rawCert(change func(*rawCertificate)) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	c := rawCertificate{
		version: integer(2), serial: integer(1), notAfter: text(asn1.UTCTime, "400101000000Z"),
		subject: name(asn1.UTF8String, "raw"), key: rsaPublicKey(n.SetBit(n, 0, 1)),
	}
	change(&c)
	signature := algorithm("1.2.840.113549.1.1.11", tagged(asn1.NULL, raw(nil)))
	context := func(n int) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
	fields := []part{
		tagged(context(0), c.version), c.serial, signature, c.subject,
		sequence(text(asn1.UTCTime, "200101000000Z"), c.notAfter), c.subject, c.key,
	}
	if len(c.extensions) > 0 {
		fields = append(fields, tagged(context(3), sequence(c.extensions...)))
	}
	return encode(sequence(sequence(fields...), signature, bits(make([]byte, 256))))
}

func extension() part { return sequence(oid("1.3.9999"), octets([]byte{5, 0})) }

func curvePoint(bytes int) []byte { return slices.Concat([]byte{4}, make([]byte, 2*bytes)) }

func ecCert(curve string, bytes int) []byte {
	return rawCert(func(c *rawCertificate) { c.key = publicKey(algorithm(ecOID, oid(curve)), curvePoint(bytes)) })
}

// unsupportedCerts are whole certificates that crypto/x509 does not take, and
// what an error says of each.
func unsupportedCerts() map[string]struct {
	der  []byte
	says string
} {
	type entry = struct {
		der  []byte
		says string
	}
	with := rawCert
	return map[string]entry{
		"an SM2 key":            {ecCert("1.2.156.10197.1.301", 32), "an SM2 key"},
		"a key on secp256k1":    {ecCert("1.3.132.0.10", 32), "secp256k1"},
		"a key on brainpool":    {ecCert("1.3.36.3.3.2.8.1.1.7", 32), "Brainpool"},
		"a key on a curve of 1": {ecCert("1.2.3.4.5", 32), "elliptic curve"},
		"an Ed448 key": {with(func(c *rawCertificate) {
			c.key = publicKey(algorithm("1.3.101.113"), make([]byte, 57))
		}), "Ed448"},
		"a DSA key": {with(func(c *rawCertificate) {
			c.key = publicKey(algorithm("1.2.840.10040.4.1", sequence(integer(23), integer(11), integer(4))), encode(integer(8)))
		}), "DSA"},
		"a key of no known kind": {with(func(c *rawCertificate) {
			c.key = publicKey(algorithm("1.2.3.4"), []byte{1})
		}), "1.2.3.4"},
		"negative serial number":  {with(func(c *rawCertificate) { c.serial = integer(-5) }), "negative serial number"},
		"_ in a PrintableString":  {with(func(c *rawCertificate) { c.subject = name(asn1.PrintableString, "a_b") }), "PrintableString"},
		"@ in a PrintableString":  {with(func(c *rawCertificate) { c.subject = name(asn1.PrintableString, "a@b") }), "PrintableString"},
		"Chinese in an IA5String": {with(func(c *rawCertificate) { c.subject = name(asn1.IA5String, "链") }), "IA5String"},
		"duplicate extensions":    {with(func(c *rawCertificate) { c.extensions = []part{extension(), extension()} }), "duplicate extension"},
		"unknown version":         {with(func(c *rawCertificate) { c.version = integer(7) }), "version"},
		"RSA modulus negative":    {with(func(c *rawCertificate) { c.key = rsaPublicKey(big.NewInt(-35)) }), "RSA modulus"},
		"a time with a fraction":  {with(func(c *rawCertificate) { c.notAfter = text(asn1.GeneralizedTime, "20400101000000.5Z") }), "GeneralizedTime"},
		"a time that is no time":  {with(func(c *rawCertificate) { c.notAfter = text(asn1.UTCTime, "soon") }), "UTCTime"},
		"lengths of BER, indefinite": {func() []byte {
			der := with(func(*rawCertificate) {})
			return slices.Concat([]byte{0x30, 0x80}, der[4:], []byte{0, 0})
		}(), "cannot parse"},
		"lengths of BER, too long": {func() []byte {
			der := with(func(*rawCertificate) {})
			return slices.Concat([]byte{0x30, 0x84, 0, 0}, der[2:])
		}(), "cannot parse"},
	}
}

func TestRawCertificateIsFine(t *testing.T) {
	t.Parallel()
	_, err := x509.ParseCertificate(rawCert(func(*rawCertificate) {}))
	require.NoError(t, err, "so the changes are what is refused")
}

// TestCertificatesThatGoCannotParse are stored, spoil no file, and are named.
func TestCertificatesThatGoCannotParse(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	good := string(pemCerts(ca.cert))
	leaf, _ := ca.issue(t)
	for name, tt := range unsupportedCerts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := pemOf("CERTIFICATE", string(tt.der))
			for _, file := range []string{good + bad, bad + good} {
				certs, skipped, err := certbundle.ParseCertificatesAll(certbundle.CACertFile, []byte(file))
				require.NoError(t, err)
				require.Equal(t, []*x509.Certificate{ca.cert}, certs)
				require.Len(t, skipped, 1)
				requireUnsupported(t, skipped[0], certbundle.CACertFile, tt.says)
				require.NoError(t, certbundle.CheckCACert([]byte(file)))
			}
			// Nothing else in the file.
			for _, file := range []string{certbundle.CACertFile, certbundle.ClientCertFile} {
				certs, _, err := certbundle.ParseCertificatesAll(file, []byte(bad))
				requireUnsupported(t, err, file, tt.says)
				require.ErrorContains(t, err, "ask the operator of the chain")
				require.Nil(t, certs)
			}
			require.NoError(t, certbundle.CheckCACert([]byte(bad)))
			require.NoError(t, certbundle.CheckClientCert([]byte(bad)))

			// The client's is the first; an issuer may be of any kind.
			client := string(pemCerts(leaf))
			_, _, err := certbundle.ParseCertificatesAll(certbundle.ClientCertFile, []byte(bad+client))
			requireUnsupported(t, err, certbundle.ClientCertFile, tt.says)
			certs, skipped, err := certbundle.ParseCertificatesAll(certbundle.ClientCertFile, []byte(client+bad))
			require.NoError(t, err)
			require.Equal(t, []*x509.Certificate{leaf}, certs)
			require.Len(t, skipped, 1)

			// In a trust store, too.
			entry := jksEntry(2, "X.509", uint32(len(tt.der)), tt.der)
			certs, skipped, err = certbundle.ParseTrustStoreAll(jks(2, 2, entry, trusted(ca.cert)))
			require.NoError(t, err)
			require.Equal(t, []*x509.Certificate{ca.cert}, certs)
			requireUnsupported(t, skipped[0], certbundle.TrustStoreFile, tt.says)
			_, _, err = certbundle.ParseTrustStoreAll(jks(2, 1, entry))
			requireUnsupported(t, err, certbundle.TrustStoreFile, tt.says)
		})
	}
}

// TestWhatIsLeftOutMayBeTheReason: a certificate that Go cannot parse is no warning
// but part of the error where the chain or the pair is in doubt, since with it there
// might be none.
func TestWhatIsLeftOutMayBeTheReason(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	sm2 := pemKey("CERTIFICATE", ecCert("1.2.156.10197.1.301", 32))
	for name, tt := range map[string]struct {
		change func(*certbundle.Bundle)
		doubt  error // nil if there is none
	}{
		"neither in doubt":   {func(*certbundle.Bundle) {}, nil},
		"the chain in doubt": {func(b *certbundle.Bundle) { b.CACert, b.TrustStore = pemCerts(other.cert), nil }, certbundle.ErrUntrusted},
		"the pair in doubt":  {func(b *certbundle.Bundle) { b.PrivateKey = clearKey(t, newECKey(t)) }, certbundle.ErrKeyMismatch},
	} {
		for file, add := range map[string]func(*certbundle.Bundle){
			certbundle.ClientCertFile: func(b *certbundle.Bundle) { b.ClientCert = append(b.ClientCert, sm2...) },
			certbundle.CACertFile:     func(b *certbundle.Bundle) { b.CACert = append(b.CACert, sm2...) },
		} {
			t.Run(name+", left out of "+file, func(t *testing.T) {
				t.Parallel()
				b := ca.bundle(t)
				tt.change(b)
				add(b)
				report, err := b.Verify("")
				warnings := errors.Join(report.Warnings...)
				if tt.doubt == nil {
					require.NoError(t, err)
					requireUnsupported(t, warnings, file, "an SM2 key")
					return
				}
				require.ErrorIs(t, err, tt.doubt)
				require.ErrorIs(t, err, certbundle.ErrUnsupported)
				require.Regexp(t, `(?m)^certbundle: .*`+file+`.*an SM2 key`, err.Error())
				require.NotErrorIs(t, warnings, certbundle.ErrUnsupported, "not told twice")
			})
		}
	}
}

// TestSM2RootBesideRSARoot: as the service's own group publishes them.
func TestSM2RootBesideRSARoot(t *testing.T) {
	t.Parallel()
	b := newAuthority(t).bundle(t)
	b.CACert = slices.Concat(b.CACert, readTestdata(t, "ca.pem"), readTestdata(t, "sm2.pem"))
	dir := t.TempDir()
	require.NoError(t, b.WriteDir(dir))
	loaded, err := certbundle.Load(dir)
	require.NoError(t, err)
	_, err = loaded.TLSConfig("")
	require.NoError(t, err)
	_, skipped, err := certbundle.ParseCertificatesAll(certbundle.CACertFile, loaded.CACert)
	require.NoError(t, err)
	require.Len(t, skipped, 1)
	requireUnsupported(t, skipped[0], certbundle.CACertFile, "an SM2 key")
}

// TestSwappedFilesAreFound, as long as Go can tell.
func TestSwappedFilesAreFound(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	leaf, _ := ca.issue(t)
	require.ErrorContains(t, certbundle.CheckCACert(pemCerts(leaf)), "holds no certificate of a CA")
	require.ErrorContains(t, certbundle.CheckClientCert(pemCerts(ca.cert)), "the certificate of a CA")
	selfIssued := pemKey("CERTIFICATE", rawCert(func(c *rawCertificate) { c.extensions = []part{extension()} }))
	require.NoError(t, certbundle.CheckCACert(selfIssued), "a root that does not say so")
}

// TestOthersReadThem: OpenSSL and Node.js, for whom such files are stored.
func TestOthersReadThem(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "node")
	dir := t.TempDir()
	for name, tt := range unsupportedCerts() {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pem"), pemKey("CERTIFICATE", tt.der), 0o600))
	}
	out := mustRun(t, dir, "", "", "node", "-e", `for (const f of require("fs").readdirSync("."))
		try { new (require("crypto").X509Certificate)(require("fs").readFileSync(f)); } catch (e) { console.log(f); }`)
	require.Empty(t, out)
}

// TestKeysThatGoDoesNotHave are no damage.
func TestKeysThatGoDoesNotHave(t *testing.T) {
	t.Parallel()
	info := func(alg part) []byte {
		return pemKey("PRIVATE KEY", encode(sequence(integer(0), alg, octets([]byte{5, 0}))))
	}
	block := strings.Repeat("QUJD", 16) + "\n"
	for says, data := range map[string][]byte{
		"an SM2 key":           info(algorithm(ecOID, oid("1.2.156.10197.1.301"))),
		"the curve secp256k1":  info(algorithm(ecOID, oid("1.3.132.0.10"))),
		"a Brainpool curve":    info(algorithm(ecOID, oid("1.3.36.3.3.2.8.1.1.7"))),
		"an Ed448 key":         info(algorithm("1.3.101.113")),
		"a DSA key":            info(algorithm("1.2.840.10040.4.1")),
		"1.2.3.4":              info(algorithm("1.2.3.4")),
		`"RSA PRIVATE KEY" is`: pemKey("RSA PRIVATE KEY", rsaKey(2048)),
		`"EC PRIVATE KEY" is`: []byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" +
			"-----BEGIN EC PRIVATE KEY-----\n" + block + "-----END EC PRIVATE KEY-----\n"),
		"Proc-Type: 4,ENCRYPTED": []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" +
			block + "-----END RSA PRIVATE KEY-----\n"),
	} {
		key, _, err := certbundle.OpenKey(data, keyPassword)
		requireUnsupported(t, err, certbundle.ClientKeyFile, says)
		require.Nil(t, key)
		if strings.Contains(says, "PRIVATE") || strings.Contains(says, "Proc") {
			require.ErrorContains(t, err, "openssl pkcs8 -topk8")
		}
	}
}
