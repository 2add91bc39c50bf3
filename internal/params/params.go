// Package params makes parameters of the fields of a request, which struct tags
// describe: rpc:"AntChainId,required" or rpc:"Password,required,secret". It
// imports internal/sign for their type, and nothing else of this module.
package params

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/antchain-go/baas/internal/sign"
)

// A Plan is what the tags of a request type say, read once.
type Plan []field

type field struct {
	index            int
	name, wire       string
	required, secret bool
}

// Of reads the tags of a struct. Fields are strings, of any named type, or ints.
func Of(t reflect.Type) Plan {
	var plan Plan
	for i := range t.NumField() {
		tag, ok := t.Field(i).Tag.Lookup("rpc")
		if !ok {
			continue
		}
		wire, flags, _ := strings.Cut(tag, ",")
		f := field{index: i, name: t.Field(i).Name, wire: wire}
		for flag := range strings.SplitSeq(flags, ",") {
			f.required = f.required || flag == "required"
			f.secret = f.secret || flag == "secret"
		}
		plan = append(plan, f)
	}
	return plan
}

// Secrets lists the names of the parameters that are never shown.
func (p Plan) Secrets() []string {
	var names []string
	for _, f := range p {
		if f.secret {
			names = append(names, f.wire)
		}
	}
	return names
}

// A Fault is one field at fault.
type Fault struct{ Field, Reason string }

// Encode makes the parameters of a request, and names each field at fault: a
// required one that is empty, or text that is not UTF-8. An optional field that
// is empty is left out.
func (p Plan) Encode(req reflect.Value) (pairs []sign.Pair, faults []Fault) {
	pairs = make([]sign.Pair, 0, len(p)+1)
	for _, f := range p {
		value := text(req.Field(f.index))
		switch {
		case value == "" && f.required:
			faults = append(faults, Fault{f.name, "is required"})
		case !utf8.ValidString(value):
			faults = append(faults, Fault{f.name, "is not valid UTF-8"})
		}
		if value != "" {
			pairs = append(pairs, sign.Pair{Name: f.wire, Value: value})
		}
	}
	return pairs, faults
}

// text is the value of a field as a parameter; empty for the zero value.
func text(v reflect.Value) string {
	if v.Kind() == reflect.Int {
		if v.Int() == 0 {
			return ""
		}
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.String()
}
