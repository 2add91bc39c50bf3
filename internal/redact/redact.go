// Package redact takes secrets out of texts that come from outside, and makes
// errors of other packages fit to stand in the chain of one of ours.
//
// What it promises: no text that it returns holds a secret that it was given,
// raw or in an encoding that servers and proxies use, a private key, the query
// of a URL, or a URL's user info. It undoes encodings with internal/sign and
// internal/envelope, and imports nothing else of this module.
package redact

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/antchain-go/baas/internal/envelope"
	"github.com/antchain-go/baas/internal/sign"
)

const (
	// Mark stands in the place of a secret.
	Mark = "[REDACTED]"

	MaxText       = 1 << 10 // bytes of what others say in an error
	MaxIdentifier = 128     // bytes of a code or an ID
	MaxExcerpt    = 200     // bytes of a page

	maxScrubbed = 16 << 10 // bytes of a text that are looked at

	// minScrubbed is the length from which a secret is taken out of a text.
	// Taking out a shorter one would give it away ("Thr[REDACTED]ttled"), so
	// a text that holds one is dropped whole.
	minScrubbed = 4
)

// A Scrubber takes secrets out of texts that come from outside: the gateway
// itself echoes them, percent-encoded twice. The zero value knows no secret. It
// is not safe for concurrent use.
type Scrubber struct {
	secrets []string
	usual   [6]string // the secrets of a usual call, to be allocated with it
	forms   []string  // of the secrets, the longest first
	formed  int       // how many secrets the forms are of
}

// Add adds secrets; empty ones are none.
func (s *Scrubber) Add(secrets ...string) {
	if s.secrets == nil {
		s.secrets = s.usual[:0]
	}
	s.secrets = append(s.secrets, secrets...)
}

// Text is t without secrets, on one line, and at most limit bytes long.
func (s *Scrubber) Text(t string, limit int) string {
	t = strings.ToValidUTF8(t[:min(len(t), maxScrubbed)], "\uFFFD")
	// What follows is every parameter of the call, or every header.
	for _, mark := range []string{"string to sign", "StringToSign", "CanonicalRequest"} {
		if i := indexFold(t, mark); i >= 0 {
			t = t[:i]
		}
	}
	t = dropKeys(t)
	for _, secret := range s.secrets {
		if secret != "" && len(secret) < minScrubbed && holds(t, secret) {
			return Mark
		}
	}
	forms := s.longForms()
	for _, form := range forms {
		t = strings.ReplaceAll(t, form, Mark)
	}
	t = dropTail(t, forms)
	t = userInfos.ReplaceAllString(t, "//"+Mark+"@")
	t = dropQueries(t)
	for _, secret := range s.secrets {
		// In a disguise that is not known by heart.
		if len(secret) >= minScrubbed && holds(t, secret) {
			return Mark
		}
	}
	return Cut(oneLine(t), limit)
}

// Identifier is a code or an ID of the service. Too short a secret is not looked
// for, or "Throttling" would be no code for a password "o".
func (s *Scrubber) Identifier(t string) string {
	isSecret := func(secret string) bool { return len(secret) >= minScrubbed && strings.Contains(t, secret) }
	if len(t) <= MaxIdentifier && sign.IsUnreserved(t) && !slices.ContainsFunc(s.secrets, isSecret) {
		return t // as good as always; no other form of a secret is plain
	}
	var long Scrubber
	for _, secret := range s.secrets {
		if len(secret) >= minScrubbed {
			long.Add(secret)
		}
	}
	return long.Text(t, MaxIdentifier)
}

// longForms lists the forms of all secrets that are not too short.
func (s *Scrubber) longForms() []string {
	if s.formed == len(s.secrets) {
		return s.forms
	}
	s.forms, s.formed = nil, len(s.secrets)
	for _, secret := range s.secrets {
		if len(secret) >= minScrubbed {
			s.forms = append(s.forms, formsOf(secret)...)
		}
	}
	// The longest first, since a form may hold another one.
	slices.SortFunc(s.forms, func(a, b string) int { return len(b) - len(a) })
	return s.forms
}

