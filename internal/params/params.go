// Package params makes parameters of the fields of a request, which struct tags
// describe: rpc:"AntChainId,required" or rpc:"Password,required,secret"; and of
// values that have no type. It imports internal/sign for their type,
// internal/redact to bound what a reason quotes, and nothing else of this module.
package params

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/antchain-go/baas/internal/redact"
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

// Field is the field of a request that is the parameter of that name; it has to
// have one.
func (p Plan) Field(req reflect.Value, wire string) reflect.Value {
	i := slices.IndexFunc(p, func(f field) bool { return f.wire == wire })
	return req.Field(p[i].index)
}

// A Fault is one field at fault.
type Fault struct{ Field, Reason string }

// Append appends the parameters of a request to pairs, and names each field at
// fault: a required one that is empty, or text that is not UTF-8. An optional
// field that is empty is left out.
func (p Plan) Append(pairs []sign.Pair, req reflect.Value) (all []sign.Pair, faults []Fault) {
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

// FromValues makes the parameters of an action without a type, in the order of
// their names, and says what is wrong with each one at fault.
func FromValues(values url.Values) (pairs []sign.Pair, reasons []string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			if reason := check(name, value); reason != "" {
				reasons = append(reasons, reason)
			}
			pairs = append(pairs, sign.Pair{Name: name, Value: value})
		}
	}
	return pairs, reasons
}

func check(name, value string) (reason string) {
	switch {
	case name == "":
		return "have a parameter without a name"
	case !utf8.ValidString(name):
		return "have a name that is not valid UTF-8"
	case slices.ContainsFunc(sign.CommonParams(), func(common string) bool { return strings.EqualFold(common, name) }):
		return "have " + name + ", which is a common parameter"
	case !utf8.ValidString(value):
		return "have a value of " + strconv.Quote(redact.Cut(name, redact.MaxIdentifier)) + " that is not valid UTF-8"
	}
	return ""
}
