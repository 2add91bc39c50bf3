package subject

import (
	"regexp"
	"strings"
)

// shown is a name as identity.Record has it: the six attributes in this order,
// with nothing escaped.
var shown = regexp.MustCompile(`^CN=(.+), OU=(.+), O=(.+), L=(.+), ST=(.+), C=(.+)$`)

var escaped = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `+`, `\+`, `;`, `\;`, `<`, `\<`, `>`, `\>`, `"`, `\"`)

// Again is what Parse reads as the name that a record shows; "" if the record
// shows none, or one that can be taken apart in more ways than one.
func Again(name string) string {
	values := shown.FindStringSubmatch(name)
	if values == nil {
		return ""
	}
	parts := make([]string, len(names))
	for i, value := range values[1:] {
		for _, other := range names {
			if strings.Contains(value, ", "+other+"=") {
				return ""
			}
		}
		value = escaped.Replace(value)
		if strings.HasPrefix(value, "#") || strings.HasPrefix(value, " ") {
			value = `\` + value
		}
		if end, ok := strings.CutSuffix(value, " "); ok && end != `\` {
			value = end + `\ `
		}
		parts[i] = names[i] + "=" + value
	}
	return strings.Join(parts, ",")
}
