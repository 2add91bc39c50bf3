package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseSubject(t *testing.T) {
	t.Parallel()
	got, err := parseSubject(`cn=app\, one , OU = Q\+A\20,O=\e5\8c\ba块,L=a b,ST=\#1,C=CN`)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"CN": "app, one", "OU": "Q+A ", "O": "区块", "L": "a b", "ST": "#1", "C": "CN"}, got)

	const rest = ",OU=u,O=o,L=l,ST=s,C=CN"
	for text, want := range map[string]string{
		"CN=a":               "OU is missing",
		"CN=a,CN=b" + rest:   "CN is there twice",
		"CN=a,X=b" + rest:    `"X" is none of CN, OU, O, L, ST, C`,
		"CN=" + rest:         "CN: is empty",
		"CN" + rest:          "CN: is empty",
		"CN=a," + rest:       "there is an empty attribute",
		"CN=a" + rest + ",":  "there is an empty attribute",
		"CN=a+OU=b" + rest:   `CN: '+' needs a backslash before it`,
		`CN=a\` + rest + "x": "OU is missing",
		`CN=a\zz` + rest:     "CN: there is a backslash that escapes nothing",
		`CN=\ff` + rest:      "CN: is not UTF-8",
		"CN=#a" + rest:       `CN: '#' needs a backslash before it`,
		`CN="a"` + rest:      `CN: '"' needs a backslash before it`,
	} {
		_, err := parseSubject(text)
		require.EqualError(t, err, want, text)
	}
}
