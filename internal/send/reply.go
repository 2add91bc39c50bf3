package send

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/antchain-go/baas/internal/unpack"
)

const (
	maxReply      = 1 << 20  // bytes of a reply that are used
	firstRead     = 4 << 10  // bytes to begin with; a usual reply has 3 KiB
	maxKeptBuffer = 64 << 10 // a larger buffer is not kept
	maxEmptyReads = 100      // in a row, from a broken body
)

// errTooLarge ends the reading of a reply that is larger than maxReply.
var errTooLarge = errors.New("the reply is larger than 1 MiB")

// replyBuffers hold replies while they are decoded.
var replyBuffers = sync.Pool{New: func() any { return new([]byte) }}

// A Reply is what was read of a response.
type Reply struct {
	Status   int
	Body     []byte // good until the next Read or Release
	Err      error  // why Body is not whole
	CutOff   bool
	TooLarge bool

	buffer *[]byte
}

// Read reads a reply as far as it is used. What was read is good, even with an
// error. A coding that something on the way has put on it is taken off, if it is
// gzip, deflate or one of more.
func (r *Reply) Read(resp *http.Response, more ...unpack.Coding) {
	body, err := r.read(resp)
	r.Status, r.Body, r.Err = resp.StatusCode, readable(body, more), err
	r.TooLarge = err == errTooLarge
	r.CutOff = err != nil && !r.TooLarge
}

// Release gives the buffer back. Nothing that was read from Body may be used any
// more.
func (r *Reply) Release() {
	if r.buffer != nil && cap(*r.buffer) <= maxKeptBuffer {
		replyBuffers.Put(r.buffer)
	}
	r.buffer, r.Body = nil, nil
}

// readable is body without the coding that something on the way has put on it.
// The bytes tell, not the Content-Encoding header: nobody asked for a coding, and
// the key may be in it.
func readable(body []byte, more []unpack.Coding) []byte {
	if form, ok := unpack.Find(body, maxReply, isReply, more...); ok {
		return form
	}
	return body
}

// isReply reports whether a text is what a reply may be: JSON, or anything that
// a private key is in.
func isReply(text []byte) bool {
	const space = " \t\r\n"
	if bytes.Contains(text, []byte("PRIVATE KEY")) {
		return true
	}
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")), space)
	if len(text) == 0 || text[0] == '{' {
		return len(text) > 0
	}
	// An array, or a string that holds JSON. Their first byte alone is too likely
	// in what a wrong coding makes of a body.
	rest := bytes.TrimLeft(text[1:], space)
	return (text[0] == '[' || text[0] == '"') && len(rest) > 0 && bytes.IndexByte([]byte(`{["\`), rest[0]) >= 0
}

func (r *Reply) read(resp *http.Response) ([]byte, error) {
	if resp.Body == nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, nil
	}
	if r.buffer == nil {
		r.buffer = replyBuffers.Get().(*[]byte)
	}
	b := slices.Grow((*r.buffer)[:0], firstRead)
	defer func() { *r.buffer = b[:0] }()
	for empty := 0; ; {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := resp.Body.Read(b[len(b):min(cap(b), maxReply+1)])
		b = b[:len(b)+n]
		if n > 0 {
			empty = 0
		} else if empty++; empty > maxEmptyReads && err == nil {
			err = io.ErrNoProgress
		}
		switch {
		case len(b) > maxReply:
			return b[:maxReply], errTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		}
	}
}
