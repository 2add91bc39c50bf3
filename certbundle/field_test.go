package certbundle_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

const fieldPassword = "Own#Test123"

// fieldDay is a day on which all of testdata/field is valid. That ends with
// gen2's client.crt and node.crt, on 2029-11-24; what cannot be told another
// time than its own asks needFieldDay.
var fieldDay = time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)

func fieldTime() time.Time { return fieldDay }

func fieldBundle(t testing.TB, generation string) *certbundle.Bundle {
	t.Helper()
	b, err := certbundle.Load(filepath.Join("testdata", "field", generation))
	require.NoError(t, err)
	return b
}

func fieldNodeCert(t testing.TB, generation string) tls.Certificate {
	t.Helper()
	dir := filepath.Join("testdata", "field", generation)
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "node.crt"), filepath.Join(dir, "node.key"))
	require.NoError(t, err)
	return cert
}

// needFieldDay skips a test that another program's clock would fail.
func needFieldDay(t testing.TB, generation string) {
	t.Helper()
	b := fieldBundle(t, generation)
	report, err := b.VerifyAt(fieldPassword, fieldDay)
	require.NoError(t, err)
	if now := time.Now(); now.Before(report.NotBefore) || now.After(report.NotAfter) {
		t.Skipf("other programs go by today's date, and testdata/field/%s is valid from %s to %s", generation, report.NotBefore, report.NotAfter)
	}
}

func TestFieldVerify(t *testing.T) {
	t.Parallel()
	reports := map[string]*certbundle.Report{}
	for _, generation := range []string{"gen1", "gen2"} {
		report, err := fieldBundle(t, generation).VerifyAt(fieldPassword, fieldDay)
		require.NoError(t, err, generation)
		require.Equal(t, "RSA 2048", report.KeyAlgorithm)
		require.Equal(t, "PKCS12 DES-EDE3-CBC PKCS12KDF-SHA1", report.KeyEncryption)
		reports[generation] = report
	}
	require.Equal(t, "C=CN,CN=twin,emailAddress=", reports["gen1"].Subject)
	require.Equal(t, "CN=twin.example,emailAddress=ca@example.com,OU=ant,O=ali,L=xihu,ST=HZ,C=CN", reports["gen1"].Issuer)
	require.Equal(t, "SHA256-RSA", reports["gen1"].SignatureAlgorithm)
	require.Empty(t, reports["gen1"].Warnings)

	require.Equal(t, "street=hangzhou.china,SN=1625559332093,CN=00000000000000000000000000000000_twin,OU=Alibaba,O=Alipay",
		reports["gen2"].Subject)
	require.Equal(t, "CN=测试金服CA,OU=可信身份网络RSA,O=北京测试电子商务服务有限公司,C=CN", reports["gen2"].Issuer)
	require.Equal(t, "SHA1-RSA", reports["gen2"].SignatureAlgorithm)
	require.Len(t, reports["gen2"].Warnings, 1)
	requireFault(t, reports["gen2"].Warnings[0], certbundle.ErrWeakSignature, "client.crt")
	require.ErrorContains(t, reports["gen2"].Warnings[0], "3 of the 4 certificates")
}

// fieldServer is a node of the field, as old as its certificates: it looks at
// no more of the client's than Go lets it.
func fieldServer(t testing.TB, generation string, version uint16) *tls.Config {
	t.Helper()
	certs, err := certbundle.ParseCertificates(fieldBundle(t, generation).CACert)
	require.NoError(t, err)
	return &tls.Config{
		Certificates: []tls.Certificate{fieldNodeCert(t, generation)},
		ClientAuth:   tls.RequireAnyClientCert,
		MinVersion:   version, MaxVersion: version,
		VerifyConnection: func(state tls.ConnectionState) error {
			client := state.PeerCertificates[0]
			for _, ca := range certs {
				if string(ca.RawSubject) == string(client.RawIssuer) {
					// CheckSignature takes SHA-1.
					return ca.CheckSignature(client.SignatureAlgorithm, client.RawTBSCertificate, client.Signature)
				}
			}
			return errors.New("of no CA")
		},
	}
}

