package redact

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecretNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Password": true, "RecoverPassword": true, "ClientSecret": true, "AccessToken": true, "AccountPrivateKey": true,
		"": false, "PasswordHint": false, "password": false, "AccountPublicKey": false, "AntChainId": false,
	} {
		require.Equal(t, want, IsSecretName(name), name)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	require.Equal(t, "", Secret(""))
	require.Equal(t, Mark, Secret("p"))
	require.Equal(t, []string{Mark, ""}, Secrets([]string{"p", ""}))
}

func TestLink(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"":                                  "",
		"https://bucket.example.com/ca.crt": "https://bucket.example.com/ca.crt",
		"https://bucket.example.com/ca.crt?Expires=1&Signature=s":  "https://bucket.example.com/ca.crt?" + Mark,
		"https://bucket.example.com/ca.crt?":                       "https://bucket.example.com/ca.crt?" + Mark,
		"https://bucket.example.com/a/ca.crt3FExpires=1&Signature": "https://bucket.example.com/a/" + Mark,
		"Signature=s": Mark,
		Mark:          Mark,
	} {
		require.Equal(t, want, Link(link), link)
		require.Equal(t, want, Link(Link(link)), "again: %s", link)
	}
}

// A shy value is logged as its own value says.
type shy struct{ Secret string }

func (shy) LogValue() slog.Value { return slog.StringValue("shy") }

func TestGroup(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", Group(struct {
		Text string
		On   bool
		List []string
		Shy  shy
	}{"t", true, []string{"a", "b"}, shy{"secret"}}))
	require.Contains(t, b.String(), "msg=m v.Text=t v.On=true v.List=\"[a b]\" v.Shy=shy\n")
}

// A printed value is printed as Format says.
type printed struct{ A, B string }

func (p printed) Format(f fmt.State, verb rune) {
	type plain printed
	Format(f, verb, plain(p))
}

func TestFormat(t *testing.T) {
	t.Parallel()
	v := printed{"a", "b"}
	require.Equal(t, "{a b}", fmt.Sprint(v))
	require.Equal(t, "{A:a B:b}", fmt.Sprintf("%+v", v))
	require.Equal(t, `redact.plain{A:"a", B:"b"}`, fmt.Sprintf("%#v", v))
	require.Equal(t, "{   a    b}", fmt.Sprintf("%4s", v))
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	var s Scrubber
	s.Add("pass word")
	for name, tt := range map[string]struct{ body, want string }{
		"nothing":            {"", "without a body"},
		"bytes":              {"PK\x03\x04", "with a reply that is not text"},
		"white space":        {"a\tb\r\n\f", `with a reply that is not JSON: "a b"`},
		"what may be JSON":   {" {\"Result\":", "with a reply of an unexpected kind"},
		"a page":             {"<html>", `with a reply that is not JSON: "<html>"`},
		"a secret in it":     {"<pass word>", `with a reply that is not JSON: "<[REDACTED]>"`},
		"a control later on": {strings.Repeat("x", MaxExcerpt) + "\x00x", `with a reply that is not JSON: "` + strings.Repeat("x", MaxExcerpt-3) + `…"`},
	} {
		require.Equal(t, tt.want, s.Excerpt([]byte(tt.body)), name)
	}
}
