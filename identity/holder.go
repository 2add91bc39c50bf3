package identity

import (
	"crypto/rand"
	"os"
	"strconv"
	"strings"
)

// newHolder names a call of Ensure. The random part tells it from every other
// call, also from those of a process of the same number on a host of the same
// name, as containers have them.
func newHolder() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	host = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, host)
	return host[:min(len(host), 255)] + "/" + strconv.Itoa(os.Getpid()) + "/" + rand.Text()
}
