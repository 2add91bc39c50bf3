package robust

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// expired refuses the timestamp with a Date that far from now.
func expired(off time.Duration) baastest.Fault {
	return answer(400, `{"RequestId":"R","HostId":"h","Code":"InvalidTimeStamp.Expired","Message":"m"}`,
		"Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
}

// TestClockOffsetLearnedFromAForgedDate: the next call learns the right one,
// however wrong the kept one and the clock are.
func TestClockOffsetLearnedFromAForgedDate(t *testing.T) {
	for name, c := range map[string]struct{ forged, clock time.Duration }{
		"+23 h, the clock 30 minutes slow":           {23 * time.Hour, 30 * time.Minute},
		"+23 h, the clock 30 minutes fast":           {23 * time.Hour, -30 * time.Minute},
		"+23 h, the clock 90 minutes fast":           {23 * time.Hour, -90 * time.Minute},
		"-23 h, the clock 30 minutes slow":           {-23 * time.Hour, 30 * time.Minute},
		"-23 h, the clock 90 minutes slow":           {-23 * time.Hour, 90 * time.Minute},
		"+23 h 50 minutes, the clock right":          {23*time.Hour + 50*time.Minute, 0},
		"+23 h 50 minutes, the clock 20 minutes off": {23*time.Hour + 50*time.Minute, -20 * time.Minute},
		"+23 h, the clock 23 h fast":                 {23 * time.Hour, -23 * time.Hour},
		"+16 minutes, the clock right":               {16 * time.Minute, 0},
	} {
		for _, version := range dimensions[3] {
			t.Run(name+", "+version.name, func(t *testing.T) {
				var with setup
				version.set(&with)
				server := baastest.NewServer(baastest.WithInMemory(), baastest.WithKeyEncryption(baastest.Unencrypted),
					baastest.WithClock(func() time.Time { return time.Now().Add(c.clock) }))
				defer server.Close()
				s := &script{server: server, client: server.Client(with.options...)}
				// The corrected attempt gets past the timestamp check, so the offset
				// is kept.
				server.Inject(expired(c.forged), success())
				_, err := s.apply(t.Context())
				require.NoError(t, err)
				for range 2 {
					_, err = s.apply(t.Context())
					require.NoError(t, err, "the offset of %v stays", c.forged)
				}
				require.Equal(t, 2, server.Issued())
				require.LessOrEqual(t, len(server.Requests()), 5, "requests: one correction")
			})
		}
	}
}
