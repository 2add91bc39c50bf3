package certbundle

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/antchain-go/baas/internal/unpack"
)

const (
	// maxFile is how many bytes of a file are read, from a server or from a
	// disk. Real ones have a few thousand.
	maxFile = 1 << 20

	tries           = 2
	tryTimeout      = 30 * time.Second
	downloadTimeout = 60 * time.Second // of both tries
	pauseBetween    = 500 * time.Millisecond

	freshLinks = "fresh links come from Client.DescribeAntChainDownloadPaths"
)

// A downloader makes the downloads of one call.
type downloader struct {
	client        http.Client
	insecure      bool
	decompressors []unpack.Coding
	close         func() // drops the connections that are the downloader's own
}

// A failure is why one try to download a file came to nothing.
type failure struct {
	text  string
	cause error // nil if text says it all
	again bool  // another try may do better
}

// get downloads a file and checks it.
func (d *downloader) get(ctx context.Context, m member) ([]byte, error) {
	u, err := parseLink(m.link, d.insecure)
	if err != nil {
		return nil, fault(m.name, err.Error(), ErrDownload)
	}
	from := "download from " + u.Host + ": "
	limited, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	for n := 1; ; n++ {
		data, fail := d.try(limited, u)
		if fail == nil {
			data, err := m.plain(data, d.decompressors)
			if err != nil {
				return nil, fault(m.name, from+"wrong content: "+scrub(err.Error(), u), ErrMalformed)
			}
			return data, nil
		}
		if !fail.again || n == tries || !sleep(limited, pauseBetween) {
			if err := ctx.Err(); err != nil && fail.again {
				// Then that is the cause, whatever the transport made of it.
				fail = &failure{text: err.Error(), cause: err}
			}
			return nil, fault(m.name, from+fail.text, ErrDownload, fail.cause)
		}
	}
}

// plain returns the file in what was downloaded, which a proxy may have
// compressed, whatever the headers say. The error is about data as it is.
func (m member) plain(data []byte, more []unpack.Coding) ([]byte, error) {
	good := func(form []byte) bool { return len(form) <= maxFile && m.check(form) == nil }
	if form, ok := unpack.Find(data, maxFile+1, good, more...); ok {
		return form, nil
	}
	return nil, m.check(data)
}

// try requests a file once.
func (d *downloader) try(ctx context.Context, u *url.URL) ([]byte, *failure) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, &failure{text: "its link cannot be requested"}
	}
	// Otherwise a transport asks for gzip by itself, and fails at a body that
	// is said to be compressed and is not.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, broken(ctx, err, u)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo: // 203 is a 200 that a proxy has transformed
	default:
		return nil, refused(resp, u)
	}
	if resp.ContentLength > maxFile {
		return nil, tooLarge()
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	switch {
	case len(data) > maxFile:
		return nil, tooLarge()
	case err != nil:
		return nil, broken(ctx, err, u)
	}
	return data, nil
}

func tooLarge() *failure { return &failure{text: "it has more than 1 MiB"} }

// broken is a fault of the network, or the end of ctx.
func broken(ctx context.Context, err error, u *url.URL) *failure {
	cause := newCause(err, u)
	text := cause.Error()
	if ctx.Err() != nil {
		text = "it took too long"
	}
	return &failure{text: text, cause: cause, again: true}
}

// refused is a status other than 200 and 203. The body is not shown: storage services
// repeat the signature in it.
func refused(resp *http.Response, link *url.URL) *failure {
	status := "status " + strconv.Itoa(resp.StatusCode)
	switch code := resp.StatusCode; {
	case code == http.StatusForbidden || code == http.StatusNotFound:
		return &failure{text: status + ": the link has probably expired: " + freshLinks}
	case code >= 300 && code <= 399:
		to := "another page"
		if u, err := url.Parse(resp.Header.Get("Location")); err == nil && u.Host != "" {
			to = fmt.Sprintf("%.255q", scrub(u.Hostname(), link))
		}
		return &failure{text: status + ": a redirect to " + to + ", which is not followed"}
	default:
		return &failure{text: status, again: code >= 500}
	}
}

// sleep reports whether it slept to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
