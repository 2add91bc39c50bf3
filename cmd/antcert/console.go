package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
	"unicode"

	"golang.org/x/term"
)

// A console is where the command speaks: results to out, all else to err.
type console struct {
	out, err *os.File
	terminal bool         // err is one, and no dumb one
	json     bool         // on out
	debug    slog.Handler // nil without --debug

	mu       sync.Mutex
	text     string        // what is being done
	stop     chan struct{} // nil if nothing is shown
	finished chan struct{}
}

func newConsole() *console {
	terminal := term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
	return &console{out: os.Stdout, err: os.Stderr, terminal: terminal}
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
)

// say prints a line to standard error.
func (c *console) say(color, what, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	if color != "" && c.terminal && os.Getenv("NO_COLOR") == "" {
		what = color + what + "\x1b[0m"
	}
	fmt.Fprintln(c.err, strings.TrimSpace(what+" "+clean(text)))
}

// clean makes a text of others safe for a terminal: it is one line, and holds no
// control characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// A detail is a name and a string, or several.
type detail struct {
	name  string
	value any
}

// show prints a title and what belongs to it. Empty strings are left out.
func (s *session) show(title string, details ...detail) error {
	object := map[string]any{}
	err := s.print(object, func(w io.Writer) {
		if title != "" {
			fmt.Fprintln(w, clean(title))
		}
		for _, d := range details {
			list, ok := d.value.([]string)
			if text, _ := d.value.(string); !ok && text != "" {
				list = []string{text}
			}
			if object[member(d.name)] = d.value; d.value == "" {
				delete(object, member(d.name))
			}
			for _, text := range list {
				if !strings.HasSuffix(title, ": "+text) {
					fmt.Fprintf(w, "  %s\t%s\n", d.name, clean(text))
				}
			}
		}
	})
	return err
}

// table prints rows.
func (s *session) table(head []string, rows [][]string) error {
	objects := []map[string]string{}
	return s.print(&objects, func(w io.Writer) {
		fmt.Fprintln(w, strings.ToUpper(strings.Join(head, "\t")))
		for _, r := range rows {
			o := map[string]string{}
			for i := range head {
				o[member(head[i])], r[i] = r[i], clean(r[i])
			}
			objects = append(objects, o)
			fmt.Fprintln(w, strings.Join(r, "\t"))
		}
	})
}

// print prints what text writes, or v, which text fills, as JSON.
func (s *session) print(v any, text func(w io.Writer)) error {
	s.done()
	if s.json {
		text(io.Discard)
		e := json.NewEncoder(s.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// member makes a name in camel case of words.
func member(words string) string {
	list := strings.Fields(words)
	for i := range list {
		if i > 0 {
			list[i] = strings.ToUpper(list[i][:1]) + list[i][1:]
		}
	}
	return strings.Join(list, "")
}

func (c *console) wipe() {
	if c.terminal && c.stop != nil {
		fmt.Fprint(c.err, "\r\x1b[K")
	}
}

const (
	moment   = time.Second // what takes no longer is not worth a word
	frame    = 120 * time.Millisecond
	reminder = 15 * time.Second // between plain lines
)

// doing shows what is being done, once it takes longer than a moment.
func (c *console) doing(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = clean(fmt.Sprintf(format, args...))
	if c.debug == nil && c.stop == nil {
		c.stop, c.finished = make(chan struct{}), make(chan struct{})
		go c.animate(c.stop, c.finished)
	}
}

// done ends what doing has begun.
func (c *console) done() {
	if c.stop == nil {
		return
	}
	close(c.stop)
	<-c.finished
	c.wipe()
	c.stop = nil
}

func (c *console) animate(stop, finished chan struct{}) {
	defer close(finished)
	every, format := reminder, "%[2]s …\n"
	if c.terminal {
		every, format = frame, "\r%c %s\x1b[K"
	}
	for i, wait := 0, moment; ; i, wait = i+1, every {
		select {
		case <-stop:
			return
		case <-time.After(wait):
		}
		c.mu.Lock()
		fmt.Fprintf(c.err, format, `|/-\`[i%4], c.text)
		c.mu.Unlock()
	}
}

// logger logs to standard error, or shows what Ensure waits for as what is being
// done.
func (c *console) logger() *slog.Logger {
	if c.debug != nil {
		return slog.New(c.debug)
	}
	return slog.New(waiting{c})
}

type waiting struct{ c *console }

func (waiting) Enabled(_ context.Context, l slog.Level) bool { return l == slog.LevelInfo }
func (w waiting) WithAttrs([]slog.Attr) slog.Handler         { return w }
func (w waiting) WithGroup(string) slog.Handler              { return w }
func (w waiting) Handle(_ context.Context, r slog.Record) error {
	w.c.doing("%s", r.Message)
	return nil
}
