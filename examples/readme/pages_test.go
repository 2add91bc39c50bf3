package readme_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const (
	english = ".md"
	chinese = ".zh-CN.md"
)

// forMaintainers are pages that have no Chinese twin, since no page of users
// leads to them.
var forMaintainers = []string{"docs/architecture.md", "docs/robustness.md"}

// userPages are the pages that users read, in English.
func userPages(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md"}
	for _, name := range docs(t) {
		if !strings.HasSuffix(name, chinese) && !slices.Contains(forMaintainers, name) {
			names = append(names, name)
		}
	}
	return names
}

// docs are the pages of the folder docs, in both languages.
func docs(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for i, path := range paths {
		paths[i] = "docs/" + filepath.Base(path)
	}
	return paths
}

func twinOf(name string) string { return strings.TrimSuffix(name, english) + chinese }

// eachPage calls check for every page of users, in both languages.
func eachPage(t *testing.T, check func(t *testing.T, p page)) {
	t.Helper()
	for _, name := range userPages(t) {
		for _, name := range []string{name, twinOf(name)} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				check(t, readPage(t, name))
			})
		}
	}
}

func TestReadmeIsReadInFiveMinutes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.LessOrEqual(t, strings.Count(string(text), "\n"), 220, "lines of %s", name)
	}
}

// ofModuleK8s is a page of users whose blocks are tested in its own module.
const ofModuleK8s = "k8s/README.md"

func TestTwinsAgree(t *testing.T) {
	t.Parallel()
	tableRow := regexp.MustCompile(`(?m)^\|`)
	item := regexp.MustCompile(`(?m)^ *(-|\d+\.) `)
	comment := regexp.MustCompile(`(?m) *(#|//) .*$`)
	for _, name := range append(userPages(t), ofModuleK8s) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			en, zh := readPage(t, name), readPage(t, twinOf(name))
			if name == ofModuleK8s { // whose comments are translated
				for _, list := range [][]block{en.blocks, zh.blocks} {
					for i := range list {
						list[i].text = comment.ReplaceAllString(list[i].text, "")
					}
				}
			}
			require.Equal(t, en.blocks, zh.blocks)
			require.Len(t, zh.headings, len(en.headings))
			for i, h := range en.headings {
				require.Equal(t, h.level, zh.headings[i].level, "%q and %q", h.text, zh.headings[i].text)
			}
			for what, pattern := range map[string]*regexp.Regexp{"rows of tables": tableRow, "items of lists": item} {
				require.Len(t, pattern.FindAllString(zh.prose, -1), len(pattern.FindAllString(en.prose, -1)), what)
			}
			base := filepath.Base
			require.True(t, strings.Contains(en.prose, "]("+base(zh.name)+")"), "the way to the Chinese page")
			require.True(t, strings.Contains(zh.prose, "]("+base(en.name)+")"), "the way to the English page")
		})
	}
}

