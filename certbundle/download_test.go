package certbundle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// networkError wraps what a transport may wrap: the URL with its query.
type networkError struct {
	url string
	err error
}

func (e *networkError) Error() string { return fmt.Sprintf("tried %q in vain: %v", e.url, e.err) }

func (e *networkError) Unwrap() error { return e.err }

func failing(err error) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return nil, &networkError{r.URL.String() + " aka " + r.URL.Query().Get("Signature"), err}
	}
}

// endingIn answers with a body that ends in an error.
func endingIn(body string, err error) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, _ := answer(http.StatusOK, "")(r)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), errReader{err}))
		resp.ContentLength = -1
		return resp, nil
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// endless is a body of 100 MB that counts what is read of it.
type endless struct{ read *atomic.Int64 }

func (e endless) Read(p []byte) (int, error) {
	if e.read.Add(int64(len(p))) > 100<<20 {
		return 0, io.EOF
	}
	return copy(p, bytes.Repeat([]byte("A"), len(p))), nil
}

func (e endless) answer(length int64) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, _ := answer(http.StatusOK, "")(r)
		resp.Body, resp.ContentLength = io.NopCloser(e), length
		return resp, nil
	}
}

// status replaces the status of an answer.
func status(code int, f func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := f(r)
		resp.StatusCode = code
		return resp, err
	}
}

func redirect(to string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, _ := answer(http.StatusFound, "")(r)
		resp.Header.Set("Location", to)
		return resp, nil
	}
}

// A downloadFault is what comes instead of ca.crt.
type downloadFault struct {
	instead  func(*http.Request) (*http.Response, error)
	is, also error
	text     string
	requests int
}

func networkFaults(id identity) map[string]downloadFault {
	ca, failed := id.files[certbundle.CACertFile], certbundle.ErrDownload
	reset := &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	return map[string]downloadFault{
		"reset":                     {failing(reset), failed, syscall.ECONNRESET, "reset", 2},
		"fault of the transport":    {failing(errors.New("no luck")), failed, nil, "no luck", 2},
		"timeout of the transport":  {failing(context.DeadlineExceeded), failed, nil, "deadline exceeded", 2},
		"canceled by the transport": {failing(context.Canceled), failed, nil, "canceled", 2},
		"cut-off body":              {endingIn(ca[:100], io.ErrUnexpectedEOF), failed, io.ErrUnexpectedEOF, "unexpected EOF", 2},
		"whole body, then a reset":  {endingIn(ca, reset), failed, syscall.ECONNRESET, "reset", 2},
	}
}

// expiredPage is what a storage service says, and it says too much.
const expiredPage = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code>` +
	`<Message>Request has expired.</Message><StringToSign>` + linkSignature + `</StringToSign></Error>`

func statusFaults() map[string]downloadFault {
	const hint = "the link has probably expired: fresh links come from Client.DescribeAntChainDownloadPaths"
	failed := certbundle.ErrDownload
	return map[string]downloadFault{
		"expired link":                  {answer(403, expiredPage), failed, nil, "status 403: " + hint, 1},
		"missing file":                  {answer(404, expiredPage), failed, nil, "status 404: " + hint, 1},
		"bad request":                   {answer(400, expiredPage), failed, nil, "status 400", 1},
		"accepted":                      {answer(202, ""), failed, nil, "status 202", 1},
		"no content":                    {answer(204, ""), failed, nil, "status 204", 1},
		"a part":                        {answer(206, "x"), failed, nil, "status 206", 1},
		"server error":                  {answer(503, expiredPage), failed, nil, "status 503", 2},
		"redirect":                      {redirect("http://other.example/login?" + linkQuery), failed, nil, `status 302: a redirect to "other.example", which is not followed`, 1},
		"redirect that is for good":     {status(http.StatusPermanentRedirect, redirect("http://other.example/")), failed, nil, `status 308: a redirect to "other.example"`, 1},
		"redirect to see":               {status(http.StatusSeeOther, redirect("http://other.example/")), failed, nil, `status 303: a redirect to "other.example"`, 1},
		"redirect to a host of 100 KiB": {redirect("http://" + strings.Repeat("a", 100<<10) + "/"), failed, nil, `a", which is not followed`, 1},
		"redirect to another path":      {redirect("/login?" + linkQuery), failed, nil, "status 302: a redirect to another page", 1},
		"redirect to nowhere":           {redirect("http://%zz/?" + linkQuery), failed, nil, "failed to parse Location header", 2},
	}
}

