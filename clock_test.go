package baas_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// withClockOff is a world whose server is that far ahead of the client.
func withClockOff(t *testing.T, off time.Duration, test func(t *testing.T, w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := baastest.NewServer(baastest.WithInMemory(),
			baastest.WithClock(func() time.Time { return time.Now().Add(off) }))
		defer server.Close()
		test(t, world{server, server.Client()})
	})
}

func codes(s *baastest.Server) (list []string) {
	for _, r := range s.Requests() {
		list = append(list, r.Code)
	}
	return list
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	const expired = "InvalidTimeStamp.Expired"
	for name, off := range map[string]time.Duration{
		"20 minutes behind": 20 * time.Minute, "20 minutes ahead": -20 * time.Minute, "23 hours behind": 23 * time.Hour,
	} {
		t.Run(name+": corrects itself at once, and keeps the offset", func(t *testing.T) {
			t.Parallel()
			withClockOff(t, off, func(t *testing.T, w world) {
				start := time.Now()
				_, err := w.apply(t.Context())
				require.NoError(t, err)
				require.Zero(t, time.Since(start), "no wait")
				require.Equal(t, []string{expired, ""}, codes(w.server))
				require.Len(t, distinct(w.nonces()), 2, "a fresh nonce")
				_, err = w.apply(t.Context())
				require.NoError(t, err)
				require.Equal(t, []string{expired, "", ""}, codes(w.server))
				require.Equal(t, 2, w.server.Issued())
			})
		})
	}
	t.Run("25 hours off: not believed", func(t *testing.T) {
		t.Parallel()
		withClockOff(t, 25*time.Hour, func(t *testing.T, w world) {
			_, err := w.apply(t.Context())
			requireEnd(t, expired, 1, nil, err)
			require.Equal(t, []string{expired}, codes(w.server))
		})
	})
	for name, fault := range map[string]baastest.Fault{
		"a Date within 14 minutes": oldClock(13 * time.Minute),
		"a Date 24 hours off":      oldClock(-24*time.Hour - time.Second),
		"no Date":                  reply(400, `{"RequestId":"R","Code":"InvalidTimeStamp.Expired"}`),
	} {
		t.Run(name+": the refusal is returned", func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w world) {
				w.server.Inject(fault)
				_, err := w.apply(t.Context())
				requireEnd(t, expired, 1, nil, err)
				require.Len(t, w.nonces(), 1)
			})
		})
	}
	t.Run("a wrong Date is not kept", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			w.server.Inject(oldClock(time.Hour))
			_, err := w.apply(t.Context())
			requireEnd(t, expired, 2, nil, err)
			_, err = w.apply(t.Context())
			require.NoError(t, err, "the next call uses the clock as it is")
			require.Len(t, w.nonces(), 3)
		})
	})
	t.Run("throttling does not prove the offset", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			w.server.Inject(oldClock(time.Hour))
			w.server.Inject(throttles(3)...)
			_, err := w.apply(t.Context())
			requireEnd(t, "Throttling.User", 4, nil, err)
			_, err = w.apply(t.Context())
			require.NoError(t, err)
		})
	})
	t.Run("a refusal for another reason does", func(t *testing.T) {
		t.Parallel()
		withClockOff(t, time.Hour, func(t *testing.T, w world) {
			req := newRequest()
			w.server.Inject(oldClock(time.Hour), baastest.Refuse(403, "Forbidden", "m"))
			_, err := w.client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), req)
			requireEnd(t, "Forbidden", 2, nil, err)
			_, err = w.apply(t.Context())
			require.NoError(t, err)
			require.Len(t, w.nonces(), 3)
		})
	})
	t.Run("a clock that was set right again is seen", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			off := time.Hour
			server := baastest.NewServer(baastest.WithInMemory(),
				baastest.WithClock(func() time.Time { return time.Now().Add(off) }))
			defer server.Close()
			w := world{server, server.Client()}
			for range 2 {
				_, err := w.apply(t.Context())
				require.NoError(t, err)
				off = 0
			}
			require.Equal(t, []string{expired, "", expired, ""}, codes(server))
		})
	})
}