// TestBoldEnds: between punctuation and a letter, ** does not end what is bold.
// Chinese text has no space there, so the punctuation stands outside.
func TestBoldEnds(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile("`[^`\n]*`")
	bold := regexp.MustCompile(`\*\*(.+?)\*\*(.?)`)
	for _, name := range append(userPages(t), ofModuleK8s) {
		for _, name := range []string{name, twinOf(name)} {
			prose := code.ReplaceAllString(readPage(t, name).prose, "code")
			for _, m := range bold.FindAllStringSubmatch(prose, -1) {
				last, _ := utf8.DecodeLastRuneInString(m[1])
				next, _ := utf8.DecodeRuneInString(m[2])
				require.False(t, unicode.IsPunct(last) && (unicode.IsLetter(next) || unicode.IsDigit(next)), "%s: %s", name, m[0])
			}
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	names := append(docs(t), "README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ofModuleK8s, twinOf(ofModuleK8s))
	for _, name := range names {
		for _, target := range readPage(t, name).links() {
			if strings.HasPrefix(target, "https://") {
				continue
			}
			if slices.Contains(append(userPages(t), ofModuleK8s), strings.Replace(name, chinese, english, 1)) {
				for _, page := range forMaintainers {
					require.NotContains(t, target, filepath.Base(page), "%s is for users", name)
				}
			}
			file, fragment, hasFragment := strings.Cut(target, "#")
			if file = filepath.ToSlash(filepath.Join(filepath.Dir(name), file)); strings.HasPrefix(target, "#") {
				file = name
			}
			_, err := os.Stat(filepath.Join(root, file))
			require.NoError(t, err, "%s links to %s", name, target)
			if hasFragment {
				require.Contains(t, readPage(t, file).anchors(), "#"+fragment, "%s links to %s", name, target)
			}
		}
	}
}

// A Chinese page leads to the Chinese twin of another, where there is one.
func TestChinesePagesLeadToChinesePages(t *testing.T) {
	t.Parallel()
	for _, name := range append(userPages(t), ofModuleK8s) {
		for _, target := range readPage(t, twinOf(name)).links() {
			file, _, _ := strings.Cut(target, "#")
			if !strings.HasSuffix(file, english) || strings.HasSuffix(file, chinese) || file == filepath.Base(name) {
				continue
			}
			_, err := os.Stat(filepath.Join(root, filepath.Dir(name), twinOf(file)))
			require.ErrorIs(t, err, os.ErrNotExist, "%s links to %s, which has a twin", twinOf(name), target)
		}
	}
}

// exported finds what users choose or meet: options, errors and reasons.
var exported = map[string]*regexp.Regexp{
	"options":                regexp.MustCompile(`(?m)^func (With\w+)\(`),
	"options of other kinds": regexp.MustCompile(`(?m)^func (\w+)\(.*\) (?:TLSOption|SourceOption) `),
	"errors":                 regexp.MustCompile(`(?m)^\t(Err[A-Z]\w+) +=`),
	"types of errors":        regexp.MustCompile(`(?m)^type ([A-Z]\w*Error) struct`),
	"reasons":                regexp.MustCompile(`(?m)^\tReason\w+ +Reason = "(\w+)"`),
	"functions of identity":  regexp.MustCompile(`(?m)^func (Ensure|Inspect|Clear|Dir|Memory|NewSource)\(`),
	"functions of storetest": regexp.MustCompile(`(?m)^func (Run)\(`),
}

// Names of packages that users meet less often bear the package's name.
func TestPagesNameEveryOptionErrorAndReason(t *testing.T) {
	t.Parallel()
	all := map[string]string{} // by language
	for _, name := range userPages(t) {
		all[english] += readPage(t, name).prose
		all[chinese] += readPage(t, twinOf(name)).prose
	}
	found := map[string]bool{}
	for folder, qualifier := range map[string]string{"": "", "certbundle": "", "identity": "identity.", "identity/storetest": "storetest."} {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for what, names := range exported {
				for _, m := range names.FindAllStringSubmatch(string(text), -1) {
					found[what] = true
					named := regexp.MustCompile("`\\*?" + regexp.QuoteMeta(qualifier+m[1]) + "[`(]")
					for language, prose := range all {
						require.True(t, named.MatchString(prose), "no *%s names %s%s", language, qualifier, m[1])
					}
				}
			}
		}
	}
	for what := range exported {
		require.True(t, found[what], "the code has no %s: is the pattern right?", what)
	}
}

// The list of typed methods says which have a twin and an iterator.
func TestMethodsAreListed(t *testing.T) {
	t.Parallel()
	methods := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if !strings.HasSuffix(file, "_test.go") {
			for _, m := range regexp.MustCompile(`(?m)^func \(c \*Client\) (\w*AntChain\w*)\(`).FindAllStringSubmatch(string(text), -1) {
				methods[m[1]] = true
			}
		}
	}
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (`…V2`)? ?\\| (?:`(All\\w+)`)? ?\\| .+ \\|$")
	for _, name := range []string{"docs/options.md", "docs/options.zh-CN.md"} {
		listed := map[string]bool{}
		for _, m := range row.FindAllStringSubmatch(readPage(t, name).prose, -1) {
			for _, method := range []string{m[1], m[3]} {
				if method != "" {
					listed[method] = true
					if m[2] != "" {
						listed[method+"V2"] = true
					}
				}
			}
		}
		require.Equal(t, methods, listed, name)
	}
}

// The page for maintainers says what each package and each file of the root is for.
func TestArchitectureNamesPackagesAndFiles(t *testing.T) {
	t.Parallel()
	prose := readPage(t, "docs/architecture.md").prose
	for _, pattern := range []string{"*.go", "internal/*", "identity/storetest", "certbundle", "baastest"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			if name = filepath.ToSlash(name); !strings.HasSuffix(name, "_test.go") {
				named := regexp.MustCompile(`(?m)^\|.*\b` + regexp.QuoteMeta(name) + `\b`)
				require.True(t, named.MatchString(prose), "no table names %s", name)
			}
		}
	}
}

// What the page for maintainers names in code is in the code.
func TestArchitectureNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for _, pattern := range []string{"*.go", "internal/*/*.go", "identity/*.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			source.Write(text)
		}
	}
	prose, _, found := strings.Cut(readPage(t, "docs/architecture.md").prose, "## How to add an action")
	require.True(t, found)
	code := regexp.MustCompile("`(?:\\w+\\.)?(\\w+)`")
	names := code.FindAllStringSubmatch(prose, -1)
	require.Greater(t, len(names), 10)
	for _, m := range names {
		switch m[1] {
		case "cmd", "examples", "k8s", "identity", "certbundle", "internal", "baastest": // folders
		case "RoundTripper", "Transport", "GetBody": // of net/http
		case "Config": // of crypto/tls
		default:
			declared := regexp.MustCompile(`(?m)^(func (\(.*\) )?|type |var |\t)` + m[1] + `\b`)
			require.True(t, declared.MatchString(source.String()), "there is no %s", m[1])
		}
	}
}

func TestColumnThatIsNotRetestedSaysSo(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docs/comparison.md", "docs/comparison.zh-CN.md"} {
		prose := readPage(t, name).prose
		require.Contains(t, prose, "2026-11-23", name)
		require.Contains(t, prose, "not retested", name)
	}
}
