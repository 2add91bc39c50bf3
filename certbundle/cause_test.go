package certbundle_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// TestErrorsOfTransports: what helps is kept of them, and no secret.
func TestErrorsOfTransports(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	op := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for name, c := range map[string]struct {
		err  error
		text string
		is   error // also in the chain, as are op and its kind
	}{
		"a URL's":          {&url.Error{Op: "Get", URL: link("x"), Err: &url.Error{Op: "Get", URL: link("y"), Err: op}}, ": dial tcp: connection refused", op},
		"wrapped":          {fmt.Errorf("for %s: %w", link("x"), op), `: for https://files.example.com/files/x?[REDACTED] dial tcp`, op},
		"wrapped URL's":    {fmt.Errorf("in vain: %w", &url.Error{Op: "Get", URL: link("x"), Err: op}), `: in vain: Get "https://files.example.com/files/x?[REDACTED]": dial tcp`, op},
		"joined":           {errors.Join(nil, errors.New("one"), op), ": one dial tcp", op},
		"with a signature": {fmt.Errorf("bad signature %s: %w", linkSignature, op), ": bad signature [REDACTED]: dial tcp", op},
		"with the query":   {fmt.Errorf("{%s}: %w", linkQuery, op), ": {[REDACTED]}: dial tcp", op},
		"of a proxy":       {fmt.Errorf("proxy http://me:hunter22@proxy.example:3128/: %w", op), ": proxy http://[REDACTED]@proxy.example:3128/: dial tcp", op},
		"not one line":     {fmt.Errorf("a\n\x1b[31mb\r\x00c: %w", op), ": a [31mb c: dial tcp", op},
		"not UTF-8":        {fmt.Errorf("a\xffb: %w", op), ": a\uFFFDb: dial tcp", op},
		"long":             {fmt.Errorf("%s: %w", strings.Repeat("ü", 5000), op), "üüü…", op},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){
					certbundle.CACertFile: func(*http.Request) (*http.Response, error) { return nil, c.err },
				}}
				_, err := certbundle.Fetch(t.Context(), id.result, s.client())
				requireSafe(t, err, "hunter22")
				require.Contains(t, err.Error(), "certbundle: ca.crt: download from "+linkHost)
				require.Contains(t, err.Error(), c.text)
				require.Less(t, len(err.Error()), 1200)
				require.NotContains(t, err.Error(), "\x1b")
				require.ErrorIs(t, err, c.is)
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				var found *net.OpError
				require.ErrorAs(t, err, &found)
				require.Same(t, op, found)
				var none *net.DNSError
				require.NotErrorAs(t, err, &none)
			})
		})
	}
}

// TestSignedQueryIsNeverShown, in whatever form it comes back.
func TestSignedQueryIsNeverShown(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	const signed = "https://" + linkHost + "/ca.crt?deadbeefcafe&Signature=c2VjcmV0%2Bc2lnbmF0dXJl%2Fw%3D%3D&k=abcdef0123456789&b=%ff%fe%fd%fc%41"
	for name, answers := range map[string]func(*http.Request) (*http.Response, error){
		"the host of a redirect": redirect("https://abcdef0123456789.example.com/x"),
		"hex digits in lower case": func(*http.Request) (*http.Response, error) {
			return nil, errors.New("bad c2VjcmV0%2bc2lnbmF0dXJl%2fw%3d%3d")
		},
		"encoded twice": func(*http.Request) (*http.Response, error) {
			return nil, errors.New("bad c2VjcmV0%252Bc2lnbmF0dXJl%252Fw%253D%253D")
		},
		"in the clear": func(*http.Request) (*http.Response, error) { return nil, errors.New("bad c2VjcmV0+c2lnbmF0dXJl/w==") },
		"bytes that are no text": func(*http.Request) (*http.Response, error) {
			return nil, errors.New("bad \xff\xfe\xfd\xfcA %FF%fe%FD%FC%41")
		},
		"a name without a value": func(*http.Request) (*http.Response, error) { return nil, errors.New("bad deadbeefcafe") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){certbundle.CACertFile: answers}}
				_, err := certbundle.Fetch(t.Context(), id.withLink(certbundle.CACertFile, signed), s.client())
				require.ErrorIs(t, err, certbundle.ErrDownload)
				require.ErrorContains(t, err, "[REDACTED]")
				text := strings.ToLower(err.Error())
				for _, secret := range []string{"deadbeefcafe", "c2vjcmv0", "abcdef0123456789", "%ff", "\xfd", "\uFFFD"} {
					require.NotContains(t, text, secret)
				}
			})
		})
	}
}
