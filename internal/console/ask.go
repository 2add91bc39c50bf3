package console

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// CanAsk reports whether there is somebody to be asked.
func (c *Console) CanAsk() bool { return !c.NoInput && isTerminal(c.In) && isTerminal(c.Err) }

// ErrNoAnswer is the error for a question that the end of the input has
// answered, and for a password that was not given as it has to be.
var ErrNoAnswer = errors.New("no answer")

// Ask asks a person for a line, and shows what is typed unless it is hidden. If
// ctx ends, so does the question; the terminal is left as it was, and the error
// is the cause.
func (c *Console) Ask(ctx context.Context, question string, hidden bool) (string, error) {
	fd := int(c.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	var answer string
	answered := make(chan error, 1)
	go func() {
		var line []byte
		var err error
		if hidden {
			line, err = readHidden(c.In)
		} else {
			line, err = bufio.NewReader(c.In).ReadBytes('\n')
		}
		answer = strings.TrimRight(string(line), "\r\n")
		answered <- err
	}()
	// The question comes after the echo is off, for who types at once.
	for tries := 0; hidden && tries < 1000; tries++ {
		if now, err := term.GetState(fd); err != nil || *now != *before {
			break
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Fprint(c.Err, question)
	select {
	case err := <-answered:
		if hidden || err != nil {
			fmt.Fprintln(c.Err)
		}
		if errors.Is(err, io.EOF) {
			err = ErrNoAnswer
		}
		return answer, err
	case <-ctx.Done():
		fmt.Fprintln(c.Err)
		return "", errors.Join(context.Cause(ctx), term.Restore(fd, before))
	}
}

// MaxSecret is how many bytes a file with a secret may have.
const MaxSecret = 4 << 10

// ReadSecret reads a secret from a file, "-" is standard input, which must not be
// a terminal: see Ask. One line ending is cut off. The secret is not empty.
func (c *Console) ReadSecret(name string) (string, error) {
	f := c.In
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return "", err
		}
		defer f.Close()
	} else if isTerminal(f) {
		return "", errors.New("standard input is a terminal, which would show the secret")
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSecret+1))
	if err == nil && len(data) > MaxSecret {
		err = fmt.Errorf("%s has more than %d bytes", name, MaxSecret)
	}
	if line, ok := bytes.CutSuffix(data, []byte("\n")); ok {
		data = bytes.TrimSuffix(line, []byte("\r"))
	}
	if err == nil && len(data) == 0 {
		err = fmt.Errorf("%s is empty", name)
	}
	if err != nil {
		return "", err
	}
	return string(data), nil
}
