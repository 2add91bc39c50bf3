package certbundle_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// silent are ways in which a server holds up a download.
var silent = map[string]func(*http.Request) (*http.Response, error){
	"no reply": func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	},
	"a byte a second": func(r *http.Request) (*http.Response, error) {
		resp, _ := answer(http.StatusOK, "")(r)
		resp.Body, resp.ContentLength = io.NopCloser(&tricklingReader{r.Context()}), -1
		return resp, nil
	},
}

// TestTimeouts: no server can hold up a download for more than a minute, and
// only the caller's context is matched.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for kind, hang := range silent {
		run := func(name string, f func(t *testing.T, s *storage)) {
			t.Run(kind+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					f(t, &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){certbundle.CACertFile: hang}})
				})
			})
		}
		run("", func(t *testing.T, s *storage) {
			start := time.Now()
			_, err := certbundle.Fetch(t.Context(), id.result, s.client())
			require.ErrorIs(t, err, certbundle.ErrDownload)
			require.Contains(t, err.Error(), "took too long")
			requireContextError(t, nil, err)
			require.LessOrEqual(t, time.Since(start), time.Minute)
			require.Equal(t, 2, s.requested(certbundle.CACertFile))
		})
		run(" until the context is canceled", func(t *testing.T, s *storage) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err := certbundle.Fetch(ctx, id.result, s.client())
			require.ErrorIs(t, err, certbundle.ErrDownload)
			requireContextError(t, context.Canceled, err)
			requireSafe(t, err)
			require.Equal(t, time.Second, time.Since(start), "at once")
			require.Equal(t, 1, s.requested(certbundle.CACertFile))
		})
		run(" until the context's deadline", func(t *testing.T, s *storage) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := certbundle.Fetch(ctx, id.result, s.client())
			requireContextError(t, context.DeadlineExceeded, err)
		})
		run(" until the client's own timeout", func(t *testing.T, s *storage) {
			start := time.Now()
			_, err := certbundle.Fetch(t.Context(), id.result, certbundle.WithHTTPClient(&http.Client{Transport: s, Timeout: time.Second}))
			require.ErrorIs(t, err, certbundle.ErrDownload)
			requireContextError(t, nil, err)
			require.Less(t, time.Since(start), 3*time.Second)
		})
	}
}

func TestCancelInThePause(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){certbundle.CACertFile: answer(500, "")}}
		time.AfterFunc(time.Millisecond, cancel)
		start := time.Now()
		_, err := certbundle.Fetch(ctx, id.result, s.client())
		requireContextError(t, context.Canceled, err)
		require.Equal(t, time.Millisecond, time.Since(start))
		require.Equal(t, 1, s.requested(certbundle.CACertFile))
	})
}

type tricklingReader struct{ ctx context.Context }

func (r *tricklingReader) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = 'A'
		return 1, nil
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

// TestAtOnce: no file waits for another.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	synctest.Test(t, func(t *testing.T) {
		slow := map[string]func(*http.Request) (*http.Response, error){}
		for _, name := range downloaded {
			slow[name] = func(r *http.Request) (*http.Response, error) {
				time.Sleep(10 * time.Second) // of the bubble
				return answer(http.StatusOK, id.files[name])(r)
			}
		}
		start := time.Now()
		_, err := certbundle.Fetch(t.Context(), id.result, (&storage{instead: slow}).client())
		require.NoError(t, err)
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

// TestCancelWhileConnecting: a connection that is still being made does not
// outlive Fetch for long, which the leak check at the end would see.
func TestCancelWhileConnecting(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := listener.Accept() // and never a word of TLS
		cancel()
		if err == nil {
			_, _ = io.Copy(io.Discard, conn) // until the other side closes it
			_ = conn.Close()
		}
	}()
	_, err = certbundle.Fetch(ctx, baas.CertificateResult{DownloadPath: baas.DownloadPath{
		CACrtURL: "https://" + listener.Addr().String() + "/ca.crt",
	}})
	requireContextError(t, context.Canceled, err)
}

// TestRefusalAsTheContextEnds: what the server has said is the reason, not what
// happened meanwhile.
func TestRefusalAsTheContextEnds(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){
		certbundle.CACertFile: func(r *http.Request) (*http.Response, error) {
			cancel()
			return answer(http.StatusForbidden, "")(r)
		},
	}}
	_, err := certbundle.Fetch(ctx, id.withoutKey(), s.client())
	require.ErrorContains(t, err, "ca.crt: download from "+linkHost+": status 403")
}
