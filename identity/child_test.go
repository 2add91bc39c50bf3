package identity

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// childTask names the environment variable that makes a child process of the
// test binary. Its value is an errand in JSON, its output a report.
const childTask = "IDENTITY_TEST_CHILD"

type errand struct {
	Dir, Endpoint, ID, Secret string
	Ahead                     time.Duration // of its clock
	Speed                     time.Duration // of its clock, 1 is the real one
	Timeout                   time.Duration
}

type report struct {
	Bundle  certbundle.Bundle
	Error   string
	InDoubt bool
	Stalled time.Duration // the longest time between two looks at the clock
}

// watchClock is an Option that notices when the machine is too busy.
func (r *report) watchClock(o *options) {
	now, last := o.clock.now, time.Now()
	o.clock.now = func() (time.Time, time.Duration) {
		r.Stalled = max(r.Stalled, time.Since(last))
		last = time.Now()
		return now()
	}
}

// runChild is the main of a child process: one call of Ensure.
func runChild() int {
	var e errand
	if err := json.Unmarshal([]byte(os.Getenv(childTask)), &e); err != nil {
		return 2
	}
	client, err := baas.NewClient(baas.WithEndpoint(e.Endpoint), baas.WithAccessKey(e.ID, e.Secret))
	if err != nil {
		return 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), e.Timeout)
	defer cancel()
	var r report
	b, err := Ensure(ctx, client, Dir(e.Dir), newRequest(), withFastClock(e.Ahead, e.Speed), r.watchClock,
		WithDownload(certbundle.WithHTTPClient(&http.Client{Transport: http.DefaultTransport})))
	if b != nil {
		r.Bundle = *b
	}
	if err != nil {
		r.Error, r.InDoubt = err.Error(), errors.Is(err, ErrInDoubt)
	}
	if json.NewEncoder(os.Stdout).Encode(r) != nil {
		return 2
	}
	return 0
}

// A child is a child process that runs.
type child struct {
	cmd *exec.Cmd
	out strings.Builder
	err strings.Builder
}

func startChild(t *testing.T, e errand) *child {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	task, err := json.Marshal(e)
	require.NoError(t, err)
	c := &child{cmd: exec.CommandContext(t.Context(), exe)}
	c.cmd.Env = append(os.Environ(), childTask+"="+string(task))
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.err
	require.NoError(t, c.cmd.Start())
	return c
}

// wait returns the report; done is false if the process was killed.
func (c *child) wait(t *testing.T) (r report, done bool) {
	t.Helper()
	err := c.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 {
		return r, false
	}
	require.NoError(t, err, "%s", c.err.String())
	require.NoError(t, json.Unmarshal([]byte(c.out.String()), &r))
	return r, true
}
