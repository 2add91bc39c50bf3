package baas_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// stamps keeps what a call has journaled.
type stamps struct {
	all []baas.Stamp
	err error // of the next record
}

func (s *stamps) record(_ context.Context, stamp baas.Stamp) error {
	s.all = append(s.all, stamp)
	return s.err
}

// applyWith makes a call with options.
func (w world) applyWith(ctx context.Context, opts ...baas.CallOption) (*baas.ApplyAntChainCertificateWithKeyAutoCreationResponse, error) {
	return w.client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest(), opts...)
}

// learnTime lets the client know the gateway's time, from whatever it answers.
func (w world) learnTime(t *testing.T) {
	t.Helper()
	var api *baas.APIError
	if err := w.client.Do(t.Context(), describe, nil); err != nil {
		require.ErrorAs(t, err, &api)
	}
}

// applications lists the requests for a certificate, without those that learn
// the time.
func (w world) applications() []baastest.Request {
	var list []baastest.Request
	for _, r := range w.server.Requests() {
		if common(r, "Action") == actionApply {
			list = append(list, r)
		}
	}
	return list
}

func TestJournal(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) { testJournal(t, version) })
	}
}

func testJournal(t *testing.T, version baas.SignatureVersion) {
	signing := baas.WithSignatureVersion(version)
	inBubble := func(t *testing.T, test func(*testing.T, world)) { inBubble(t, test, signing) }
	t.Run("it is called before the first message, with what is sent", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			journal := &stamps{}
			_, err := w.applyWith(t.Context(), baas.WithJournal(func(ctx context.Context, s baas.Stamp) error {
				require.Empty(t, w.applications())
				return journal.record(ctx, s)
			}))
			require.NoError(t, err)
			require.Len(t, journal.all, 1)
			sent := w.applications()[0]
			require.Equal(t, common(sent, "SignatureNonce"), journal.all[0].Nonce)
			require.Equal(t, common(sent, "Timestamp"), journal.all[0].Time.Format(time.RFC3339))
			require.Len(t, journal.all[0].Digest, 64)
		})
	})
	t.Run("and before each with a fresh nonce, not before a resend", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			journal := &stamps{}
			w.learnTime(t)
			w.server.Inject(baastest.Throttle(), baastest.DropBefore())
			_, err := w.applyWith(t.Context(), baas.WithJournal(journal.record))
			require.NoError(t, err)
			require.Len(t, w.applications(), 3)
			require.Len(t, journal.all, 2)
			require.NotEqual(t, journal.all[0].Nonce, journal.all[1].Nonce)
		})
	})
	t.Run("if it fails, nothing is sent and the call ends in its error", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			full := errors.New("disk full: " + password)
			_, err := w.applyWith(t.Context(), baas.WithJournal((&stamps{err: full}).record))
			require.ErrorIs(t, err, full)
			require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.ErrorContains(t, err, "baas: "+actionApply+": the journal failed, so nothing was sent: disk full")
			requireNoSecret(t, err.Error())
			require.Empty(t, w.applications())
		})
	})
	t.Run("a timeout of the journal is not the caller's", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			_, err := w.applyWith(t.Context(), baas.WithJournal((&stamps{err: context.DeadlineExceeded}).record))
			require.Error(t, err)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
		})
	})
	t.Run("one that takes longer than the resend window sends nothing", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			_, err := w.applyWith(t.Context(), baas.WithJournal(func(context.Context, baas.Stamp) error {
				time.Sleep(5*time.Minute + time.Second) // of the bubble
				return nil
			}))
			require.ErrorContains(t, err, "the journal took longer than 5m0s, so nothing was sent")
			require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.Empty(t, w.applications())
		})
	})
	t.Run("it runs outside the attempt timeout", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			_, err := w.applyWith(t.Context(), baas.WithJournal(func(context.Context, baas.Stamp) error {
				time.Sleep(4 * time.Minute) // of the bubble
				return nil
			}))
			require.NoError(t, err)
		})
	})
	t.Run("a client that knows no time asks first, with a read-only request", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			journal := &stamps{}
			for range 2 {
				_, err := w.applyWith(t.Context(), baas.WithJournal(journal.record))
				require.NoError(t, err)
			}
			require.Len(t, w.server.Requests(), 3)
			require.True(t, strings.HasPrefix(common(w.server.Requests()[0], "Action"), "Describe"))
		})
	})
	t.Run("if the time cannot be had, nothing is journaled", func(t *testing.T) {
		client := newClient(t, roundTripper(unread), signing)
		journal := &stamps{}
		_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithJournal(journal.record))
		require.ErrorIs(t, err, baas.ErrUnavailable)
		require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
		require.Empty(t, journal.all)
	})
	t.Run("a Timestamp is never ahead of the gateway's clock", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			const behind = 10 * time.Minute
			server := baastest.NewServer(baastest.WithInMemory(), baastest.WithClock(func() time.Time { return time.Now().Add(-behind) }))
			defer server.Close()
			journal := &stamps{}
			client := server.Client(signing)
			for range 2 {
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithJournal(journal.record))
				require.NoError(t, err)
				time.Sleep(time.Hour) // of the bubble
			}
			for i, s := range journal.all {
				sent := time.Now().Add(-behind - time.Duration(2-i)*time.Hour)
				require.False(t, s.Time.After(sent), "%v, and it was %v", s.Time, sent)
				require.WithinDuration(t, sent, s.Time, 5*time.Second)
			}
		})
	})
}

func TestResume(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) { testResume(t, version) })
	}
}

