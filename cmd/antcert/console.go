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
	out, err io.Writer
	in       *os.File
	terminal bool         // err is one, and no dumb one
	color    bool         // on err
	json     bool         // on out
	debug    slog.Handler // nil without --debug

	mu       sync.Mutex
	text     string        // what is being done
	stop     chan struct{} // nil if nothing is shown
	finished chan struct{}
}

func newConsole() *console {
	terminal := term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
	return &console{
		out: os.Stdout, err: os.Stderr, in: os.Stdin,
		terminal: terminal, color: terminal && os.Getenv("NO_COLOR") == "",
	}
}

const (
	red    = "31"
	yellow = "33"
)

func (c *console) paint(color, s string) string {
	if !c.color {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
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

func (c *console) printJSON(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printText prints lines whose fields are parted by tabs.
func (c *console) printText(text func(w io.Writer)) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// row prints a line of fields.
func row(w io.Writer, fields ...string) {
	for i, f := range fields {
		fields[i] = clean(f)
	}
	fmt.Fprintln(w, strings.Join(fields, "\t"))
}

// note prints a line to standard error.
func (c *console) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	fmt.Fprintln(c.err, clean(fmt.Sprintf(format, args...)))
}

func (c *console) warn(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	fmt.Fprintln(c.err, c.paint(yellow, "warning:"), clean(text))
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
	if c.debug != nil || c.stop != nil {
		return
	}
	c.stop, c.finished = make(chan struct{}), make(chan struct{})
	go c.show(c.stop, c.finished)
}

// done ends what doing has begun.
func (c *console) done() {
	c.mu.Lock()
	stop, finished := c.stop, c.finished
	c.mu.Unlock()
	if stop == nil {
		return
	}
	close(stop)
	<-finished
	c.mu.Lock()
	c.wipe()
	c.stop = nil
	c.mu.Unlock()
}

func (c *console) show(stop, finished chan struct{}) {
	defer close(finished)
	every := reminder
	if c.terminal {
		every = frame
	}
	timer := time.NewTimer(moment)
	defer timer.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		timer.Reset(every)
		c.mu.Lock()
		if c.terminal {
			fmt.Fprintf(c.err, "\r%c %s\x1b[K", `|/-\`[i%4], c.text)
		} else {
			fmt.Fprintln(c.err, c.text+" …")
		}
		c.mu.Unlock()
	}
}

// logger shows what Ensure waits for as what is being done, or logs it all.
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
	w.c.mu.Lock()
	w.c.text = clean(r.Message)
	w.c.mu.Unlock()
	return nil
}
