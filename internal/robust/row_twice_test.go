package robust

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// A stammerer is an HTTP/1 server that answers some requests twice. The second
// copy comes just before the reply to the next request on the connection,
// where nothing but its content could tell it from that.
type stammerer struct {
	listener net.Listener
	answer   func(r *http.Request, body []byte) (status int, reply string, twice bool)
	running  sync.WaitGroup
	mu       sync.Mutex
	open     map[net.Conn]bool
	repeated int
}

func newStammerer(t *testing.T, answer func(*http.Request, []byte) (int, string, bool)) *stammerer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &stammerer{listener: l, answer: answer, open: make(map[net.Conn]bool)}
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[conn] = true
			s.mu.Unlock()
			s.running.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for conn := range s.open {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.running.Wait()
	})
	return s
}

func (s *stammerer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var again []byte
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if again != nil {
			s.mu.Lock()
			s.repeated++
			s.mu.Unlock()
		}
		status, reply, twice := s.answer(r, body)
		resp := http.Response{
			StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
			ContentLength: int64(len(reply)), Body: io.NopCloser(bytes.NewReader([]byte(reply))),
		}
		var wire bytes.Buffer
		_ = resp.Write(&wire)
		if _, err := conn.Write(append(again, wire.Bytes()...)); err != nil {
			return
		}
		again = nil
		if twice {
			again = wire.Bytes()
		}
	}
}

// answeredTwice are the replies of which a second copy may be on its way when
// the connection is used again. One regular success cannot be told from
// another, so it is not among them.
var answeredTwice = []struct {
	name   string
	status int
	body   string
}{
	{"a throttled one", 400, `{"RequestId":"R","HostId":"h","Code":"Throttling.User","Message":"m"}`},
	{"a refused one", 403, `{"RequestId":"R","HostId":"h","Code":"Forbidden.RAM","Message":"m"}`},
	{"a server error", 500, `{"RequestId":"R","HostId":"h","Code":"InternalError","Message":"m"}`},
	{"an unavailable one", 503, "busy"},
	{"a failure in a 200", 200, `{"successResponse":false,"requestId":"R","code":"InvalidParameter","message":"m"}`},
	{"a page", 200, "<html>welcome</html>"},
	{"a load balancer's 429", 429, "slow down"},
	{"an expired timestamp", 400, `{"RequestId":"R","HostId":"h","Code":"InvalidTimeStamp.Expired","Message":"m"}`},
	{"a used nonce", 400, `{"RequestId":"R","HostId":"h","Code":"SignatureNonceUsed","Message":"m"}`},
}

// TestAPeerThatAnswersOneHTTP1RequestTwice: no call gets two certificates, is
// told that there is none, or gets another call's key.
func TestAPeerThatAnswersOneHTTP1RequestTwice(t *testing.T) {
	for _, s := range setups() {
		if s.protocol != http1 {
			continue
		}
		for _, c := range answeredTwice {
			t.Run(c.name+", "+s.name, func(t *testing.T) { answerTwice(t, s, c.status, c.body) })
		}
	}
}

// answerTwice makes 50 calls, of which every other one gets such a reply
// first.
func answerTwice(t *testing.T, s setup, status int, body string) {
	watch(t)
	var book ledger
	gateway, first := new(quickGateway), map[string]bool{}
	var mu sync.Mutex
	peer := newStammerer(t, func(r *http.Request, form []byte) (int, string, bool) {
		name := book.noteRequest(r, form)
		mu.Lock()
		defer mu.Unlock()
		if !first[name] && len(first)%2 == 0 {
			first[name] = true
			return status, body, true
		}
		first[name] = true
		got, reply := gateway.answer(name, nonceOf(r))
		book.noteReply(name, []byte(reply))
		return got, reply, false
	})
	r := newRig(t, sharedServer, false)
	r.gates[http1].url = "http://" + peer.listener.Addr().String()
	c := r.caller(t, s, baas.WithAttemptTimeout(usualTimeout))
	for i := range 50 {
		got := c.apply(t.Context(), fmt.Sprintf("twice-%d.example.com", i), "answered twice")
		keys := book.keys(got.name)
		require.LessOrEqual(t, len(keys), 1, "call %d: certificates", i)
		if got.err == nil {
			require.Equal(t, keys, []string{got.key}, "call %d: another call's key", i)
		} else if !errors.Is(got.err, baas.ErrOutcomeUnknown) {
			require.Empty(t, keys, "call %d is told that there is no certificate: %v", i, got.err)
		}
		if i%2 == 1 {
			require.NoError(t, got.err, "call %d, to which nothing happens", i)
		}
	}
	require.Zero(t, peer.repeated, "requests on a connection that has brought such a reply")
}
