package console

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// noAnswer is an error that matches ErrNoAnswer.
type noAnswer struct{ error }

func (e noAnswer) Is(target error) bool { return target == ErrNoAnswer }
func (e noAnswer) Unwrap() error        { return e.error }

// Password gets the password of a key: from the file if one is named, see
// ReadSecret, else from the environment variable, else from a person; twice if it
// is a new one. It is not empty. Errors of the one who was to give it match
// ErrNoAnswer.
func (c *Console) Password(ctx context.Context, file, variable string, fresh bool) (string, error) {
	if file != "" {
		p, err := c.ReadSecret(file)
		if err != nil {
			err = noAnswer{fmt.Errorf("--password-file: %w", err)}
		}
		return p, err
	}
	if p := os.Getenv(variable); p != "" {
		return p, nil
	}
	if !c.CanAsk() {
		return "", noAnswer{fmt.Errorf("no password: set %s, or name a --password-file", variable)}
	}
	p, err := c.Ask(ctx, "Password of the private key: ", true)
	if err == nil && p == "" {
		err = noAnswer{errors.New("the password is empty")}
	}
	if err != nil || !fresh {
		return p, err
	}
	again, err := c.Ask(ctx, "The same once more: ", true)
	if err == nil && again != p {
		err = noAnswer{errors.New("the two passwords differ: nothing was done")}
	}
	return p, err
}
