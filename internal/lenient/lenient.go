// Package lenient reads the JSON of the service into plain Go structs. The same
// member comes as a number and as a string, times as milliseconds, lists under
// one more level, and objects as JSON in strings. It imports nothing of this
// module.
//
// How deep it goes is bounded by the type that is read into, since what the type
// does not have is skipped, and by maxInStrings.
package lenient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// maxInStrings is how many layers of JSON in strings are undone.
const maxInStrings = 3

// Unmarshal reads a JSON value into v, a pointer to a struct, a slice or a
// scalar. Fields have the names of their json tags, in whatever case; methods
// of the types are not asked.
//
//   - A string takes a string, a number or a boolean, as it is written.
//   - A number or a boolean takes itself, also in a string; "" is zero.
//   - A time.Time takes milliseconds since the epoch, as a number or in a string,
//     or RFC 3339, and is in UTC; 0 and "" are the zero time.
//   - A list takes an array, also as the only array in an object.
//   - A struct or a list takes JSON in a string; "" is zero. A list in the place
//     of one of its elements counts with its own elements.
//   - null is zero, and no element of a list.
//
// What does not fit is left zero, the rest is read nevertheless, and the error
// names the first of it. No error holds a value.
func Unmarshal(data []byte, v any) error {
	if !json.Valid(data) {
		return errors.New("no valid JSON")
	}
	var d decoder
	d.value(data, reflect.ValueOf(v).Elem(), "Result", 0)
	return d.err
}

// A decoder reads valid JSON.
type decoder struct {
	err error // the first mismatch
}

func (d *decoder) mismatch(path, want string) {
	if d.err == nil {
		d.err = fmt.Errorf("%s is not %s", path, want)
	}
}

var timeType = reflect.TypeFor[time.Time]()

// value reads data into dst, which is zero. inStrings is how many strings data
// has been taken out of.
func (d *decoder) value(data []byte, dst reflect.Value, path string, inStrings int) {
	data = bytes.TrimSpace(data)
	if string(data) == "null" {
		return
	}
	switch {
	case dst.Type() == timeType, dst.Kind() != reflect.Struct && dst.Kind() != reflect.Slice:
		d.scalar(data, dst, path)
	case data[0] == '"':
		d.inString(data, dst, path, inStrings)
	case dst.Kind() == reflect.Slice:
		d.list(data, dst, path, inStrings)
	default:
		d.object(data, dst, path, inStrings)
	}
}

// inString reads the JSON in a string.
func (d *decoder) inString(data []byte, dst reflect.Value, path string, inStrings int) {
	inner := content(data)
	switch {
	case len(inner) == 0:
	case inStrings == maxInStrings || !json.Valid(inner):
		d.mismatch(path, nameOf(dst))
	default:
		d.value(inner, dst, path, inStrings+1)
	}
}

// content is what a JSON string holds, without white space around it.
func content(quoted []byte) []byte { return bytes.TrimSpace([]byte(unquote(quoted))) }

// unquote is what a JSON string holds.
func unquote(quoted []byte) (s string) {
	_ = json.Unmarshal(quoted, &s) // it is valid
	return s
}

func (d *decoder) object(data []byte, dst reflect.Value, path string, inStrings int) {
	if data[0] != '{' {
		d.mismatch(path, nameOf(dst))
		return
	}
	members := membersOf(data)
	for i := range dst.NumField() {
		name := wireName(dst.Type().Field(i))
		if member, ok := find(members, name); ok {
			d.value(member, dst.Field(i), path+"."+name, inStrings)
		}
	}
}

func (d *decoder) list(data []byte, dst reflect.Value, path string, inStrings int) {
	if data[0] == '{' {
		inner, ok := onlyArray(membersOf(data))
		if !ok {
			d.mismatch(path, nameOf(dst))
			return
		}
		data = inner
	}
	if data[0] != '[' {
		d.mismatch(path, nameOf(dst))
		return
	}
	list := reflect.MakeSlice(dst.Type(), 0, 0)
	for i, element := range elementsOf(data) {
		path := fmt.Sprintf("%s[%d]", path, i)
		if string(element) == "null" {
			continue
		}
		if nested, ok := d.nestedList(element, dst.Type(), path, inStrings); ok {
			list = reflect.AppendSlice(list, nested)
			continue
		}
		e := reflect.New(dst.Type().Elem()).Elem()
		d.value(element, e, path, inStrings)
		list = reflect.Append(list, e)
	}
	dst.Set(list)
}

// nestedList reads an element that is a list of the same type in a string, as
// the reference page of DescribeAntChainNodesV2 has it, or nothing.
func (d *decoder) nestedList(element []byte, t reflect.Type, path string, inStrings int) (list reflect.Value, ok bool) {
	if element[0] != '"' || t.Elem().Kind() != reflect.Struct || t.Elem() == timeType {
		return list, false
	}
	if inner := content(element); len(inner) > 0 && inner[0] != '[' {
		return list, false
	}
	list = reflect.New(t).Elem()
	d.value(element, list, path, inStrings)
	return list, true
}

// onlyArray is the one array among the members of an object; an empty one if
// there is nothing but null.
func onlyArray(members map[string]json.RawMessage) (array json.RawMessage, ok bool) {
	array, ok = json.RawMessage("[]"), true
	arrays := 0
	for _, member := range members {
		switch member[0] {
		case '[':
			array = member
			arrays++
		case 'n':
		default:
			ok = false
		}
	}
	return array, arrays == 1 || ok && arrays == 0
}

// membersOf takes a valid object apart.
func membersOf(data []byte) (members map[string]json.RawMessage) {
	_ = json.Unmarshal(data, &members)
	return members
}

// elementsOf takes a valid array apart.
func elementsOf(data []byte) (elements []json.RawMessage) {
	_ = json.Unmarshal(data, &elements)
	return elements
}

// find looks for a member; one in the right case comes first.
func find(members map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if member, ok := members[name]; ok {
		return member, true
	}
	found := ""
	for other := range members {
		// The least of several, so that the result does not depend on the order.
		if strings.EqualFold(other, name) && (found == "" || other < found) {
			found = other
		}
	}
	member, ok := members[found]
	return member, ok && found != ""
}

// wireName is what the service calls a field.
func wireName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return f.Name
}

// nameOf says what dst takes.
func nameOf(dst reflect.Value) string {
	switch {
	case dst.Type() == timeType:
		return "a time"
	case dst.Kind() == reflect.Struct:
		return "an object"
	case dst.Kind() == reflect.Slice:
		return "a list"
	case dst.Kind() == reflect.String:
		return "a string"
	case dst.Kind() == reflect.Bool:
		return "a boolean"
	}
	return "a number"
}
