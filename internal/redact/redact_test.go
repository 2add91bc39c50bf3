package redact

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScrubber(t *testing.T) {
	t.Parallel()
	s := Scrubber{secrets: []string{"pass word/1", "", "pass word/12345", "öl"}}
	for _, c := range []struct{ name, in, want string }{
		{"nothing to hide", "all is well", "all is well"},
		{"raw", "<pass word/1>", "<[REDACTED]>"},
		{"the longer of two that begin alike", "<pass word/12345>", "<[REDACTED]>"},
		{"encoded once", "pass%20word%2F1 pass+word%2F1", "[REDACTED] [REDACTED]"},
		{"encoded twice", "pass%2520word%252F1 pass%2Bword%252F1", "[REDACTED] [REDACTED]"},
		{"hex digits in lower case", "pass%20word%2f1 pass%2520word%252f1", "[REDACTED] [REDACTED]"},
		{"the string to sign", "no match. Server String To Sign is:POST&%2F&secret", "no match. Server"},
		{"the string to sign of version 3", "no match. server StringToSign is [ACS3\nab] server CanonicalRequest is [POST\n/\nA=b]", "no match. server"},
		{"a key", "x -----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY----- y", "x [REDACTED] y"},
		{"a key that breaks off", "x -----BEGIN PRIVATE KEY-----\nabc", "x [REDACTED]"},
		{"two keys", "-----BEGIN A-----a-----END A-----,-----BEGIN B-----b-----END B-----", "[REDACTED],[REDACTED]"},
		{"a secret that breaks off", "the password pass wor", "the password [REDACTED]"},
		{"a query", `GET "https://h/p?a=b&c=d" failed`, `GET "https://h/p?[REDACTED]" failed`},
		{"a query, encoded once", "u=https%3A%2F%2Fh%2F%3Fa%3Db%26c x", "u=https%3A%2F%2Fh%2F%3F[REDACTED] x"},
		{"a query, encoded twice", "https%253A%252F%252Fh%252F%253Fa%253Db", "https%253A%252F%252Fh%252F%253F[REDACTED]"},
		{"a question", "is this a=b? yes", "is this a=b? yes"},
		{"a query without an equals sign", "https://h/x?SIG gone", "https://h/x?[REDACTED] gone"},
		{"white space within", "<pass\n\x00word/1>", "[REDACTED]"},
		{"encoded three times", "pass%252520word%25252F1", "[REDACTED]"},
		{"by an encoder that keeps other characters", "pass%20word/1 &amp; pass+word/1", "[REDACTED]"},
		{"as HTML by numbers", "&#112;ass&nbsp;word&#x2F;1", "[REDACTED]"},
		{"in JSON by numbers", `\u0070ass word\/1`, "[REDACTED]"},
		{"a short secret drops the text", "who is Böll", "[REDACTED]"},
		{"control characters and invalid bytes", "a\r\nb\x00\tc\xff", "a b c\uFFFD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, s.Text(c.in, 1000))
		})
	}
	t.Run("bounded, and never cut in the middle of a secret", func(t *testing.T) {
		for limit := 20; limit < 60; limit++ {
			got := s.Text(strings.Repeat("é", 10)+"pass word/1"+strings.Repeat("x", 100), limit)
			require.LessOrEqual(t, len(got), limit)
			require.NotContains(t, got, "pass")
			require.NotContains(t, got, "\uFFFD")
		}
	})
	t.Run("a code keeps what only looks like a short secret", func(t *testing.T) {
		require.Equal(t, "Böll", s.Identifier("Böll"))
		require.Equal(t, "[REDACTED]", s.Identifier("pass word/1"))
		require.Len(t, s.Identifier(strings.Repeat("x", 1000)), MaxIdentifier)
	})
}

// TestDecode: one layer of JSON's encoding; what is none stays.
func TestDecode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`\ud83e\udd8a`: "🦊", `a\ud83e\ud83e\udd8a\n!`: "a\uFFFD🦊\n!", `\u5bc6\\`: `密\`, `\x\`: `\x\`, `\u12`: `\u12`,
		`\n\u0041b`: "\nAb", `\ud83e\udd8ab`: "🦊b",
	} {
		require.Equal(t, want, decode(in), in)
	}
}

// BenchmarkScrubHostileText: what a hostile page of 1 MiB may cost.
func BenchmarkScrubHostileText(b *testing.B) {
	s := Scrubber{secrets: []string{"pass word/1", "another secret", strings.Repeat("token", 100)}}
	for _, unit := range []string{"-----BEGIN -----END -----", "%25", "&amp;", "?a=b", "pass word/", `\u0070`, "string to sig"} {
		b.Run(unit, func(b *testing.B) {
			page := strings.Repeat(unit, 1<<20/len(unit))
			for b.Loop() {
				s.Text(page, MaxText)
			}
		})
	}
}
