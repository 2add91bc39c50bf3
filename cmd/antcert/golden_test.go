package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var commandNames = strings.Fields("chains nodes enroll status clear verify connect complete secret serve")

func TestHelp(t *testing.T) {
	w := newWorld(t)
	text := "$ antcert --help\n" + w.must("--help")
	for _, name := range commandNames {
		text += "\n$ antcert " + name + " --help\n" + w.must(name+" --help")
	}
	golden(t, "help.txt", text)
	require.Equal(t, w.must(""), w.must("--help"), "without arguments")
	require.Contains(t, w.must("--version"), "antcert version")
	require.Contains(t, w.must("completion bash"), "antcert")
}

// changing is what differs from run to run.
var changing = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`sha256//[A-Za-z0-9+/]{43}=`), "sha256//PIN"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{regexp.MustCompile(`0x[0-9A-F]{64}`), "0xNODE"},
	{regexp.MustCompile(`\b[0-9A-F]{26,32}\b`), "SERIAL"},
	{regexp.MustCompile(`\b[0-9A-Za-z.-]+/\d+/[A-Z2-7]{26}\b`), "HOLDER"},
	{regexp.MustCompile(`\b[A-Z2-7]{26}\b`), "NONCE"},
	{regexp.MustCompile(`[A-Za-z0-9+/]{100,}=*`), "BASE64"},
	{regexp.MustCompile(`(0xNODE|"127\.0\.0\.1:PORT",?|ADDRESS) {3,}`), "$1  "},
	{regexp.MustCompile(`NODE {3,}`), "NODE  "},
	{regexp.MustCompile(`127\.0\.0\.1:PORT {2,}`), "127.0.0.1:PORT  "},
}

func TestOutput(t *testing.T) {
	lines := []string{
		"nodes --endpoint {url} --chain " + testChain + " --show-pins", enrollLine, enrollLine, "chains --endpoint {url}", "status {dir}",
		"verify {dir} --expires-in 30d", "connect {dir} --node NODE", "connect {dir} --node NODE --pin PIN",
		"complete {dir} --endpoint {url}", "secret {dir} --name trial", "secret {dir} --name trial --decrypt", "clear {dir}-none", "status {dir}-none",
	}
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			w := newWorld(t).withPassword()
			node := w.srv.NewNode()
			pin := ""
			text := ""
			for _, line := range lines {
				r := w.run(strings.NewReplacer("NODE", node.Addr(), "PIN", pin).Replace(line) + " -o " + format)
				if strings.HasPrefix(line, "nodes") {
					pin = regexp.MustCompile(`sha256//\S{44}`).FindString(r.out)
				}
				if format == "json" {
					require.True(t, json.Valid([]byte(r.out)), r.out)
				}
				text += "$ antcert " + line + "\n" + r.out + r.err
			}
			text = strings.ReplaceAll(text, w.dir, "DIR")
			for _, c := range changing {
				text = c.pattern.ReplaceAllString(text, c.text)
			}
			golden(t, "output."+format, text)
			require.Equal(t, 1, w.srv.Issued())
		})
	}
}
