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
	hang := func(arrived chan struct{}) baastest.Fault {
		return baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() }))
	}
	again := make(chan struct{})
	b.server.Inject(baastest.Fault{}, hang(arrived), hang(again)) // the first is the question for the time

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

	// Whoever takes over may be stopped as well.
	second := start(t, b.server, env)
	<-again
	second.stop(t)
	require.Equal(t, exitUnknown, second.code(t), "%s", &second.log)
	require.Contains(t, second.log.String(), "antcert-ensure: stopped while an application was in flight")

	next := start(t, b.server, env)
	require.Equal(t, exitDone, next.code(t), "%s", &next.log)
	require.Contains(t, next.log.String(), "taking over from a holder that is gone")
	require.Equal(t, 1, b.server.Issued())
}

// A pod is stopped before anything of consequence was sent: nothing is in doubt.
func TestStoppedWithNothingInDoubt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var env []string
	for name, value := range b.env {
		env = append(env, name+"="+value)
	}
	arrived := make(chan struct{})
	b.server.Inject(baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })))
	c := start(t, b.server, env) // asks for the time
	<-arrived
	c.stop(t)
	require.Equal(t, exitInterrupted, c.code(t), "%s", &c.log)
	require.Equal(t, 130, exitInterrupted, "as of antcert")
	require.Zero(t, b.server.Issued())
	r, err := identity.Inspect(t.Context(), b.store(t))
	require.NoError(t, err)
	require.Equal(t, identity.Empty, r.State)
}