func contentFaults(id identity, body, announced endless) map[string]downloadFault {
	failed, wrong := certbundle.ErrDownload, certbundle.ErrMalformed
	return map[string]downloadFault{
		"100 MB":                   {announced.answer(100 << 20), failed, nil, "more than 1 MiB", 1},
		"100 MB of unknown length": {body.answer(-1), failed, nil, "more than 1 MiB", 1},
		"login page":               {answer(200, "\n<!DOCTYPE html><html><body>Log in "+linkSignature+"</body></html>"), wrong, nil, "an HTML page", 1},
		"error with status 200":    {answer(200, expiredPage), wrong, nil, "an XML document", 1},
		"some text":                {answer(200, "not found "+linkSignature), wrong, nil, "not PEM", 1},
		"nothing":                  {answer(200, ""), wrong, nil, "empty", 1},
		"the client's certificate": {answer(200, id.files[certbundle.ClientCertFile]), wrong, nil, "no certificate of a CA", 1},
		"the private key":          {answer(200, id.files[certbundle.ClientKeyFile]), wrong, nil, "not a certificate", 1},
		"the trust store":          {answer(200, id.files[certbundle.TrustStoreFile]), wrong, nil, "not PEM", 1},
	}
}

// TestDownloadFault: what goes wrong with one file, as Fetch and Save tell it.
func TestDownloadFault(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	body, announced := endless{new(atomic.Int64)}, endless{new(atomic.Int64)}
	t.Cleanup(func() {
		assert.Less(t, body.read.Load(), int64(8<<20), "of what turns out too large little is read")
		assert.Zero(t, announced.read.Load(), "and nothing of what says so before")
	})
	for _, faults := range []map[string]downloadFault{networkFaults(id), statusFaults(), contentFaults(id, body, announced)} {
		for name, f := range faults {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, f.test) // the pause between two tries takes no time
			})
		}
	}
}

func (f downloadFault) test(t *testing.T) {
	id := identities()[0]
	s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){certbundle.CACertFile: f.instead}}
	dir := t.TempDir()
	b, err := certbundle.Save(t.Context(), dir, id.result, s.client())
	requireSafe(t, err)
	require.ErrorIs(t, err, f.is)
	require.Equal(t, f.is == certbundle.ErrDownload, errors.Is(err, certbundle.ErrDownload))
	if f.also != nil {
		require.ErrorIs(t, err, f.also)
	}
	requireContextError(t, nil, err)
	require.True(t, strings.HasPrefix(err.Error(), "certbundle: ca.crt: download from "+linkHost+": "), "%v", err)
	require.Contains(t, err.Error(), f.text)
	require.NotContains(t, err.Error(), "\n", "only one file is at fault")
	require.Equal(t, f.requests, s.requested(certbundle.CACertFile))

	requireFiles(t, dir, id.without(certbundle.CACertFile))
	want := id.bundle()
	want.CACert = nil
	require.Equal(t, want, b, "what did arrive")

	b, errFetch := certbundle.Fetch(t.Context(), id.result, s.client())
	require.Equal(t, want, b)
	require.EqualError(t, errFetch, err.Error())
}

// TestDownloadThatWasTransformed: 203 is the 200 of a proxy that changed something,
// and what comes is checked as ever.
func TestDownloadThatWasTransformed(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){}}
	for _, name := range names {
		s.instead[name] = answer(http.StatusNonAuthoritativeInfo, id.files[name])
	}
	b, err := certbundle.Fetch(t.Context(), id.result, s.client())
	require.NoError(t, err)
	require.Equal(t, id.bundle(), b)
	require.Equal(t, 1, s.requested(certbundle.CACertFile))

	s.instead[certbundle.CACertFile] = answer(http.StatusNonAuthoritativeInfo, "<html>")
	_, err = certbundle.Fetch(t.Context(), id.result, s.client())
	requireFault(t, err, certbundle.ErrMalformed, certbundle.CACertFile)
}

func TestSecondTrySucceeds(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]baastest.Fault{
		"reset":        baastest.DropBefore(),
		"cut-off body": baastest.TruncateAfter(100),
		"server error": baastest.Throttle(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := baastest.NewServer(baastest.WithInMemory())
				defer srv.Close()
				result := applied(t, srv)
				srv.InjectDownload(fault, fault, fault)
				b, err := certbundle.Fetch(t.Context(), result, certbundle.WithHTTPClient(srv.HTTPClient()))
				require.NoError(t, err)
				require.NotEmpty(t, b.ClientCert)

				for range 12 { // net/http itself uses up some, when a connection that was in use before is reset
					srv.InjectDownload(fault)
				}
				b, err = certbundle.Fetch(t.Context(), result, certbundle.WithHTTPClient(srv.HTTPClient()))
				require.ErrorIs(t, err, certbundle.ErrDownload, "there is no third")
				require.Len(t, strings.Split(err.Error(), "\n"), 3, "all three are named")
				require.Equal(t, &certbundle.Bundle{PrivateKey: []byte(result.PrivateKey)}, b)
			})
		})
	}
}
