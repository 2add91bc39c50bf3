package baas_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// encoded is secret percent-encoded the way the signature does it.
func encoded(secret string) string {
	return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(secret))
}

// requireNoSecret asserts that text holds none of the secrets, raw, encoded
// once or encoded twice, in either encoding. The password always is one.
func requireNoSecret(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, secret := range append(secrets, password) {
		if secret == "" {
			continue
		}
		for _, form := range []string{
			secret, encoded(secret), encoded(encoded(secret)), url.QueryEscape(secret), url.QueryEscape(url.QueryEscape(secret)),
			html.EscapeString(secret),
		} {
			require.NotContains(t, text, form)
		}
	}
	require.NotContains(t, text, "Signature=")
	require.NotContains(t, text, "AccessKeyId")
}

var _ = baas.APIVersion
