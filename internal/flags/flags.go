// Package flags makes the flags of a command, on urfave/cli.
package flags

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// Text is a flag with a value.
func Text(name, usage string) *cli.StringFlag { return &cli.StringFlag{Name: name, Usage: usage} }

// Yes is a flag without a value.
func Yes(name, usage string) cli.Flag { return &cli.BoolFlag{Name: name, Usage: usage} }

// Must is a flag with a value that has to be given.
func Must(name, usage string) cli.Flag {
	f := Text(name, usage)
	f.Required = true
	return f
}

// Choice is a flag with values to choose from; the first is the default.
func Choice(name, usage string, values ...string) *cli.StringFlag {
	f := Text(name, usage)
	f.Value = values[0]
	f.Validator = func(s string) error {
		if !slices.Contains(values, s) {
			return fmt.Errorf("%q is none of %s", s, strings.Join(values, ", "))
		}
		return nil
	}
	return f
}

// Given lists those flags that were given to the command or its parents, each
// with its value, as words of a command line.
func Given(cmd *cli.Command, names ...string) (words []string) {
	for _, name := range names {
		if cmd.IsSet(name) {
			words = append(words, "--"+name, cmd.String(name))
		}
	}
	return words
}

// Period reads a time that is not negative, such as 30d or 12h; nothing is 0.
func Period(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time such as 30d or 12h", text)
	}
	return d, nil
}
