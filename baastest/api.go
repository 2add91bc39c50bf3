package baastest

import (
	"bufio"
	"net"
	"net/http"
)

// serveAPI answers a request to the API itself.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	c, ok := s.receive(w, r)
	if !ok {
		reset(w)
		return
	}
	switch c.fault.kind {
	case dropBefore:
		reset(w)
		return
	case respond:
		s.respond(w, c)
		return
	}

	refused := s.check(c)
	if c.fault.kind == throttle || c.fault.kind == refuse {
		refused = c.fault.refusal
	}
	if refused != nil {
		s.refuse(w, c, refused)
		return
	}
	success, err := s.carryOut(c)
	if err != nil {
		s.refuse(w, c, asRefusal(err))
		return
	}
	if c.fault.kind == serverErrorAfter {
		s.refuse(w, c, c.fault.refusal)
		return
	}
	deliver(r.Context(), w, c.fault, success, func() { s.answered(c, success.status, "") })
}

// carryOut does what the action does and returns the reply that says so.
func (s *Server) carryOut(c *call) (reply, error) {
	result, err := c.action.run(s, c)
	if err != nil {
		return reply{}, err
	}
	return s.success(c, result)
}

func (s *Server) refuse(w http.ResponseWriter, c *call, refused *refusal) {
	s.answered(c, refused.status, refused.code)
	if refused.inShape {
		s.failure(c, refused).writeTo(w)
		return
	}
	refused.reply(c.r.Host, c.requestID, c.asXML()).writeTo(w)
}

// respond hands the request over to the fault's handler and notes the status that it replies with.
func (s *Server) respond(w http.ResponseWriter, c *call) {
	watched := &statusWriter{ResponseWriter: w, note: func(status int) { s.answered(c, status, "") }}
	c.fault.handler.ServeHTTP(watched, c.unread())
	watched.finish()
}

// statusWriter tells the first final status before it is sent. It can flush and be hijacked as the writer that it
// wraps, which handlers that misbehave on purpose need.
type statusWriter struct {
	http.ResponseWriter
	note func(status int)
	done bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.done && status >= 200 {
		w.done = true
		w.note(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	w.finish()
	return w.ResponseWriter.Write(p)
}

// finish notes the status that net/http sends for a handler that names none.
func (w *statusWriter) finish() {
	if !w.done {
		w.done = true
		w.note(http.StatusOK)
	}
}

func (w *statusWriter) Flush() {
	w.finish()
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.done = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
