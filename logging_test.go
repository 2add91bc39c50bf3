package baas_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

func TestLogging(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults []baastest.Fault
		next   []string
		warns  int
	}{
		"a reply at once": {nil, []string{"return the reply"}, 0},
		"throttled":       {throttles(1), []string{"send again with a fresh nonce", "return the reply"}, 0},
		"unknown": {[]baastest.Fault{baastest.ServerErrorAfter(500)}, []string{
			"send the same bytes again", "return that the outcome is unknown",
		}, 1},
		"clock": {[]baastest.Fault{oldClock(time.Hour)}, []string{"send again with the clock corrected", "return the error"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			server := baastest.NewServer()
			defer server.Close()
			server.Inject(c.faults...)
			client := server.Client(baas.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			_, _ = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			var next []string
			warns := 0
			for line := range strings.Lines(log.String()) {
				var r struct {
					Level, Action, Host, RequestID, Next string
					Event, Reason, Safe                  string
					Attempt, Status                      int
					Duration                             time.Duration
				}
				require.NoError(t, json.Unmarshal([]byte(line), &r))
				require.Equal(t, actionApply, r.Action)
				require.NotEmpty(t, r.Host)
				if r.Level == "WARN" {
					warns++
					continue
				}
				require.Equal(t, "DEBUG", r.Level)
				next = append(next, r.Next)
				require.Equal(t, len(next), r.Attempt)
				require.NotZero(t, r.Status)
				require.Positive(t, r.Duration)
				require.NotEmpty(t, r.RequestID)
				require.NotEmpty(t, r.Event)
				require.NotEmpty(t, r.Reason)
				require.Equal(t, strings.HasPrefix(r.Next, "send"), r.Safe != "", "a resend says why it is safe: %q", r.Next)
			}
			require.Equal(t, c.next, next)
			require.Equal(t, c.warns, warns)
			requireNoSecret(t, log.String())
		})
	}
}

// TestLogLevelChanges: an attempt that began before records were wanted has
// none, rather than one that lacks its duration.
func TestLogLevelChanges(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var level slog.LevelVar
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		level.Set(slog.LevelDebug)
		return answering(400, `{"RequestId":"R","Code":"Throttling"}`)(r)
	}), baas.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: &level}))),
		baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 2, MinDelay: time.Millisecond}))
	require.Error(t, client.Do(t.Context(), baas.Operation{Action: "A"}, nil))
	require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	require.Contains(t, log.String(), "attempt=2")
	require.NotContains(t, log.String(), "duration=0s")
}
