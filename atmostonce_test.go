package baas_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// A world is one server and one client in a bubble: time in it passes only
// while all wait.
type world struct {
	server *baastest.Server
	client *baas.Client
}

// inBubble runs test with a server in memory.
func inBubble(t *testing.T, test func(t *testing.T, w world), opts ...baas.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := baastest.NewServer(baastest.WithInMemory())
		defer server.Close()
		test(t, world{server, server.Client(opts...)})
	})
}

func (w world) apply(ctx context.Context) (*baas.ApplyAntChainCertificateWithKeyAutoCreationResponse, error) {
	return w.client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest())
}

// nonces lists the nonces of the requests that the server saw.
func (w world) nonces() []string {
	var list []string
	for _, r := range w.server.Requests() {
		list = append(list, common(r, "SignatureNonce"))
	}
	return list
}

func redirect() baastest.Fault {
	return baastest.Respond(http.RedirectHandler("https://elsewhere.example/?a=b", http.StatusTemporaryRedirect))
}

// reply answers with status and body.
func reply(status int, body string) baastest.Fault {
	return baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

// oldClock refuses the timestamp with a Date that far away.
func oldClock(off time.Duration) baastest.Fault {
	return baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"RequestId":"R","Code":"InvalidTimeStamp.Expired","Message":"m"}`)
	}))
}

// doubtful brings a call in doubt: the certificate is issued and the reply
// lost.
var doubtful = baastest.DropAfter

// TestAtMostOnceTable has a test for every cell of the table but those of the
// first row, which are in TestNotSent, under both versions of the signature.
func TestAtMostOnceTable(t *testing.T) {
	t.Parallel()
	const (
		ok      = "key"
		unknown = "unknown"
	)
	for _, c := range []struct {
		name   string
		faults []baastest.Fault
		want   string // ok, unknown, or the code of the refusal
		sent   int
		issued int
		same   bool // every attempt sends the same bytes
	}{
		{"no fault", nil, ok, 1, 1, true},

		{"throttled, not in doubt", []baastest.Fault{baastest.Throttle()}, ok, 2, 1, false},
		{"throttled with any status, not in doubt", []baastest.Fault{baastest.Refuse(503, "Throttling", "m")}, ok, 2, 1, false},
		{"throttled, in doubt", []baastest.Fault{baastest.DropBefore(), baastest.Throttle()}, unknown, 3, 0, true},
		{"throttled until the end", throttles(4), "Throttling.User", 4, 0, false},
		{"throttled until the end, in doubt", append([]baastest.Fault{doubtful()}, throttles(3)...), unknown, 4, 1, true},

		{"timestamp expired, not in doubt", []baastest.Fault{oldClock(20 * time.Minute)}, "InvalidTimeStamp.Expired", 2, 0, false},
		{"timestamp expired, in doubt", []baastest.Fault{doubtful(), oldClock(20 * time.Minute)}, unknown, 2, 1, true},

		{"nonce used, not in doubt", []baastest.Fault{baastest.Refuse(400, "SignatureNonceUsed", "m")}, unknown, 1, 0, true},
		{"nonce used, in doubt", []baastest.Fault{doubtful()}, unknown, 2, 1, true},

		{"reset before the gateway looked", []baastest.Fault{baastest.DropBefore()}, ok, 2, 1, true},
		{"reset, not in doubt", []baastest.Fault{baastest.DropAfter()}, unknown, 2, 1, true},
		{"reset, in doubt", []baastest.Fault{baastest.DropAfter(), baastest.DropAfter()}, unknown, 2, 1, true},
		{"resets until the end", []baastest.Fault{
			baastest.DropBefore(), baastest.DropBefore(), baastest.DropBefore(), baastest.DropBefore(),
		}, unknown, 4, 0, true},
		{"timeout, not in doubt", []baastest.Fault{baastest.HangAfter(time.Hour)}, unknown, 2, 1, true},
		{"timeout, in doubt", []baastest.Fault{baastest.DropBefore(), baastest.HangAfter(time.Hour)}, unknown, 3, 1, true},
		{"slow issue within the attempt's time", []baastest.Fault{baastest.HangAfter(89 * time.Second)}, ok, 1, 1, true},
		{"cut-off without a key, not in doubt", []baastest.Fault{baastest.TruncateAfter(200)}, unknown, 2, 1, true},
		{"cut-off without a key, in doubt", []baastest.Fault{baastest.DropBefore(), baastest.TruncateAfter(200)}, unknown, 3, 1, true},
		{"5xx, not in doubt", []baastest.Fault{baastest.ServerErrorAfter(500)}, unknown, 2, 1, true},
		{"5xx, in doubt", []baastest.Fault{baastest.DropBefore(), baastest.ServerErrorAfter(502)}, unknown, 3, 1, true},
		{"5xx that was not carried out", []baastest.Fault{reply(503, "busy")}, ok, 2, 1, true},
		{"5xx by its code", []baastest.Fault{reply(200, `{"requestId":"R","successResponse":false,"code":"500"}`)}, ok, 2, 1, true},
		{"5xx by its code, in a 400", []baastest.Fault{reply(400, `{"RequestId":"R","Code":"RequestTimeout"}`)}, ok, 2, 1, true},

		{"any other refusal, not in doubt", []baastest.Fault{baastest.Refuse(403, "Forbidden.RAM", "m")}, "Forbidden.RAM", 1, 0, true},
		{"any other refusal, in doubt", []baastest.Fault{doubtful(), baastest.Refuse(403, "Forbidden.RAM", "m")}, unknown, 2, 1, true},
		{"a refusal in a 200", []baastest.Fault{reply(200, `{"requestId":"R","successResponse":false,"code":"NotFound"}`)}, "NotFound", 1, 0, true},
		{"a refusal in a 200 of V2", []baastest.Fault{reply(200, `{"RequestId":"R","Success":false,"Code":"NotFound"}`)}, "NotFound", 1, 0, true},
		{"a code that is not recognized", []baastest.Fault{reply(400, `{"RequestId":"R","Code":"BizError"}`)}, unknown, 1, 0, true},
		{"a code that is not recognized, in a 200", []baastest.Fault{reply(200, `{"requestId":"R","successResponse":false,"code":"C"}`)}, unknown, 1, 0, true},
		{"a failure without a code", []baastest.Fault{reply(200, `{"requestId":"R","successResponse":false}`)}, unknown, 1, 0, true},
		{"a failure without a request ID", []baastest.Fault{reply(200, `{"successResponse":false,"code":"C"}`)}, unknown, 1, 0, true},

		{"accepted, then connection reset, twice", []baastest.Fault{baastest.DropAfter(), baastest.DropAfter()}, unknown, 2, 1, true},
		{"accepted, then silence, twice", []baastest.Fault{baastest.HangAfter(time.Hour), baastest.HangAfter(time.Hour)}, unknown, 2, 1, true},
		{"accepted, then HTTP 500, twice", []baastest.Fault{baastest.ServerErrorAfter(500), baastest.ServerErrorAfter(500)}, unknown, 2, 1, true},

		{"a failure in data, 5xx by its code", []baastest.Fault{reply(200,
			`{"successResponse":true,"requestId":"r","code":"200","data":{"Success":false,"Code":"SYSTEM_ERROR"}}`)}, ok, 2, 1, true},
		{"a failure of V2, 5xx by its HttpStatusCode", []baastest.Fault{reply(200,
			`{"RequestId":"r","HttpStatusCode":"500","Success":false,"Code":"BizError"}`)}, ok, 2, 1, true},
		{"a failure of V2, 5xx by its ResultCode", []baastest.Fault{reply(200,
			`{"RequestId":"r","Success":false,"Code":"BizError","ResultCode":"InternalError"}`)}, ok, 2, 1, true},
		{"two codes, one of them 5xx", []baastest.Fault{reply(400, `{"RequestId":"r","Code":"C","code":"InternalError"}`)}, ok, 2, 1, true},
		{"a failure of V2, by its ResultCode", []baastest.Fault{reply(200,
			`{"RequestId":"r","Success":false,"Code":"OK","ResultCode":"CHAIN_NOT_EXIST"}`)}, "CHAIN_NOT_EXIST", 1, 0, true},
		{"a failure with a code of success", []baastest.Fault{reply(200, `{"successResponse":false,"requestId":"r","code":"200"}`)}, unknown, 1, 0, true},
		{"a failure in a 202", []baastest.Fault{reply(202, `{"successResponse":false,"requestId":"r","code":"C"}`)}, unknown, 1, 0, true},
		{"a malformed timestamp", []baastest.Fault{baastest.Refuse(400, "InvalidTimeStamp.Format", "m")}, "InvalidTimeStamp.Format", 1, 0, true},

		{"3xx, not in doubt", []baastest.Fault{redirect()}, unknown, 1, 0, true},
		{"3xx, in doubt", []baastest.Fault{doubtful(), redirect()}, unknown, 2, 1, true},
		{"4xx that is no refusal", []baastest.Fault{reply(403, "<html>go away</html>")}, unknown, 1, 0, true},
		{"408 without a refusal's JSON", []baastest.Fault{reply(408, "")}, ok, 2, 1, true},
		{"421 without a refusal's JSON", []baastest.Fault{reply(421, "<html>")}, ok, 2, 1, true},
		{"425 without a refusal's JSON", []baastest.Fault{reply(425, "{}")}, ok, 2, 1, true},
		{"429 without a refusal's JSON", []baastest.Fault{reply(429, "<html>slow down</html>")}, ok, 2, 1, true},
		{"429 with a refusal's JSON", []baastest.Fault{reply(429, `{"RequestId":"R","Code":"QuotaExceeded"}`)}, "QuotaExceeded", 1, 0, true},
		{"4xx that is no refusal, in doubt", []baastest.Fault{doubtful(), reply(404, "{}")}, unknown, 2, 1, true},
		{"2xx that is neither key nor refusal", []baastest.Fault{reply(200, "{}")}, unknown, 1, 0, true},
		{"2xx that is neither key nor refusal, in doubt", []baastest.Fault{doubtful(), reply(202, "{}")}, unknown, 2, 1, true},
		{"2xx with a refusal's body", []baastest.Fault{reply(202, `{"RequestId":"R","Code":"Forbidden"}`)}, unknown, 1, 0, true},
		{"a protocol switch", []baastest.Fault{reply(101, "")}, unknown, 1, 0, true},
	} {
		for name, version := range versions {
			t.Run(c.name+", "+name, func(t *testing.T) {
				t.Parallel()
				inBubble(t, func(t *testing.T, w world) {
					w.server.Inject(c.faults...)
					resp, err := w.apply(t.Context())
					require.Equal(t, c.issued, w.server.Issued(), "certificates issued: %v", err)
					require.Len(t, w.nonces(), c.sent, "attempts: %v", err)
					require.Equal(t, c.same, len(distinct(w.nonces())) <= 1, "nonces %v", w.nonces())
					requireEnd(t, c.want, c.sent, resp, err)
				}, baas.WithSignatureVersion(version))
			})
		}
	}
}

func throttles(n int) []baastest.Fault {
	list := make([]baastest.Fault, n)
	for i := range list {
		list[i] = baastest.Throttle()
	}
	return list
}

// requireEnd asserts how a call ended: "key", "unknown", or with the code of a
// refusal.
func requireEnd(
	t *testing.T, want string, attempts int, resp *baas.ApplyAntChainCertificateWithKeyAutoCreationResponse, err error,
) {
	t.Helper()
	switch want {
	case "key":
		require.NoError(t, err)
		require.Contains(t, resp.Result.PrivateKey, "-----END ENCRYPTED PRIVATE KEY-----\n")
	case "unknown":
		require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
		for _, kind := range []error{
			baas.ErrThrottled, baas.ErrUnavailable, baas.ErrForbidden, baas.ErrUnauthenticated, context.Canceled,
			context.DeadlineExceeded, baas.ErrCredentials, baas.ErrInvalidRequest,
		} {
			require.NotErrorIs(t, err, kind)
		}
		var unknown *baas.OutcomeUnknownError
		require.ErrorAs(t, err, &unknown)
		require.Equal(t, attempts, unknown.Attempts)
		require.Equal(t, actionApply, unknown.Action)
		require.NotEmpty(t, unknown.SignatureNonce)
		require.Error(t, unknown.Err)
	default:
		require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
		var api *baas.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, want, api.Code)
		require.NotEmpty(t, api.RequestID)
	}
	if err != nil {
		require.Nil(t, resp)
		require.True(t, strings.HasPrefix(err.Error(), "baas: "+actionApply+": "), err.Error())
	}
}

func distinct(list []string) map[string]bool {
	set := make(map[string]bool)
	for _, s := range list {
		set[s] = true
	}
	return set
}

// TestContextEnds asserts what the error matches when the caller's context
// ends a call at various points.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	t.Run("before the first attempt", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := w.apply(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.Empty(t, w.nonces())
		})
	})
	t.Run("while waiting after a refusal: the last error is kept", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			w.server.Inject(throttles(1)...)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := w.apply(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, baas.ErrThrottled)
			require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.Zero(t, w.server.Issued())
		}, baas.WithRetryPolicy(baas.RetryPolicy{}))
	})
	t.Run("while waiting in doubt", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			w.server.Inject(baastest.DropAfter())
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := w.apply(ctx)
			require.Equal(t, 300*time.Millisecond, time.Since(start))
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 1, w.server.Issued())
		}, baas.WithRetryPolicy(baas.RetryPolicy{}))
	})
	t.Run("while waiting for the reply", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, w world) {
			w.server.Inject(baastest.HangAfter(time.Hour))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := w.apply(ctx)
			require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, context.Canceled)
			var unknown *baas.OutcomeUnknownError
			require.ErrorAs(t, err, &unknown)
			require.ErrorIs(t, unknown.Err, context.DeadlineExceeded)
		})
	})
}

// TestAttemptTimeout: a timeout of the transport's or the attempt's own is not
// the end of the caller's context.
func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]baas.Option{
		"90 s by default": nil,
		"as given":        {baas.WithAttemptTimeout(5 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w world) {
				w.server.Inject(baastest.HangAfter(time.Hour))
				start := time.Now()
				_, err := w.apply(t.Context())
				want := 90 * time.Second
				if opts != nil {
					want = 5 * time.Second
				}
				require.InDelta(t, want, time.Since(start), float64(10*time.Millisecond))
				requireEnd(t, "unknown", 1, nil, err)
				var timeout interface{ Timeout() bool }
				require.True(t, errors.As(err, &timeout) && timeout.Timeout())
			}, append(opts, baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))...)
		})
	}
}

// TestMaxAttemptsOne sends once, whatever happens.
func TestMaxAttemptsOne(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]baastest.Fault{
		"throttled": baastest.Throttle(), "reset": baastest.DropBefore(), "clock": oldClock(20 * time.Minute),
		"5xx": baastest.ServerErrorAfter(500),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w world) {
				w.server.Inject(fault)
				_, err := w.apply(t.Context())
				require.Error(t, err)
				require.Len(t, w.nonces(), 1)
			}, baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
		})
	}
}
