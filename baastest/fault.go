package baastest

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Fault is what goes wrong with one request; see [Server.Inject] and [Server.InjectDownload]. The zero Fault lets its
// request pass, which keeps a place in a script. Faults whose names end in After strike once the action has been carried
// out: the certificate is issued, the account created. A request that is refused is refused as usual, and the fault is
// used up all the same.
type Fault struct {
	kind    faultKind
	refusal *refusal
	delay   time.Duration
	n       int
	handler http.Handler
}

type faultKind int

const (
	noFault faultKind = iota
	throttle
	refuse
	serverErrorAfter
	dropBefore
	dropAfter
	hangAfter
	truncateAfter
	respond
)

// Throttle refuses the request for flow control: 400 Throttling.User, or 503 SlowDown for a download. Nothing is
// issued; the nonce is consumed.
func Throttle() Fault {
	return Fault{
		kind:    throttle,
		refusal: newRefusal(http.StatusBadRequest, "Throttling.User", "Request was denied due to user flow control."),
	}
}

// Refuse refuses the request, whether or not it would have passed, with status (400 if it is none from 200 to 599),
// code and message, in the gateway's error format. Nothing is issued; the nonce is consumed.
func Refuse(status int, code, message string) Fault {
	if !isFinalStatus(status) {
		status = http.StatusBadRequest
	}
	return Fault{kind: refuse, refusal: newRefusal(status, code, message)}
}

// ServerErrorAfter carries the action out and then replies with status (500 if it is none from 200 to 599) and
// InternalError. For an error before anything is carried out, use Refuse(503, "ServiceUnavailable", …).
func ServerErrorAfter(status int) Fault {
	if !isFinalStatus(status) {
		status = http.StatusInternalServerError
	}
	return Fault{kind: serverErrorAfter, refusal: internalError(status)}
}

func isFinalStatus(status int) bool { return status >= 200 && status <= 599 }

// DropBefore resets the connection before the request is looked at: nothing is issued, and no nonce is consumed.
func DropBefore() Fault { return Fault{kind: dropBefore} }

// DropAfter carries the action out and resets the connection instead of replying.
func DropAfter() Fault { return Fault{kind: dropAfter} }

// HangAfter carries the action out, is silent for d and then replies, if the client still waits. The silence ends at
// once when the client goes or the server is closed.
func HangAfter(d time.Duration) Fault { return Fault{kind: hangAfter, delay: d} }

// TruncateAfter carries the action out and sends the reply's header, with the length of the whole body, and the first
// n bytes of the body, at most all of them; then the connection is closed.
func TruncateAfter(n int) Fault { return Fault{kind: truncateAfter, n: max(n, 0)} }

// Respond lets h answer instead of the server: nothing is looked at, issued or consumed. The request's body is there
// for h to read. The Date header is set and may be changed; a nil h stands for 404. The request's context ends when
// the client goes or the server is closed, and h must then return.
func Respond(h http.Handler) Fault {
	if h == nil {
		h = http.NotFoundHandler()
	}
	return Fault{kind: respond, handler: h}
}

// faultQueue holds the faults that wait for their requests.
type faultQueue []Fault

// take removes the first fault, and returns the zero Fault if none waits.
func (q *faultQueue) take() Fault {
	if len(*q) == 0 {
		return Fault{}
	}
	first := (*q)[0]
	(*q)[0] = Fault{}
	*q = (*q)[1:]
	return first
}

// deliver sends the reply to a request that was carried out, as far as the fault lets it. It calls note with the
// reply before the client can have it.
func deliver(ctx context.Context, w http.ResponseWriter, f Fault, p reply, note func()) {
	switch f.kind {
	case dropAfter:
		reset(w)
		return
	case hangAfter:
		if !silence(ctx, f.delay) {
			reset(w)
			return
		}
	case truncateAfter:
		note()
		truncate(w, p, f.n)
		return
	}
	note()
	p.writeTo(w)
}

// silence waits for d and reports whether somebody still wants a reply: ctx ends when the client goes or the server is
// closed.
func silence(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// truncate sends the whole header and n bytes of the body, and ends the connection in good order: a reset could
// discard the bytes on their way.
func truncate(w http.ResponseWriter, p reply, n int) {
	p.writeHeader(w)
	_, _ = w.Write(p.body[:min(n, len(p.body))])
	_ = http.NewResponseController(w).Flush()
	if conn := takeOver(w); conn != nil {
		_ = conn.Close()
	}
}

// reset ends the connection as a crashed peer does: an RST over TCP, a plain end over a pipe, which knows no other.
func reset(w http.ResponseWriter) {
	conn := takeOver(w)
	if conn == nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// takeOver returns the connection under a reply, or nil if a handler took it before.
func takeOver(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	return conn
}