// formsOf lists the ways in which a secret is met: raw, in an HTML page, in a
// JSON string, and percent-encoded once and twice, by the rules of the
// signature or of forms, with hex digits in either case.
func formsOf(secret string) []string {
	quoted := strconv.Quote(secret)
	forms := []string{secret, escapeHTML(secret), quoted[1 : len(quoted)-1]}
	for _, once := range []string{sign.Escape(secret), url.QueryEscape(secret)} {
		for _, o := range []string{once, lowerHex(once)} {
			twice, form := sign.Escape(o), url.QueryEscape(o)
			forms = append(forms, o, twice, form, lowerHex(twice), lowerHex(form))
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// holds reports whether t holds secret after decoding it up to three times,
// whatever white space stands in either.
func holds(t, secret string) bool {
	secret = squeeze(secret)
	if secret == "" {
		return false
	}
	for range 4 {
		// A plus is a space in a form and squeezed away, else it stays.
		if strings.Contains(squeeze(t), secret) || strings.Contains(squeeze(strings.ReplaceAll(t, "+", " ")), secret) {
			return true
		}
		decoded := decode(t)
		if decoded == t {
			return false
		}
		t = decoded
	}
	return false
}

// squeeze drops white space and control characters.
func squeeze(t string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, t)
}

// decode undoes one layer of percent, HTML and JSON encoding, mixed as they
// come, and lets stand what is none.
func decode(t string) string {
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		switch {
		case t[i] == '&':
			if entity, _, found := strings.Cut(t[i+1:min(i+maxEntity, len(t))], ";"); found {
				if s, ok := decodeEntity(entity); ok {
					b.WriteString(s)
					i += len(entity) + 1
					continue
				}
			}
		case t[i] == '%' && i+2 < len(t):
			if c, err := strconv.ParseUint(t[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		case t[i] == '\\' && i+1 < len(t):
			if r, n := envelope.DecodeEscape([]byte(t[i:min(i+maxEscape, len(t))])); n > 0 {
				b.WriteRune(r)
				i += n - 1
				continue
			}
		}
		b.WriteByte(t[i])
	}
	return b.String()
}

const (
	maxEntity = 12 // the length of the longest HTML entity that is looked for
	maxEscape = 12 // that of an escape sequence, a pair of surrogates
)

// decodeEntity is the character of an HTML entity: a numeric one, or one of
// those that are used for escaping. Package html knows all 2,231 names, which
// would weigh more than the rest of this package.
func decodeEntity(entity string) (string, bool) {
	if number, ok := strings.CutPrefix(entity, "#"); ok {
		base := 10
		if hex, ok := strings.CutPrefix(strings.ToLower(number), "x"); ok {
			number, base = hex, 16
		}
		r, err := strconv.ParseUint(number, base, 21)
		return string(rune(r)), err == nil
	}
	s, ok := map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'", "nbsp": " "}[entity]
	return s, ok
}

// escapeHTML is what html.EscapeString does.
func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(s)
}

// lowerHex turns %2F into %2f.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			for j := i + 1; j <= i+2; j++ {
				if b[j] >= 'A' && b[j] <= 'F' {
					b[j] += 'a' - 'A'
				}
			}
		}
	}
	return string(b)
}

// dropTail drops the beginning of a secret at the end of t, where the text
// was cut off in its middle.
func dropTail(t string, secrets []string) string {
	longest := 0
	for _, secret := range secrets {
		for n := min(len(secret)-1, len(t)); n >= minScrubbed && n > longest; n-- {
			if strings.HasSuffix(t, secret[:n]) {
				longest = n
			}
		}
	}
	if longest > 0 {
		return t[:len(t)-longest] + Mark
	}
	return t
}

// dropKeys cuts out PEM blocks, whole or not, for a key must not be shown
// even where it was not recognized as the answer.
func dropKeys(t string) string {
	const begin, end = "-----BEGIN ", "-----END "
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(t, begin)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(Mark)
		_, tail, _ := strings.Cut(rest, end)
		_, t, _ = strings.Cut(tail, "-----")
	}
}

// userInfos finds the user names and passwords of URLs: those of a proxy, say.
var userInfos = regexp.MustCompile(`//[^\s/"'@]*@`)

// dropQueries cuts the query out of everything that looks like a URL, percent-encoded
// or not.
func dropQueries(t string) string {
	for _, q := range []struct{ mark, equals string }{
		{"?", ""}, {"%3F", "%3D"}, {"%3f", "%3d"}, {"%253F", "%253D"}, {"%253f", "%253d"},
	} {
		var b strings.Builder
		for {
			before, after, found := strings.Cut(t, q.mark)
			b.WriteString(before)
			if !found {
				break
			}
			b.WriteString(q.mark)
			query := after[:queryLen(after)]
			t = after[len(query):]
			if query != "" && strings.Contains(query, q.equals) {
				query = Mark
			}
			b.WriteString(query)
		}
		t = b.String()
	}
	return t
}

// queryLen is the length of the query that t begins with.
func queryLen(t string) int {
	end := strings.IndexFunc(t, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'<>`", r) })
	if end < 0 {
		return len(t)
	}
	return end
}

// oneLine makes t fit for a log: no line breaks, no control characters.
func oneLine(t string) string {
	t = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, t)
	return strings.Join(strings.Fields(t), " ")
}

// Cut shortens t to limit bytes, an ellipsis included.
func Cut(t string, limit int) string {
	const ellipsis = "…"
	if len(t) <= limit {
		return t
	}
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(t[end]) {
		end--
	}
	return t[:end] + ellipsis
}

// indexFold is strings.Index without regard to ASCII case.
func indexFold(s, substr string) int {
	for i := 0; i+len(substr) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(substr)], substr) {
			return i
		}
	}
	return -1
}
