package certbundle

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/unpack"
)

const (
	connectTimeout   = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	maxHeaderBytes   = 64 << 10
)

// Option changes how Fetch and Save download. Nil options are skipped; the
// last of a kind wins.
type Option func(*options)

type options struct {
	client   *http.Client // nil: a client of its own for each call
	noClient bool         // WithHTTPClient was given nil
	insecure bool
	disk     disk

	decompressors []unpack.Coding
}

// WithHTTPClient makes downloads use the Transport, http.DefaultTransport if
// it is nil, and the Timeout of hc. Redirects are not followed and cookies not
// kept, whatever hc says; hc is never modified.
func WithHTTPClient(hc *http.Client) Option {
	return func(o *options) { o.client, o.noClient = hc, hc == nil }
}

// WithInsecureHTTP downloads over http:// where a link says so. Whoever is on
// the way can then put another CA in the place of the chain's.
func WithInsecureHTTP() Option {
	return func(o *options) { o.insecure = true }
}

// WithDecompressors adds ways to decompress a file, for a proxy that compresses
// though it is asked not to, as baas.WithDecompressors does for replies. They are
// tried on what is neither the file nor gzip or deflate of it. Calls add up.
func WithDecompressors(open ...func(r io.Reader) (io.ReadCloser, error)) Option {
	return func(o *options) { o.decompressors = append(o.decompressors, open...) }
}

func newOptions(opts []Option) *options {
	o := &options{}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	return o
}

// validate finds what is wrong with the arguments of a download.
func (o *options) validate(ctx context.Context) error {
	switch {
	case ctx == nil:
		return errNilContext
	case o.noClient:
		return errors.New("certbundle: WithHTTPClient: the client is nil")
	case slices.ContainsFunc(o.decompressors, func(c unpack.Coding) bool { return c == nil }):
		return errors.New("certbundle: WithDecompressors: one is nil")
	}
	return nil
}

// Fetch downloads ca.crt, client.crt and trustCa, all at once, and returns
// them together with the private key of result. Nothing is written: see Save.
//
// Links are followed over https whatever they say, except those to a loopback
// IP (see WithInsecureHTTP); redirects are not. A file may have 1 MiB. After a
// fault of the network, a body that was cut off or a status of 5xx, a download
// is tried once more; it ends after a minute at the latest. What comes must be
// what the file's name says, and whole: certificates in PEM (not just a
// client's in ca.crt, nor just a CA's in client.crt), a Java key store in trustCa,
// which is a JKS or a PKCS#12. Whether Go can read what is in them does not count,
// for others may: see Verify. A body that was compressed on the way is unpacked,
// if it is gzip or deflate, whatever its headers say; see WithDecompressors.
//
// The error joins the faults of all three files. It names each file and its
// host, never the query of a link, which is signed, and matches ErrDownload or,
// for a file of the wrong kind, ErrMalformed. The Bundle is never nil: beside an
// error it holds what did arrive.
func Fetch(ctx context.Context, result baas.CertificateResult, opts ...Option) (*Bundle, error) {
	o := newOptions(opts)
	b := &Bundle{PrivateKey: []byte(result.PrivateKey)}
	if err := o.validate(ctx); err != nil {
		return b, err
	}
	return b, o.fetch(ctx, b.downloads(result.DownloadPath), nil)
}

// A member is one file of a bundle.
type member struct {
	name  string
	data  *[]byte            // where the bundle holds it
	link  string             // where it is downloaded from
	check func([]byte) error // says what is wrong with its content
}

// downloads lists the members that are downloaded.
func (b *Bundle) downloads(from baas.DownloadPath) []member {
	return []member{
		{ClientCertFile, &b.ClientCert, from.ClientCrtURL, checkClientCert},
		{CACertFile, &b.CACert, from.CACrtURL, checkCACert},
		{TrustStoreFile, &b.TrustStore, from.TrustCAURL, checkTrustStore},
	}
}

// fetch downloads members at once. Each is handed to store, unless that is
// nil, as soon as it has arrived.
func (o *options) fetch(ctx context.Context, members []member, store func(member) error) error {
	if len(members) == 0 {
		return nil
	}
	d := o.newDownloader()
	defer d.close()
	errs := make([]error, len(members))
	var wg sync.WaitGroup
	for i, m := range members {
		wg.Go(func() {
			data, err := d.get(ctx, m)
			if err == nil {
				*m.data = data
				if store != nil {
					err = store(m)
				}
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// newDownloader applies the options.
func (o *options) newDownloader() *downloader {
	d := &downloader{insecure: o.insecure, decompressors: o.decompressors, close: func() {}}
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if o.client != nil {
		d.client.Transport, d.client.Timeout = o.client.Transport, o.client.Timeout
		return d
	}
	own := newTransport()
	// This also ends connections that are still being made for a download
	// that was given up.
	d.client.Transport, d.close = own, own.CloseIdleConnections
	return d
}

// newTransport makes the transport of a call that was not given one. It shares
// nothing with http.DefaultTransport, which others change.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableKeepAlives:      true, // nothing is downloaded twice
		DisableCompression:     true,
	}
}
