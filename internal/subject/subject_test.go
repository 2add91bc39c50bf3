package subject_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/subject"
)

const rest = ",OU=b,O=c,L=d,ST=e,C=CN"

func TestParse(t *testing.T) {
	t.Parallel()
	for text, cn := range map[string]string{
		"CN=a":             "a",
		"cn=a":             "a",
		" CN = a b ":       "a b",
		`CN=a\, b`:         "a, b",
		`CN=\ a\ `:         " a ",
		`CN=\#a\+\;\<\>\=`: "#a+;<>=",
		`CN=a=b#`:          "a=b#",
		`CN=\"a\\\"`:       `"a\"`,
		`CN=\e8\9a\82`:     "蚂",
		"CN=蚂蚁":            "蚂蚁",
		`CN=a\20\20`:       "a  ",
	} {
		got, err := subject.Parse(text + rest)
		require.NoError(t, err, text)
		require.Equal(t, map[string]string{"CN": cn, "OU": "b", "O": "c", "L": "d", "ST": "e", "C": "CN"}, got)
	}
	got, err := subject.Parse(`C=CN,ST=\#1,L= a b ,O=\e5\8c\ba块,ou = Q\+A\20,CN=app\, one `)
	require.NoError(t, err, "in any order")
	require.Equal(t, map[string]string{"CN": "app, one", "OU": "Q+A ", "O": "区块", "L": "a b", "ST": "#1", "C": "CN"}, got)
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"CN=a,CN=b":  "CN stands there twice",
		"CN=a,cn=a":  "CN stands there twice",
		"CN=a,OU=b":  "OU stands there twice",
		"CN=":        "CN: the value is empty",
		"CN=  ":      "CN: the value is empty",
		"":           `",OU=b,O=c,L=d,ST=e,C=CN" does not begin with`,
		"DC=a":       "does not begin with",
		"2.5.4.3=a":  "does not begin with",
		"a":          "does not begin with",
		"CN=a,":      "does not begin with",
		"CN=a+SN=b":  "not escaped",
		"CN=a;SN=b":  "not escaped",
		`CN="a"`:     "not escaped",
		"CN=a<b":     "not escaped",
		"CN=a\x00":   "not escaped",
		"CN=#0401":   "hexadecimal BER",
		`CN=a\x`:     `a \ wants`,
		`CN=a\zz`:    `a \ wants`,
		`CN=a\00`:    `a \ wants`,
		`CN=a\f`:     `a \ wants`,
		`CN=\ff`:     "UTF-8",
		"CN=\xff":    "UTF-8",
		"CN=a,,CN=b": "does not begin with",
	} {
		_, err := subject.Parse(text + rest)
		require.ErrorContains(t, err, says, text)
	}
	for text, says := range map[string]string{
		"":                            "does not begin with",
		`CN=a,OU=b\`:                  `a \ wants`,
		"CN=a,OU=b,O=c,L=d,ST=e,C=C,": "does not begin with",
		"CN=a,OU=b,O=c,L=d,ST=e":      "C is missing: the service wants CN, OU, O, L, ST and C",
		"OU=b,O=c,L=d,ST=e,C=C":       "CN is missing",
	} {
		_, err := subject.Parse(text)
		require.ErrorContains(t, err, says, text)
	}
}
