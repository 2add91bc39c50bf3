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
	"time"

	"golang.org/x/term"
)

const (
	passwordVariable = "ANTCHAIN_KEY_PASSWORD"
	maxPassword      = 4 << 10
)

// password gets the password of the private key; from a prompt twice if it is
// a new one.
func (s *session) password(ctx context.Context, fresh bool) (string, error) {
	if name := s.String("password-file"); name != "" {
		return passwordFile(name)
	}
	if p := os.Getenv(passwordVariable); p != "" {
		return p, nil
	}
	if !s.interactive() {
		return "", usage("no password: set %s, or name a --password-file", passwordVariable)
	}
	p, err := s.ask(ctx, "Password of the private key: ", true)
	if err == nil && p == "" {
		err = usage("the password is empty")
	}
	if err != nil || !fresh {
		return p, err
	}
	again, err := s.ask(ctx, "The same once more: ", true)
	if err == nil && again != p {
		err = usage("the two passwords differ: nothing was done")
	}
	return p, err
}

func passwordFile(name string) (string, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return "", usage("--password-file: %w", err)
		}
		defer f.Close()
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	if err == nil && len(data) > maxPassword {
		err = fmt.Errorf("%s has more than %d bytes", name, maxPassword)
	}
	if line, ok := bytes.CutSuffix(data, []byte("\n")); ok {
		data = bytes.TrimSuffix(line, []byte("\r"))
	}
	if err == nil && len(data) == 0 {
		err = fmt.Errorf("%s is empty", name)
	}
	if err != nil {
		return "", usage("--password-file: %w", err)
	}
	return string(data), nil
}

// interactive reports whether somebody can be asked.
func (s *session) interactive() bool {
	return !s.Bool("no-input") && term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd()))
}

// ask asks a person. An interrupt ends the question, and leaves the terminal as
// it was.
func (s *session) ask(ctx context.Context, question string, hidden bool) (string, error) {
	fd := int(os.Stdin.Fd())
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
			line, err = term.ReadPassword(fd)
		} else {
			line, err = bufio.NewReader(os.Stdin).ReadBytes('\n')
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
	fmt.Fprint(s.err, question)
	select {
	case err := <-answered:
		if hidden || err != nil {
			fmt.Fprintln(s.err)
		}
		if errors.Is(err, io.EOF) {
			err = usage("no answer")
		}
		return answer, err
	case <-ctx.Done():
		fmt.Fprintln(s.err)
		return "", errors.Join(context.Cause(ctx), term.Restore(fd, before))
	}
}
