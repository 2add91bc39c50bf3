package readme_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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

// readme and readmeZH are the pages that have to agree.
func readmes(t *testing.T) (readme, readmeZH page) {
	t.Helper()
	return readPage(t, "README.md"), readPage(t, "README.zh-CN.md")
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
func (p page) of(t *testing.T, language string) []string {
	t.Helper()
	var texts []string
	for _, b := range p.blocks {
		if b.language == language {
			texts = append(texts, b.text)
		}
	}
	require.NotEmpty(t, texts, "%s has no block in %s", p.name, language)
	return texts
}

// anchor is the fragment that GitHub gives a heading.
func (h heading) anchor() string {
	kept := strings.Map(func(r rune) rune {
		if strings.ContainsRune(",:.()：，、（）", r) {
			return -1
		}
		return r
	}, strings.ToLower(h.text))
	return "#" + strings.ReplaceAll(kept, " ", "-")
}
