package baas_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/antchain-go/baas"
)

// everyText lists what err and everything in its chain show of themselves.
func everyText(err error) []string {
	texts := []string{everyFormat(err)}
	for _, child := range unwrap(err) {
		texts = append(texts, everyText(child)...)
	}
	if api := (*baas.APIError)(nil); errors.As(err, &api) {
		texts = append(texts, everyFormat(api), everyFormat(*api))
	}
	if unknown, ok := err.(*baas.OutcomeUnknownError); ok {
		texts = append(texts, everyText(unknown.Err)...)
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		texts = append(texts, everyFormat(op), everyFormat(op.Err))
	}
	if v := (valueError{}); errors.As(err, &v) {
		texts = append(texts, everyFormat(v))
	}
	return texts
}

func unwrap(err error) []error {
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		if inner := u.Unwrap(); inner != nil {
			return []error{inner}
		}
	case interface{ Unwrap() []error }:
		return u.Unwrap()
	}
	return nil
}

// noVerb is a format that has no verb for its argument, which is shown anyway.
var noVerb = "%%"

// everyFormat is v in every verb, in slog and in JSON.
func everyFormat(v any) string {
	var b bytes.Buffer
	for _, verb := range "vTtbcoOqxXUeEfFgGsdpz" {
		for _, flags := range []string{"", "+", "#", " ", "-30.2", "0"} {
			fmt.Fprintf(&b, "%"+flags+string(verb)+"\n", v)
		}
	}
	fmt.Fprintln(&b, v)
	fmt.Fprintf(&b, noVerb, v)
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
	j, _ := json.Marshal(v)
	b.Write(j)
	return b.String()
}
