package main

import (
	"context"
	"os"
)

const passwordVariable = "ANTCHAIN_KEY_PASSWORD"

// password gets the password of the private key; from a prompt twice if it is
// a new one.
func (s *session) password(ctx context.Context, fresh bool) (string, error) {
	if name := s.String("password-file"); name != "" {
		p, err := s.ReadSecret(name)
		if err != nil {
			err = usage("--password-file: %w", err)
		}
		return p, err
	}
	if p := os.Getenv(passwordVariable); p != "" {
		return p, nil
	}
	if !s.CanAsk() {
		return "", usage("no password: set %s, or name a --password-file", passwordVariable)
	}
	p, err := s.Ask(ctx, "Password of the private key: ", true)
	if err == nil && p == "" {
		err = usage("the password is empty")
	}
	if err != nil || !fresh {
		return p, err
	}
	again, err := s.Ask(ctx, "The same once more: ", true)
	if err == nil && again != p {
		err = usage("the two passwords differ: nothing was done")
	}
	return p, err
}
