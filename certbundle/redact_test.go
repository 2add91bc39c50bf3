package certbundle_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
