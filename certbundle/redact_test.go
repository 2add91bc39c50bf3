package certbundle_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// TestBundleShowsNoKey: whatever the verb, the flags and the handler.
func TestBundleShowsNoKey(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIsecret\n-----END ENCRYPTED PRIVATE KEY-----\n"
	b := certbundle.Bundle{
		PrivateKey: []byte(key), ClientCert: []byte("THE CLIENT"), CACert: []byte("THE CA"), TrustStore: []byte{1, 2, 3},
	}
	decimal := strings.Trim(fmt.Sprint([]byte("secret")), "[]")
	safe := func(t *testing.T, text string) {
		t.Helper()
		for _, form := range []string{"secret", decimal, hex.EncodeToString([]byte("secret")), strings.ToUpper(hex.EncodeToString([]byte("secret")))} {
			require.NotContains(t, strings.ReplaceAll(text, "0x", ""), form)
		}
		// As Go syntax and in hex, with the flags, it is put otherwise.
		require.NotContains(t, text, "0x73, 0x65")
		require.NotContains(t, text, "73 65 63")
	}
	for _, v := range []any{b, &b, []certbundle.Bundle{b}, []*certbundle.Bundle{&b}, map[string]certbundle.Bundle{"": b},
		struct{ B certbundle.Bundle }{b}, struct{ B *certbundle.Bundle }{&b}, any(b)} {
		for verb := 'A'; verb <= 'z'; verb++ {
			if verb == 'p' || verb == 'w' {
				continue // no type has a say in these
			}
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "# ", "+#", "30", ".5"} {
				safe(t, fmt.Sprintf("%"+flags+string(verb), v))
			}
		}
		for _, handler := range []func(*bytes.Buffer) slog.Handler{
			func(w *bytes.Buffer) slog.Handler { return slog.NewTextHandler(w, nil) },
		} {
			var w bytes.Buffer
			slog.New(handler(&w)).Info("x", "v", v)
			safe(t, w.String())
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		text := fmt.Sprintf(verb, b)
		for _, want := range []string{"[REDACTED]", "THE CLIENT", "THE CA", "3 bytes"} {
			require.Contains(t, text, want, "%s", verb)
		}
	}
	require.NotContains(t, fmt.Sprint(certbundle.Bundle{}), "REDACTED", "no key is no secret")

	var w bytes.Buffer
	slog.New(slog.NewJSONHandler(&w, nil)).Info("x", "v", b, "p", &b)
	safe(t, w.String())
	require.Equal(t, 2, strings.Count(w.String(), `{"PrivateKey":"[REDACTED]","ClientCert":"THE CLIENT","CACert":"THE CA","TrustStore":"3 bytes"}`))
	require.Equal(t, "<nil>", fmt.Sprint((*certbundle.Bundle)(nil)))
}

// TestRedactedIsSafeForEncoders, which see no Format and no LogValue.
func TestRedactedIsSafeForEncoders(t *testing.T) {
	t.Parallel()
	b := certbundle.Bundle{PrivateKey: []byte("-----BEGIN secret"), ClientCert: []byte("THE CLIENT"), CACert: []byte("THE CA"), TrustStore: []byte{1, 2}}
	type hidden struct{ b certbundle.Bundle }
	var w bytes.Buffer
	require.NoError(t, json.NewEncoder(&w).Encode(b.Redacted()))
	require.NoError(t, xml.NewEncoder(&w).Encode(b.Redacted()))
	require.NoError(t, gob.NewEncoder(&w).Encode(b.Redacted()))
	slog.New(slog.NewJSONHandler(&w, nil)).Info("x", "v", []any{b.Redacted()})
	_, _ = fmt.Fprintf(&w, "%v %+v %#v %s %x %p", hidden{b.Redacted()}, b.Redacted(), b.Redacted(), b.Redacted(), b.Redacted(), []any{b.Redacted()})
	for _, form := range []string{"secret", base64.StdEncoding.EncodeToString(b.PrivateKey)[:16], strings.Trim(fmt.Sprint(b.PrivateKey), "[]"), hex.EncodeToString(b.PrivateKey)} {
		require.NotContains(t, w.String(), form)
	}
	require.Equal(t, "-----BEGIN secret", string(b.PrivateKey), "a copy")
	require.Equal(t, certbundle.Bundle{PrivateKey: []byte("[REDACTED]"), ClientCert: b.ClientCert, CACert: b.CACert, TrustStore: b.TrustStore}, b.Redacted())
	require.Equal(t, certbundle.Bundle{CACert: b.CACert}, certbundle.Bundle{CACert: b.CACert}.Redacted(), "no key is no secret")

	// It is no key to be stored, and not for the name of one.
	dir := t.TempDir()
	shown := b.Redacted()
	require.EqualError(t, shown.WriteDir(dir), "certbundle: client.key: this is a redacted copy, and not the private key")
	_, err := certbundle.Save(t.Context(), dir, baas.CertificateResult{PrivateKey: string(shown.PrivateKey)})
	require.EqualError(t, err, "certbundle: client.key: this is a redacted copy, and not the private key")
	requireFiles(t, dir, map[string]string{})
}
