package console

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Show prints a title and details: names, each with a string, a time.Time or a
// []string after it. Empty strings and zero times are left out. In JSON the details alone are an object whose
// members are named as the details are, in camel case.
func (c *Console) Show(title string, details ...any) error {
	object := map[string]any{}
	return c.Print(object, func(w io.Writer) {
		if title != "" {
			fmt.Fprintln(w, Clean(title))
		}
		for i := 0; i+1 < len(details); i += 2 {
			name, value := details[i].(string), details[i+1]
			if t, ok := value.(time.Time); ok {
				if value = ""; !t.IsZero() {
					value = t.UTC().Format(time.RFC3339)
				}
			}
			list, ok := value.([]string)
			if text, _ := value.(string); text != "" {
				list = []string{text}
			}
			if ok || len(list) > 0 {
				object[member(name)] = value
			}
			for _, text := range list {
				if !strings.HasSuffix(title, ": "+text) { // said already
					fmt.Fprintf(w, "  %s\t%s\n", name, Clean(text))
				}
			}
		}
	})
}

// Table prints rows under a head. In JSON it is an array of objects, their
// members named as the columns are, in camel case.
func (c *Console) Table(head []string, rows [][]string) error {
	objects := []map[string]string{}
	return c.Print(&objects, func(w io.Writer) {
		fmt.Fprintln(w, strings.ToUpper(strings.Join(head, "\t")))
		for _, r := range rows {
			o := map[string]string{}
			for i := range head {
				o[member(head[i])], r[i] = r[i], Clean(r[i])
			}
			objects = append(objects, o)
			fmt.Fprintln(w, strings.Join(r, "\t"))
		}
	})
}

// Print prints what text writes, with tabs for columns. In JSON it prints v,
// which text may fill.
func (c *Console) Print(v any, text func(w io.Writer)) error {
	c.Done()
	if c.JSON {
		text(io.Discard)
		e := json.NewEncoder(c.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// member makes a name in camel case of words.
func member(words string) string {
	list := strings.Fields(words)
	for i := range list {
		if i > 0 {
			list[i] = strings.ToUpper(list[i][:1]) + list[i][1:]
		}
	}
	return strings.Join(list, "")
}
