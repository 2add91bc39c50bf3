package robust

import (
	"io"
	"net/http"

	"github.com/antchain-go/baas/baastest"
)

// answer answers a request in the server's place: nothing is issued.
func answer(status int, body string) baastest.Fault {
	return baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}