func TestFieldConnect(t *testing.T) {
	t.Parallel()
	chainOnly, allowSHA1 := certbundle.TrustChainOnly(), certbundle.AllowSHA1()
	for _, generation := range []string{"gen1", "gen2"} {
		b := fieldBundle(t, generation)
		pin := certbundle.PinNodes(certbundle.Pin(fieldNodeCert(t, generation).Leaf))
		for name, tt := range map[string]struct {
			options    []certbundle.TLSOption
			gen1, gen2 error // explained
		}{
			"no option":                    {nil, errByName, certbundle.ErrWeakSignature},
			"TrustChainOnly":               {[]certbundle.TLSOption{chainOnly}, nil, certbundle.ErrWeakSignature},
			"TrustChainOnly and AllowSHA1": {[]certbundle.TLSOption{chainOnly, allowSHA1}, nil, nil},
			"PinNodes":                     {[]certbundle.TLSOption{pin}, nil, nil},
		} {
			want := tt.gen1
			if generation == "gen2" {
				want = tt.gen2
			}
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				t.Run(generation+", "+name+", "+tls.VersionName(version), func(t *testing.T) {
					t.Parallel()
					cfg, err := b.TLSConfig(fieldPassword, tt.options...)
					require.NoError(t, err)
					cfg.ServerName, cfg.Time = "127.0.0.1", fieldTime
					clientErr, serverErr, _ := handshake(t, cfg, fieldServer(t, generation, version))
					clientErr = certbundle.ExplainHandshake(clientErr)
					switch want {
					case nil:
						require.NoError(t, clientErr)
						require.NoError(t, serverErr)
					case errByName:
						require.ErrorAs(t, clientErr, new(x509.HostnameError))
						require.ErrorContains(t, clientErr, "TrustChainOnly")
					default:
						requireFault(t, clientErr, want, "node")
						require.ErrorContains(t, clientErr, "PinNodes")
						require.ErrorContains(t, clientErr, "AllowSHA1")
					}
				})
			}
		}
	}
}

var errByName = errors.New("the name")

// Each generation is of another CA.
func TestFieldForeignNodes(t *testing.T) {
	t.Parallel()
	for generation, other := range map[string]string{"gen1": "gen2", "gen2": "gen1"} {
		cfg, err := fieldBundle(t, generation).TLSConfig(fieldPassword, certbundle.TrustChainOnly(), certbundle.AllowSHA1())
		require.NoError(t, err)
		cfg.Time = fieldTime
		clientErr, _, _ := handshake(t, cfg, fieldServer(t, other, tls.VersionTLS13))
		requireFault(t, clientErr, certbundle.ErrUntrusted, "node")
	}
}

func TestFieldShowsTheIssuers(t *testing.T) {
	t.Parallel()
	for generation, want := range map[string]int{"gen1": 1, "gen2": 3} {
		b := fieldBundle(t, generation)
		cert, err := b.TLSCertificate(fieldPassword)
		require.NoError(t, err)
		require.Len(t, cert.Certificate, want, generation)
		cas, err := certbundle.ParseCertificates(b.CACert)
		require.NoError(t, err)
		for i, der := range cert.Certificate[1:] {
			require.Equal(t, cas[i].Raw, der)
		}
	}
}

// TestFieldFaults: what is not right about a bundle of 2021 is still found.
func TestFieldFaults(t *testing.T) {
	t.Parallel()
	b := fieldBundle(t, "gen2")
	_, err := b.VerifyAt(fieldPassword, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	requireFault(t, err, certbundle.ErrExpired, "client.crt")
	b.TrustStore = fieldBundle(t, "gen1").TrustStore
	_, err = b.VerifyAt(fieldPassword, fieldDay)
	requireFault(t, err, certbundle.ErrUntrusted, "trustCa")
	b.TrustStore = nil
	report, err := b.VerifyAt(fieldPassword, fieldDay)
	require.NoError(t, err)
	require.ErrorIs(t, errors.Join(report.Warnings...), fs.ErrNotExist)
	b.CACert = fieldBundle(t, "gen1").CACert
	_, err = b.VerifyAt(fieldPassword, fieldDay)
	requireFault(t, err, certbundle.ErrUntrusted, "client.crt")
	b.PrivateKey = []byte(string(readFile(t, "testdata/field/gen1/node.key")))
	_, err = b.VerifyAt(fieldPassword, fieldDay)
	require.ErrorIs(t, err, certbundle.ErrKeyMismatch)
}
