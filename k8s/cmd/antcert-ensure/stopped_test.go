package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
)

// start starts a pod.
func (b *bench) start(t *testing.T) *command {
	t.Helper()
	var env []string
	for name, value := range b.env {
		env = append(env, name+"="+value)
	}
	return start(t, b.server, env)
}

func (b *bench) requireState(t *testing.T, want identity.State) {
	t.Helper()
	r, err := identity.Inspect(t.Context(), b.store(t))
	require.NoError(t, err)
	require.Equal(t, want, r.State)
}

// hangs says that a request has arrived, and never answers it.
func hangs(arrived chan struct{}) baastest.Fault {
	return baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() }))
}

// A pod is stopped while its application is in flight, and has not arrived: the
// Secret is not in doubt, and the next pod brings the key.
func TestStoppedInFlight(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arrived := make(chan struct{})
	again := make(chan struct{})
	b.server.Inject(baastest.Fault{}, hangs(arrived), hangs(again)) // the first is the question for the time

	first := b.start(t)
	<-arrived
	first.stop(t)
	require.Equal(t, exitUnknown, first.code(t), "%s", &first.log)
	require.Contains(t, first.log.String(), "stopped while an application was in flight")
	require.Contains(t, first.log.String(), "(nonce ")
	require.Contains(t, first.log.String(), "run it again")
	b.requireState(t, identity.Applying)
	require.Zero(t, b.server.Issued())

	// Whoever takes over may be stopped as well.
	second := b.start(t)
	<-again
	second.stop(t)
	require.Equal(t, exitUnknown, second.code(t), "%s", &second.log)
	require.Contains(t, second.log.String(), "antcert-ensure: stopped while an application was in flight")

	next := b.start(t)
	require.Equal(t, exitDone, next.code(t), "%s", &next.log)
	require.Contains(t, next.log.String(), "taking over from a holder that is gone")
	require.Equal(t, 1, b.server.Issued())
}

// A pod is stopped before anything of consequence was sent: nothing is in doubt.
func TestStoppedWithNothingInDoubt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arrived := make(chan struct{})
	b.server.Inject(hangs(arrived))
	c := b.start(t) // asks for the time
	<-arrived
	c.stop(t)
	require.Equal(t, exitInterrupted, c.code(t), "%s", &c.log)
	require.Equal(t, 130, exitInterrupted, "as of antcert")
	require.Zero(t, b.server.Issued())
	b.requireState(t, identity.Empty)
}
