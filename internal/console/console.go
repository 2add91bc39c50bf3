// Package console is where a command meets people: results on standard output,
// as text or JSON; all else on standard error, with a spinner on a terminal; and
// questions.
package console

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/term"
)

// A Console is where a command speaks. Say, Doing and the Logger may be called
// concurrently.
type Console struct {
	In, Out, Err *os.File

	JSON    bool         // results are JSON
	NoInput bool         // nobody can be asked
	Debug   slog.Handler // takes what is logged, and ends spinners; may be nil

	terminal bool // Err is one, and no dumb one

	mu       sync.Mutex
	text     string        // what is being done
	stop     chan struct{} // nil if nothing is shown
	finished chan struct{}
}

// New returns a Console of this process.
func New() *Console {
	return on(os.Stdin, os.Stdout, os.Stderr)
}

func on(in, out, err *os.File) *Console {
	return &Console{In: in, Out: out, Err: err, terminal: isTerminal(err) && os.Getenv("TERM") != "dumb"}
}

// ErrInterrupted is the cause of a context of Interruptible. It matches
// context.Canceled: it may come in the place of that from whoever asks for the
// cause, such as net/http.
var ErrInterrupted error = interruption{}

type interruption struct{}

func (interruption) Error() string        { return "interrupted" }
func (interruption) Is(target error) bool { return target == context.Canceled }

// Interruptible returns a context that ends with the first Ctrl-C or SIGTERM. The
// second ends the process.
func Interruptible() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel(ErrInterrupted)
	}()
	return ctx
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// OutIsTerminal reports whether results go to a terminal.
func (c *Console) OutIsTerminal() bool { return isTerminal(c.Out) }

// Colors of Say.
const (
	Red    = "\x1b[31m"
	Yellow = "\x1b[33m"
)

// Say prints a line to standard error. What stands first may have a color, on a
// terminal and without NO_COLOR.
func (c *Console) Say(color, what, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.wipe()
	}
	if color != "" && c.terminal && os.Getenv("NO_COLOR") == "" {
		what = color + what + "\x1b[0m"
	}
	fmt.Fprintln(c.Err, strings.TrimSpace(what+" "+Clean(text)))
}

// Clean makes a text of others safe for a terminal: it is one line, and holds no
// control characters.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

func (c *Console) wipe() {
	if c.terminal {
		fmt.Fprint(c.Err, "\r\x1b[K")
	}
}

const (
	moment   = time.Second // what takes no longer is not worth a word
	frame    = 120 * time.Millisecond
	reminder = 15 * time.Second // between plain lines
)

// Doing shows what is being done, once it takes longer than a moment: with a
// spinner on a terminal, as plain lines elsewhere. With Debug it shows nothing.
func (c *Console) Doing(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = Clean(fmt.Sprintf(format, args...))
	if c.Debug == nil && c.stop == nil {
		c.stop, c.finished = make(chan struct{}), make(chan struct{})
		go c.animate(c.stop, c.finished)
	}
}

// Done ends what Doing has begun.
func (c *Console) Done() {
	c.mu.Lock()
	stop, finished := c.stop, c.finished
	c.stop = nil
	c.mu.Unlock()
	if stop != nil {
		close(stop)
		<-finished
		c.wipe()
	}
}

func (c *Console) animate(stop, finished chan struct{}) {
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
		fmt.Fprintf(c.Err, format, `|/-\`[i%4], c.text)
		c.mu.Unlock()
	}
}

// Logger logs to Debug. Without one, a record of level Info is what is being
// done.
func (c *Console) Logger() *slog.Logger {
	if c.Debug != nil {
		return slog.New(c.Debug)
	}
	return slog.New(doing{c})
}

type doing struct{ c *Console }

func (doing) Enabled(_ context.Context, l slog.Level) bool { return l == slog.LevelInfo }
func (d doing) WithAttrs([]slog.Attr) slog.Handler         { return d }
func (d doing) WithGroup(string) slog.Handler              { return d }
func (d doing) Handle(_ context.Context, r slog.Record) error {
	d.c.Doing("%s", r.Message)
	return nil
}