func testResume(t *testing.T, version baas.SignatureVersion) {
	signing := baas.WithSignatureVersion(version)
	inBubble := func(t *testing.T, test func(*testing.T, world)) { inBubble(t, test, signing) }
	// inDoubt leaves a call in doubt, with its stamp.
	inDoubt := func(t *testing.T, w world, fault baastest.Fault) baas.Stamp {
		t.Helper()
		w.client = w.server.Client(signing, baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1})) // it crashes then
		w.learnTime(t)
		journal := &stamps{}
		w.server.Inject(fault)
		_, err := w.applyWith(t.Context(), baas.WithJournal(journal.record))
		require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
		stamp, err := json.Marshal(journal.all[0])
		require.NoError(t, err)
		var s baas.Stamp
		require.NoError(t, json.Unmarshal(stamp, &s))
		require.Equal(t, journal.all[0], s, "a stamp survives JSON")
		return s
	}
	t.Run("an earlier copy has arrived", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropAfter())
			_, err := w.applyWith(t.Context(), baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonNonceUsed, stamp)
			require.Equal(t, 1, w.server.Issued())
		})
	})
	t.Run("in doubt from the start: throttled, the same bytes follow", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropBefore())
			w.server.Inject(baastest.Throttle())
			_, err := w.applyWith(t.Context(), baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonNonceUsed, stamp)
		})
	})
	t.Run("in doubt from the start: a refusal does not end the doubt", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropBefore())
			w.server.Inject(baastest.Refuse(403, "Forbidden.RAM", "m"))
			_, err := w.applyWith(t.Context(), baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonRefused, stamp)
		})
	})
	t.Run("nothing is journaled", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropBefore())
			journal := &stamps{}
			_, err := w.applyWith(t.Context(), baas.WithResume(stamp), baas.WithJournal(journal.record))
			require.NoError(t, err)
			require.Empty(t, journal.all)
		})
	})
	t.Run("never after its time", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropBefore())
			sent := len(w.applications())
			time.Sleep(5*time.Minute + 2*time.Second) // of the bubble
			_, err := w.applyWith(t.Context(), baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonStampTooOld, stamp)
			require.Len(t, w.applications(), sent)
		})
	})
	t.Run("never from the future", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropBefore())
			sent := len(w.applications())
			baas.WithClock(func() (time.Time, time.Duration) { return time.Now().Add(-2 * time.Minute), 0 })(w.client)
			_, err := w.applyWith(t.Context(), baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonStampInFuture, stamp)
			require.Len(t, w.applications(), sent)
		})
	})
	t.Run("other bytes are never sent", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropBefore())
			sent := len(w.applications())
			for name, client := range map[string]*baas.Client{
				"credentials":       w.server.Client(signing, baas.WithAccessKey("other", "secret")),
				"secret":            w.server.Client(signing, baas.WithAccessKey(accessKeyID(t, w.server), "secret")),
				"endpoint":          w.server.Client(signing, baas.WithEndpoint("https://other.example")),
				"signature version": w.server.Client(baas.WithSignatureVersion(baas.SignatureV3 - version)),
				"parameters' place": w.server.Client(signing, baas.WithParamsInQuery()),
				"region":            w.server.Client(signing, baas.WithRegion("cn-beijing"), baas.WithEndpoint(w.server.URL())),
			} {
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithResume(stamp))
				t.Log(name)
				requireUnknown(t, err, baas.ReasonNotRepeatable, stamp)
			}
			req := newRequest()
			req.CommonName = "other"
			_, err := w.client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), req, baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonNotRepeatable, stamp)
			require.Len(t, w.applications(), sent)
		})
	})
	t.Run("whatever keeps it from being sent, the outcome stays unknown", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w world) {
			stamp := inDoubt(t, w, baastest.DropBefore())
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := w.applyWith(ctx, baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonPreparationFailed, stamp)
			require.ErrorIs(t, err, context.Canceled)

			_, err = w.client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), nil, baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonNotRepeatable, stamp)

			unreachable := w.server.Client(signing, baas.WithHTTPClient(&http.Client{Transport: roundTripper(unread)}))
			_, err = unreachable.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithResume(stamp))
			requireUnknown(t, err, baas.ReasonNotSent, stamp)

			_, err = w.applyWith(t.Context(), baas.WithResume(baas.Stamp{}))
			requireUnknown(t, err, baas.ReasonStampTooOld, baas.Stamp{})
		})
	})
}

func requireUnknown(t *testing.T, err error, reason baas.Reason, s baas.Stamp) {
	t.Helper()
	var unknown *baas.OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Equal(t, reason, unknown.Reason)
	require.Equal(t, s.Nonce, unknown.SignatureNonce)
	require.Contains(t, err.Error(), "baas: "+actionApply+": outcome unknown")
}

func accessKeyID(t *testing.T, server *baastest.Server) string {
	t.Helper()
	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	return *model.AccessKeyId
}

// TestStampOptionsOfReadOnlyCalls: what changes nothing needs none of it.
func TestStampOptionsOfReadOnlyCalls(t *testing.T) {
	t.Parallel()
	client := newClient(t, answering(200, flatChains))
	for name, opt := range map[string]baas.CallOption{
		"WithJournal": baas.WithJournal((&stamps{}).record), "WithResume": baas.WithResume(baas.Stamp{}),
	} {
		err := client.Do(t.Context(), describe, nil, opt)
		require.ErrorIs(t, err, baas.ErrInvalidRequest)
		require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
		require.ErrorContains(t, err, name+" is for calls that change something")
	}
	require.NoError(t, client.Do(t.Context(), describe, nil, nil), "nil options are skipped")
	err := client.Do(t.Context(), baas.Operation{Action: "A", Params: url.Values{}}, nil, baas.WithJournal(nil))
	require.ErrorIs(t, err, baas.ErrInvalidRequest)
}
