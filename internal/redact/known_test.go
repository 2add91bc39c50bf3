package redact

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIs(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"a network error":                    {refused, true},
		"an end of file":                     {io.ErrUnexpectedEOF, true},
		"the end of a context":               {context.DeadlineExceeded, true},
		"a certificate that is not trusted":  {&tls.CertificateVerificationError{Err: errors.New("x509: no")}, true},
		"an error of crypto/x509":            {x509.HostnameError{Certificate: new(x509.Certificate)}, true},
		"a network error with foreign words": {&net.OpError{Op: "proxyconnect", Err: errors.New("words")}, false},
		"an error of a URL":                  {&url.Error{Op: "Post", URL: "http://h/?secret", Err: io.EOF}, false},
		"a text":                             {errors.New("text"), false},
		"a wrapped network error":            {fmt.Errorf("text: %w", refused), false},
		"joined errors":                      {errors.Join(refused, io.EOF), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, isKnown(c.err))
		})
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	a, b := errors.New("a"), errors.New("b")
	require.Equal(t, []error{a, b}, children(errors.Join(a, nil, b)))
	require.Equal(t, []error{a}, children(fmt.Errorf("x: %w", a)))
	require.Empty(t, children(a))
	require.Empty(t, children(&net.OpError{Op: "dial"}))
}
