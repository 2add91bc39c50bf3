package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"
)

const (
	passwordVariable = "ANTCHAIN_KEY_PASSWORD"
	maxPassword      = 4 << 10
)

func passwordFlag() cli.Flag {
	return &cli.StringFlag{Name: "password-file", TakesFile: true,
		Usage: "read the password of the private key from `FILE`, - is standard input; one line ending is cut off"}
}

// password gets the password of the private key; from a prompt twice if it is
// a new one.
func (s *session) password(ctx context.Context, fresh bool) (string, error) {
	if name := s.cmd.String("password-file"); name != "" {
		return s.passwordFile(name)
	}
	if p := os.Getenv(passwordVariable); p != "" {
		return p, nil
	}
	if s.cmd.Bool("no-input") || !s.interactive() {
		return "", usage("no password: set %s, or name a --password-file", passwordVariable)
	}
	p, err := s.ask(ctx, "Password of the private key: ", true)
	if err != nil {
		return "", err
	}
	if p == "" {
		return "", usage("the password is empty")
	}
	if !fresh {
		return p, nil
	}
	again, err := s.ask(ctx, "The same once more: ", true)
	if err == nil && again != p {
		err = usage("the two passwords differ: nothing was done")
	}
	return p, err
}

func (s *session) passwordFile(name string) (string, error) {
	f := s.in
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return "", usage("--password-file: %w", err)
		}
		defer f.Close()
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	if err != nil {
		return "", usage("--password-file: %w", err)
	}
	if len(data) > maxPassword {
		return "", usage("--password-file: %s has more than %d bytes", name, maxPassword)
	}
	if line, ok := bytes.CutSuffix(data, []byte("\n")); ok {
		data = bytes.TrimSuffix(line, []byte("\r"))
	}
	if len(data) == 0 {
		return "", usage("--password-file: %s is empty", name)
	}
	return string(data), nil
}

// interactive reports whether somebody can answer.
func (s *session) interactive() bool {
	return term.IsTerminal(int(s.in.Fd())) && term.IsTerminal(int(os.Stderr.Fd()))
}

// ask asks a person. An interrupt ends the question, and the terminal is as it
// was.
func (s *session) ask(ctx context.Context, question string, hidden bool) (string, error) {
	fmt.Fprint(s.err, question)
	fd := int(s.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		if hidden {
			p, err := term.ReadPassword(fd)
			answers <- answer{string(p), err}
			return
		}
		line, err := bufio.NewReader(s.in).ReadString('\n')
		answers <- answer{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case a := <-answers:
		if hidden || a.err != nil {
			fmt.Fprintln(s.err)
		}
		if errors.Is(a.err, io.EOF) {
			return "", usage("no answer")
		}
		return a.text, a.err
	case <-ctx.Done():
		fmt.Fprintln(s.err)
		return "", errors.Join(context.Cause(ctx), term.Restore(fd, before))
	}
}
