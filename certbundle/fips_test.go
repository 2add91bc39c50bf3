package certbundle_test

import (
	"crypto/fips140"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// A fipsErrand goes to a child process that runs in FIPS-only mode.
type fipsErrand struct {
	Bundle certbundle.Bundle
	Node   []byte // DER
}

type fipsReport struct {
	Enforced                  bool
	Verify, Warnings          []string // kinds of the error, then its text
	Strict, AllowSHA1, Pinned []string
}

func kinds(err error) (out []string) {
	if err == nil {
		return []string{"nil"}
	}
	for name, kind := range map[string]error{
		"ErrUnsupported": certbundle.ErrUnsupported, "ErrUntrusted": certbundle.ErrUntrusted,
		"ErrWeakSignature": certbundle.ErrWeakSignature, "ErrExpired": certbundle.ErrExpired,
	} {
		if errors.Is(err, kind) {
			out = append(out, name)
		}
	}
	return append(out, err.Error())
}

// TestFIPSOnlyChild is the child process.
func TestFIPSOnlyChild(t *testing.T) {
	file := os.Getenv("CERTBUNDLE_TEST_FIPS")
	if file == "" {
		t.Skip("it has work only as the child process that TestFIPSOnly starts")
	}
	var e fipsErrand
	require.NoError(t, json.Unmarshal(readFile(t, file), &e))
	r := fipsReport{}
	_, err := sha1.New().Write(nil)
	r.Enforced = err != nil && fips140.Enabled()
	report, err := e.Bundle.VerifyAt("", time.Now())
	r.Verify, r.Warnings = kinds(err), kinds(errors.Join(report.Warnings...))
	node, err := x509.ParseCertificate(e.Node)
	require.NoError(t, err)
	dial := func(options ...certbundle.TLSOption) []string {
		cfg, err := e.Bundle.TLSConfig("", options...)
		require.NoError(t, err)
		return kinds(cfg.VerifyConnection(tls.ConnectionState{PeerCertificates: certs(node)}))
	}
	r.Strict = dial(certbundle.TrustChainOnly())
	r.AllowSHA1 = dial(certbundle.TrustChainOnly(), certbundle.AllowSHA1())
	r.Pinned = dial(certbundle.PinNodes(certbundle.Pin(node)))
	out, err := json.Marshal(r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file+".out", out, 0o600))
}

// TestFIPSOnly: where SHA-1 must not be used, using it panics.
func TestFIPSOnly(t *testing.T) {
	t.Parallel()
	ca := newWeakAuthority(t)
	b := ca.bundle(t)
	in, err := json.Marshal(fipsErrand{*b, nodeCert(t, ca.node(t)).Raw})
	require.NoError(t, err)
	file := t.TempDir() + "/errand"
	require.NoError(t, os.WriteFile(file, in, 0o600))
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run", "^TestFIPSOnlyChild$")
	cmd.Env = append(os.Environ(), "CERTBUNDLE_TEST_FIPS="+file, "GODEBUG=fips140=only")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var r fipsReport
	require.NoError(t, json.Unmarshal(readFile(t, file+".out"), &r))
	require.True(t, r.Enforced)
	for name, got := range map[string][]string{"Verify": r.Verify, "TrustChainOnly": r.Strict, "AllowSHA1": r.AllowSHA1, "trust store": r.Warnings} {
		require.Len(t, got, 2, name)
		require.Equal(t, "ErrUnsupported", got[0], name)
		require.Contains(t, got[1], "SHA-1", name)
	}
	require.Equal(t, []string{"nil"}, r.Pinned)
}
