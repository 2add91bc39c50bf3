package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
)

// A pod is stopped while its application is in flight, and has not arrived: the
// Secret is not in doubt, and the next pod brings the key.
func TestStoppedInFlight(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var env []string
	for name, value := range b.env {
		env = append(env, name+"="+value)
	}
	arrived := make(chan struct{})
	b.server.Inject(baastest.Fault{}, // the question for the time
		baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })))

	first := start(t, b.server, env)
	<-arrived
	first.stop(t)
	require.Equal(t, exitUnknown, first.code(t), "%s", &first.log)
	require.Contains(t, first.log.String(), "stopped while an application was in flight")
	require.Contains(t, first.log.String(), "(nonce ")
	require.Contains(t, first.log.String(), "run it again")
	r, err := identity.Inspect(t.Context(), b.store(t))
	require.NoError(t, err)
	require.Equal(t, identity.Applying, r.State)
	require.Zero(t, b.server.Issued())

	next := start(t, b.server, env)
	require.Equal(t, exitDone, next.code(t), "%s", &next.log)
	require.Contains(t, next.log.String(), "taking over from a holder that is gone")
	require.Equal(t, 1, b.server.Issued())
}
