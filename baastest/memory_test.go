package baastest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

func TestInMemoryServerInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		require.Equal(t, "http://127.0.0.1", srv.URL())

		srv.Inject(baastest.HangAfter(10 * time.Minute))
		start := time.Now()
		a := mustPost(t, srv, signed(t, srv))
		require.NotEmpty(t, a.result(t).PrivateKey)
		require.Equal(t, 10*time.Minute, time.Since(start))
		require.Equal(t, 200, last(srv).Status)
		require.Equal(t, start.UTC().Format(http.TimeFormat), a.header.Get("Date"), "headers are as of the request")

		synctest.Wait() // an idle server is durably blocked
	})
}

func TestNonceIsFreeAfterFifteenMinutesOfFakeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		send := func() string {
			v := application(t, srv, time.Now())
			v.Set("SignatureNonce", "n")
			v.Del("AntChainId")
			return mustPost(t, srv, sign(http.MethodPost, v, secretOf(t, srv))).refusal(t).Code
		}
		require.Equal(t, "MissingAntChainId", send())
		<-time.After(15 * time.Minute)
		require.Equal(t, "SignatureNonceUsed", send())
		<-time.After(time.Second)
		require.Equal(t, "MissingAntChainId", send())
	})
}

func TestCloseDuringAHangInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		srv.Inject(baastest.HangAfter(10 * time.Minute))
		start := time.Now()
		result := make(chan error)
		v := signed(t, srv)
		go func() {
			_, err := post(srv, v)
			result <- err
		}()
		synctest.Wait() // until the server hangs
		require.Equal(t, 1, srv.Issued())
		srv.Close()
		require.Error(t, <-result)
		require.Equal(t, start, time.Now(), "without waiting")
	})
}

func TestClientTimeoutDuringAHangInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		srv.Inject(baastest.HangAfter(10 * time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		target := srv.URL() + "/?" + signed(t, srv).Encode()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, http.NoBody)
		require.NoError(t, err)
		_, err = srv.HTTPClient().Do(req)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Zero(t, last(srv).Status)
		require.Equal(t, 1, srv.Issued())
	})
}

func TestResetInABubbleIsTheEndOfTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := baastest.NewServer(baastest.WithInMemory())
		defer srv.Close()
		srv.Inject(baastest.DropBefore(), baastest.DropAfter(), baastest.TruncateAfter(100))
		for range 3 {
			_, err := post(srv, signed(t, srv))
			require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
		}
		require.Equal(t, 2, srv.Issued())
		require.NotEmpty(t, apply(t, srv).PrivateKey)
	})
}

func TestInMemoryClientReachesNothingElse(t *testing.T) {
	t.Parallel()
	srv := newServer(t, baastest.WithInMemory())
	for _, target := range []string{"http://127.0.0.1:8080/", "http://localhost/", "https://127.0.0.1/"} {
		_, err := srv.HTTPClient().Get(target)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
	require.Empty(t, srv.Requests())
}

func TestInMemoryLinksLeadToTheServer(t *testing.T) {
	t.Parallel()
	srv := newServer(t, baastest.WithInMemory())
	links := apply(t, srv).DownloadPath
	require.Equal(t, 200, download(t, srv, links.TrustCaUrl).status)
}
