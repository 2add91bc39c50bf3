package certbundle_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// TestLinkRequested asserts what is requested for a link.
func TestLinkRequested(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	insecure := certbundle.WithInsecureHTTP()
	for name, c := range map[string]struct {
		link, want string
		opts       []certbundle.Option
	}{
		"https stays":                            {link: "https://h.example/ca.crt?a=b%2Fc", want: "https://h.example/ca.crt?a=b%2Fc"},
		"http becomes https":                     {link: "http://h.example/ca.crt?a=b%2Fc", want: "https://h.example/ca.crt?a=b%2Fc"},
		"HTTP becomes https":                     {link: "HTTP://h.example/ca.crt", want: "https://h.example/ca.crt"},
		"the path stays as it was signed":        {link: "http://h.example/a%2Fb/ca.crt?x", want: "https://h.example/a%2Fb/ca.crt?x"},
		"port 80 is dropped":                     {link: "http://h.example:80/ca.crt", want: "https://h.example/ca.crt"},
		"port 80 after IPv6 is dropped":          {link: "http://[2001:db8::1]:80/ca.crt", want: "https://[2001:db8::1]/ca.crt"},
		"another port stays":                     {link: "http://h.example:8080/ca.crt", want: "https://h.example:8080/ca.crt"},
		"a port that ends in 80 stays":           {link: "http://h.example:1080/ca.crt", want: "https://h.example:1080/ca.crt"},
		"port 80 of https stays":                 {link: "https://h.example:80/ca.crt", want: "https://h.example:80/ca.crt"},
		"loopback IPv4 keeps http":               {link: "http://127.0.0.1:80/ca.crt", want: "http://127.0.0.1:80/ca.crt"},
		"any loopback IPv4 keeps http":           {link: "http://127.9.8.7/ca.crt", want: "http://127.9.8.7/ca.crt"},
		"loopback IPv6 keeps http":               {link: "http://[::1]:8080/ca.crt", want: "http://[::1]:8080/ca.crt"},
		"mapped loopback keeps http":             {link: "http://[::ffff:127.0.0.1]/ca.crt", want: "http://[::ffff:127.0.0.1]/ca.crt"},
		"loopback keeps https":                   {link: "https://127.0.0.1/ca.crt", want: "https://127.0.0.1/ca.crt"},
		"localhost is a name like any other":     {link: "http://localhost/ca.crt", want: "https://localhost/ca.crt"},
		"a name that begins like loopback":       {link: "http://127.0.0.1.h.example/ca.crt", want: "https://127.0.0.1.h.example/ca.crt"},
		"WithInsecureHTTP keeps http":            {link: "http://h.example:80/ca.crt", want: "http://h.example:80/ca.crt", opts: []certbundle.Option{insecure}},
		"WithInsecureHTTP keeps https":           {link: "https://h.example/ca.crt", want: "https://h.example/ca.crt", opts: []certbundle.Option{insecure}},
		"WithInsecureHTTP beside a nil option":   {link: "http://h.example/ca.crt", want: "http://h.example/ca.crt", opts: []certbundle.Option{nil, insecure, nil}},
		"a fragment is not the server's concern": {link: "https://h.example/ca.crt#x", want: "https://h.example/ca.crt#x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &storage{files: id.files}
			_, err := certbundle.Fetch(t.Context(), id.withLink(certbundle.CACertFile, c.link), append(c.opts, s.client())...)
			require.NoError(t, err)
			var got []string
			for _, r := range s.requests {
				assert.Equal(t, http.MethodGet, r.Method)
				if strings.HasSuffix(r.URL.Path, certbundle.CACertFile) {
					got = append(got, r.URL.String())
				}
			}
			require.Equal(t, []string{c.want}, got)
		})
	}
}

// TestLinkRefused: nothing is requested.
func TestLinkRefused(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for name, c := range map[string]struct{ link, text string }{
		"empty":          {"", "DescribeAntChainDownloadPaths"},
		"user info":      {"https://user:hunter22@h.example/ca.crt?" + linkQuery, "h.example, holds a user name"},
		"user name":      {"https://hunter22@h.example/ca.crt?" + linkQuery, "h.example, holds a user name"},
		"empty user":     {"https://@h.example/ca.crt?" + linkQuery, "h.example, holds a user name"},
		"ftp":            {"ftp://h.example/ca.crt?" + linkQuery, "h.example, is neither https nor http"},
		"file":           {"file:///hunter22/ca.crt?" + linkQuery, "no host"},
		"no scheme":      {"//h.example/hunter22?" + linkQuery, "h.example, is neither https nor http"},
		"a path":         {"hunter22/ca.crt?" + linkQuery, "no host"},
		"opaque":         {"https:hunter22?" + linkQuery, "no host"},
		"no host":        {"https://:443/hunter22?" + linkQuery, "no host"},
		"not a URL":      {"https://h.example/%zz?" + linkQuery, "not a URL"},
		"a line break":   {"https://h.example/\nhunter22?" + linkQuery, "not a URL"},
		"a bad port":     {"https://h.example:hunter22/?" + linkQuery, "not a URL"},
		"a script":       {"javascript:hunter22?" + linkQuery, "no host"},
		"a bracket open": {"https://[::1/hunter22?" + linkQuery, "not a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &storage{files: id.files}
			b, err := certbundle.Fetch(t.Context(), id.withLink(certbundle.CACertFile, c.link), s.client(), certbundle.WithInsecureHTTP())
			require.ErrorIs(t, err, certbundle.ErrDownload)
			require.NotErrorIs(t, err, certbundle.ErrMalformed)
			requireSafe(t, err, "hunter22")
			require.True(t, strings.HasPrefix(err.Error(), "certbundle: ca.crt: "), "%v", err)
			require.Contains(t, err.Error(), c.text)
			require.Zero(t, s.requested(certbundle.CACertFile))
			want := id.bundle()
			want.CACert = nil
			require.Equal(t, want, b, "what did arrive")
		})
	}
}
