package lenient

import (
	"reflect"
	"strconv"
	"time"
)

// scalar reads a scalar, in a string or not.
func (d *decoder) scalar(data []byte, dst reflect.Value, path string) {
	text := string(data)
	switch data[0] {
	case '{', '[':
		d.mismatch(path, nameOf(dst))
		return
	case '"':
		if dst.Kind() == reflect.String {
			dst.SetString(unquote(data))
			return
		}
		if text = string(content(data)); text == "" {
			return
		}
	}
	if !set(dst, text) {
		d.mismatch(path, nameOf(dst))
	}
}

// set sets dst to what text says, if it fits.
func set(dst reflect.Value, text string) bool {
	switch {
	case dst.Type() == timeType:
		t, ok := parseTime(text)
		if ok {
			dst.Set(reflect.ValueOf(t))
		}
		return ok
	case dst.Kind() == reflect.String:
		dst.SetString(text)
		return true
	case dst.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		dst.SetBool(b)
		return err == nil
	case dst.CanInt():
		n, ok := parseInt(text)
		if !ok || dst.OverflowInt(n) {
			return false
		}
		dst.SetInt(n)
		return true
	}
	return false
}

// parseInt also takes a number with an empty fraction or an exponent, as long
// as a float64 holds it exactly.
func parseInt(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	const exact = 1 << 53
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= -exact && f <= exact) || f != float64(int64(f)) {
		return 0, false
	}
	return int64(f), true
}

// maxYear is the last one that RFC 3339 can express.
const maxYear = 9999

// parseTime reads milliseconds since the epoch, or RFC 3339. What encoding/json
// could not write again is no time.
func parseTime(text string) (t time.Time, ok bool) {
	if ms, ok := parseInt(text); ok {
		if ms == 0 {
			return t, true
		}
		t = time.UnixMilli(ms).UTC()
	} else {
		var err error
		if t, err = time.Parse(time.RFC3339, text); err != nil {
			return t, false
		}
		t = t.UTC()
	}
	return t, t.Year() >= 0 && t.Year() <= maxYear
}
