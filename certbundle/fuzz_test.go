package certbundle_test

import (
	"encoding/pem"
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/redact"
)

// What no input of up to 1 MiB may exceed.
const (
	fuzzInput = 1 << 20
	fuzzTime  = time.Second
	fuzzBytes = 64 << 20
)

// bounded fails when f takes too long, allocates too much in all, or returns
// an error of no known kind.
func bounded(t *testing.T, f func() error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if took > fuzzTime {
		t.Fatalf("took %s", took)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > fuzzBytes {
		t.Fatalf("allocated %d bytes", n)
	}
	if err == nil {
		return
	}
	if !strings.HasPrefix(err.Error(), "certbundle: ") || strings.Contains(err.Error(), keyPassword) {
		t.Fatal(err)
	}
	for _, kind := range []error{certbundle.ErrMalformed, certbundle.ErrPassword, certbundle.ErrUnsupported, fs.ErrNotExist} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Fatalf("of no kind: %v", err)
}

func FuzzKey(f *testing.F) {
	const (
		asItIs = iota
		asEncrypted
		inTheClear
	)
	add := func(data []byte) {
		block, _ := pem.Decode(data)
		require.NotNil(f, block)
		f.Add(data, byte(asItIs))
		f.Add(block.Bytes, byte(asEncrypted))
		f.Add(block.Bytes, byte(inTheClear))
	}
	ec, rsa := newECKey(f), newRSAKey(f)
	add(clearKey(f, ec))
	add(clearKey(f, rsa))
	add(lockedKey(f, ec, keyPassword))
	add(lockedKey(f, rsa, keyPassword))
	for _, kdf := range []part{
		algorithm(pbkdf2OID, sequence(salt(), integer(1), integer(16), algorithm(sha1PRFOID))),
		algorithm(scryptOID, sequence(salt(), integer(4), integer(2), integer(1))),
	} {
		add(encrypted(pbes2(kdf)))
	}
	for _, oid := range []string{md5DESOID, sha1DESOID, pkcs12OID} {
		add(encrypted(algorithm(oid, sequence(salt(), integer(3)))))
	}
	f.Fuzz(func(t *testing.T, data []byte, how byte) {
		if len(data) > fuzzInput {
			t.Skip("larger than any file that is read")
		}
		file := data
		switch how {
		case asEncrypted:
			file = pemKey("ENCRYPTED PRIVATE KEY", data)
		case inTheClear:
			file = pemKey("PRIVATE KEY", data)
		}
		// BenchmarkKeyAtTheBound shows what the most expensive keys cost. Fuzzing
		// keeps every core busy and instruments the code, so what asks for more
		// than a tenth of that is left out: it runs the same code, only longer.
		if block, _ := pem.Decode(file); block != nil && block.Type == "ENCRYPTED PRIVATE KEY" {
			if cost, _ := certbundle.KeyCost(block.Bytes); cost > 0.1 {
				t.Skip("a key derivation that takes too long here")
			}
		}
		bounded(t, func() error {
			key, _, err := certbundle.OpenKey(file, keyPassword)
			if (key == nil) == (err == nil) {
				t.Fatal("neither a key nor an error, or both")
			}
			return err
		})
	})
}

func FuzzCertificates(f *testing.F) {
	ca := newAuthority(f)
	sub := ca.sub(f)
	leaf, _ := sub.issue(f)
	f.Add(pemCerts(leaf, sub.cert, ca.cert), false)
	f.Add(pemCerts(ca.cert), false)
	f.Add(leaf.Raw, true)
	f.Add(ca.cert.Raw, true)
	f.Add(ca.certify(f, newRSAKey(f).Public()).Raw, true)
	f.Fuzz(func(t *testing.T, data []byte, der bool) {
		if len(data) > fuzzInput {
			t.Skip("larger than any file that is read")
		}
		file := data
		if der {
			file = pemKey("CERTIFICATE", data)
		}
		bounded(t, func() error {
			// With the chain's verification, which is where the time would go.
			b := &certbundle.Bundle{ClientCert: file, CACert: file}
			report, err := b.Verify("")
			_, _, clientErr := certbundle.ParseCertificatesAll(certbundle.ClientCertFile, file)
			certs, parseErr := certbundle.ParseCertificates(file)
			if (report == nil) != (clientErr != nil) || (len(certs) == 0) != (parseErr != nil) {
				t.Fatal("a report of nothing, or none of something")
			}
			for _, refused := range []error{certbundle.CheckClientCert(file), certbundle.CheckCACert(file)} {
				page := refused != nil && (strings.HasSuffix(refused.Error(), "page") || strings.HasSuffix(refused.Error(), "document"))
				if errors.Is(parseErr, certbundle.ErrUnsupported) && refused != nil && !page {
					t.Fatalf("whole, and a download would not get by: %v", refused)
				}
			}
			return err
		})
	})
}

func FuzzTrustStore(f *testing.F) {
	ca, other := newAuthority(f).cert, newAuthority(f).cert
	f.Add(trustStore(f, "mychain", ca))
	f.Add(trustStore(f, "mychain", ca, other))
	f.Add(trustStore(f, "changeit", ca))
	f.Add(jks(2, 1, jksEntry(2, "X.509", 1<<31, ca.Raw)))
	for _, file := range []string{"keytool.p12", "keytool-legacy.p12", "plain.p12", "openssl.p12"} {
		f.Add(readTestdata(f, file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > fuzzInput {
			t.Skip("larger than any file that is read")
		}
		for _, file := range [][]byte{data, certbundle.SealTrustStore(data)} {
			bounded(t, func() error {
				certs, err := certbundle.ParseTrustStore(file)
				if (len(certs) == 0) == (err == nil) {
					t.Fatal("neither a certificate nor an error, or both")
				}
				whole := err == nil || errors.Is(err, certbundle.ErrUnsupported) && !errors.Is(err, certbundle.ErrMalformed)
				if refused := certbundle.CheckTrustStore(file); whole && refused != nil {
					t.Fatalf("no download would get by: %v", refused)
				}
				return err
			})
		}
	})
}

// FuzzScrub: links and the words of transports come from outside.
func FuzzScrub(f *testing.F) {
	f.Add("bad "+linkSignature, linkQuery)
	f.Add("bad \xff\xfe\xfd\xfc", "a=%ff%fe%fd%fc&b=%zz&c")
	f.Fuzz(func(t *testing.T, text, query string) {
		if len(text)+len(query) > 64<<10 {
			t.Skip("larger than any header")
		}
		got := certbundle.Scrub(text, query)
		require.LessOrEqual(t, len(got), redact.MaxText+len("…"))
		require.True(t, utf8.ValidString(got))
		require.NotContains(t, got, "\n")
		for pair := range strings.SplitSeq(query, "&") {
			_, value, _ := strings.Cut(pair, "=")
			// White space is what is left of control characters.
			if len(value) >= 8 && strings.IndexFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) < 0 &&
				!strings.Contains("[REDACTED]", value) {
				require.NotContains(t, certbundle.Scrub("the link ends in "+value, query), value)
			}
		}
	})
}
