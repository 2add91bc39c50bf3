package readme_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// A page is a Markdown file, taken apart.
type page struct {
	name     string
	blocks   []block
	headings []heading
	prose    string // everything outside of the blocks
}

type block struct {
	language, text string
}

type heading struct {
	level int
	text  string
}

var headingLine = regexp.MustCompile(`^(#+) (.+)$`)

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	p := page{name: name}
	var prose strings.Builder
	var open *block
	for line := range strings.Lines(string(text)) {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &block{language: fence}
		case isFence:
			require.Empty(t, fence, "%s: a block has no end", name)
			p.blocks, open = append(p.blocks, *open), nil
		case open != nil:
			open.text += line
		default:
			prose.WriteString(line)
			if m := headingLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
				p.headings = append(p.headings, heading{len(m[1]), m[2]})
			}
		}
	}
	require.Nil(t, open, "%s: the last block has no end", name)
	p.prose = prose.String()
	return p
}

// of returns the blocks in a language.
func (p page) of(language string) []string {
	var texts []string
	for _, b := range p.blocks {
		if b.language == language {
			texts = append(texts, b.text)
		}
	}
	return texts
}

var link = regexp.MustCompile(`\]\(([^)]+)\)`)

// links returns where the links of the page lead to.
func (p page) links() []string {
	var targets []string
	for _, m := range link.FindAllStringSubmatch(p.prose, -1) {
		targets = append(targets, m[1])
	}
	return targets
}

// anchors are the fragments that GitHub gives the headings.
func (p page) anchors() []string {
	var anchors []string
	for _, h := range p.headings {
		kept := strings.Map(func(r rune) rune {
			if r == ' ' || r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, strings.ToLower(h.text))
		anchors = append(anchors, "#"+strings.ReplaceAll(kept, " ", "-"))
	}
	return anchors
}