// TestResendWindow: the same bytes are never sent later than 5 minutes after
// the first of them, by whichever clock says more.
func TestResendWindow(t *testing.T) {
	t.Parallel()
	policy := baas.RetryPolicy{MaxAttempts: 100, MinDelay: time.Minute, MaxDelay: time.Minute}
	t.Run("no resend later than 5 minutes", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			for range 100 {
				w.server.Inject(baastest.DropBefore())
			}
			start := time.Now()
			_, err := w.apply(t.Context())
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.LessOrEqual(t, time.Since(start), 5*time.Minute)
			require.Greater(t, time.Since(start), 4*time.Minute, "a wait that would end in time is begun")
		}, baas.WithRetryPolicy(policy))
	})
	t.Run("a wait that would end later is not begun", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			w.server.Inject(baastest.DropBefore())
			start := time.Now()
			_, err := w.apply(t.Context())
			requireEnd(t, "unknown", 1, nil, err)
			require.Less(t, time.Since(start), time.Second)
		}, baas.WithRetryPolicy(baas.RetryPolicy{MinDelay: 11 * time.Minute}))
	})
	for name, jump := range map[string]struct{ wall, mono time.Duration }{
		"the machine slept":                {wall: 6 * time.Minute},
		"the clock was set back meanwhile": {wall: -time.Hour, mono: 6 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := baastest.NewServer(baastest.WithInMemory())
				defer server.Close()
				var jumped bool
				transport := scripted(server.HTTPClient().Transport, func(r *http.Request) (*http.Response, error) {
					jumped = true
					return read(r)
				})
				client := server.Client(baas.WithHTTPClient(&http.Client{Transport: transport}))
				start := time.Now()
				baas.WithClock(func() (time.Time, time.Duration) {
					wall, mono := start, time.Duration(0)
					if jumped {
						wall, mono = start.Add(jump.wall), jump.mono
					}
					return wall, mono
				})(client)
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				requireEnd(t, "unknown", 1, nil, err)
				require.Empty(t, server.Requests())
			})
		})
	}
	t.Run("connecting took too long", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			server := baastest.NewServer(baastest.WithInMemory())
			defer server.Close()
			slow := func(r *http.Request) (*http.Response, error) {
				time.Sleep(6 * time.Minute) // of the bubble
				return server.HTTPClient().Transport.RoundTrip(r)
			}
			client := server.Client(baas.WithAttemptTimeout(time.Hour),
				baas.WithHTTPClient(&http.Client{Transport: scripted(nil, read, slow)}))
			_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
			requireEnd(t, "unknown", 2, nil, err)
			require.Zero(t, server.Issued())
		})
	})
}

// TestRetryAfterByTheClientsClock: a date counts from the time that the client
// goes by.
func TestRetryAfterByTheClientsClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := answering(400, `{"RequestId":"R","Code":"Throttling"}`)(r)
		resp.Header = http.Header{"Retry-After": {now.Add(30 * time.Second).Format(http.TimeFormat)}}
		return resp, err
	}))
	baas.WithClock(func() (time.Time, time.Duration) { return now, 0 })(client)
	var refusal *baas.APIError
	require.ErrorAs(t, client.Do(t.Context(), baas.Operation{Action: "A"}, nil), &refusal)
	require.Equal(t, 30*time.Second, refusal.RetryAfter)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value func() string
		want  time.Duration // waited, and in the error
		told  time.Duration
	}{
		"seconds":            {func() string { return "7" }, 7 * time.Second, 7 * time.Second},
		"a date":             {func() string { return time.Now().Add(8 * time.Second).UTC().Format(http.TimeFormat) }, 8 * time.Second, 8 * time.Second},
		"more than MaxDelay": {func() string { return "3600" }, 10 * time.Second, time.Hour},
		"nonsense":           {func() string { return "5m" }, time.Second, 0},
		"negative":           {func() string { return "-5" }, time.Second, 0},
		"a date gone by":     {func() string { return time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat) }, time.Second, 0},
		"huge":               {func() string { return "1099511627776" }, time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w world) {
				throttle := baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", c.value())
					w.WriteHeader(http.StatusTooManyRequests)
					_, _ = w.Write([]byte(`{"RequestId":"R","Code":"Throttling.User"}`))
				}))
				w.server.Inject(throttle, throttle)
				start := time.Now()
				_, err := w.apply(t.Context())
				require.LessOrEqual(t, time.Since(start), c.want+time.Millisecond)
				require.GreaterOrEqual(t, time.Since(start), c.want/2)
				if c.told > 0 {
					require.GreaterOrEqual(t, time.Since(start), min(c.told, 10*time.Second))
				}
				var api *baas.APIError
				require.ErrorAs(t, err, &api)
				require.Equal(t, c.told, api.RetryAfter)
			}, baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 2}))
		})
	}
}
