package robust

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
)

// A rig is a server with a gate per protocol before it:
//
//	client – proxy – front – baastest server
//
// The proxy breaks what goes over the wire. The front speaks HTTP/1 or HTTP/2,
// hands whole requests to the server and notes whole replies, so it knows what
// the server has issued before any byte of it can be lost.
type rig struct {
	server   *baastest.Server
	active   sync.RWMutex // is read-locked by requests under way
	shutDown bool         // no request begins any more
	closing  sync.Once
	upstream *http.Transport
	ledger   ledger
	logs     logBuffer
	logger   *slog.Logger
	secrets  []string // the forms of what every call keeps secret
	gates    map[protocol]*gate

	// quick, if set, answers in the server's place, without a key of its own
	// making: a certificate takes thousands of times as long.
	quick func(name, nonce string) (status int, body string)
}

// actionNothing is answered by a front itself: a regular success in which
// nothing is issued.
const actionNothing = "Nothing"

type protocol int

const (
	http1 protocol = iota
	http2
)

// A gate is one way to the server.
type gate struct {
	proxy *proxy
	front *http.Server
	url   string
	dial  func(ctx context.Context) (net.Conn, error) // nil: over TCP
	done  chan struct{}
}

// newServer makes a server that only rigs can reach. Keys in the clear cost the
// least time.
func newServer() *baastest.Server {
	return baastest.NewServer(baastest.WithInMemory(), baastest.WithKeyEncryption(baastest.Unencrypted))
}

// newRig makes a rig on the loopback interface, or in memory with HTTP/1
// alone.
func newRig(t testing.TB, server *baastest.Server, inMemory bool) *rig {
	r := &rig{server: server, gates: make(map[protocol]*gate)}
	r.upstream = server.HTTPClient().Transport.(*http.Transport).Clone()
	r.upstream.DisableKeepAlives = true
	r.upstream.DisableCompression = true
	r.logger = slog.New(slog.NewJSONHandler(&r.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	keys, err := server.Credential().GetCredential()
	require.NoError(t, err)
	r.secrets = append(formsOf(password), formsOf(*keys.AccessKeySecret)...)
	t.Cleanup(r.close)
	if inMemory {
		l := newPipeListener()
		r.gates[http1] = r.newGate(http1, l)
		r.gates[http1].dial = l.dial
		return r
	}
	require.NoError(t, loopback(), "127.0.0.1 cannot be reached. Is the loopback interface up (ip link set lo up)?")
	for _, p := range []protocol{http1, http2} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		r.gates[p] = r.newGate(p, l)
	}
	return r
}

// loopback says what is wrong with the loopback interface. A system without one
// still gives addresses of it away.
var loopback = sync.OnceValue(func() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	return conn.Close()
})

func (r *rig) newGate(p protocol, outer net.Listener) *gate {
	inner := newPipeListener()
	g := &gate{
		front: &http.Server{Handler: http.HandlerFunc(r.forward), Protocols: new(http.Protocols), ErrorLog: discardLog()},
		url:   "http://" + outer.Addr().String(),
		done:  make(chan struct{}),
	}
	var config *tls.Config
	if p == http2 {
		g.front.Protocols.SetUnencryptedHTTP2(true)
		config = &tls.Config{Certificates: []tls.Certificate{authority.cert}, NextProtos: []string{"h2"}}
		g.url = "https://" + outer.Addr().String()
	} else {
		g.front.Protocols.SetHTTP1(true)
	}
	go func() {
		defer close(g.done)
		_ = g.front.Serve(inner)
	}()
	g.proxy = newProxy(outer, config, func() (net.Conn, error) { return inner.dial(context.Background()) })
	return g
}

// close ends everything but the server. Further calls do nothing.
func (r *rig) close() { r.closing.Do(r.shut) }

func (r *rig) shut() {
	for _, g := range r.gates {
		g.proxy.close()
		_ = g.front.Close()
		<-g.done
	}
	r.active.Lock()
	r.shutDown = true
	r.active.Unlock()
	r.upstream.CloseIdleConnections()
}

// forward hands a request to the server and its reply back. It always waits
// for the reply, so that the ledger has it even when the client is gone.
func (r *rig) forward(w http.ResponseWriter, req *http.Request) {
	r.active.RLock()
	defer r.active.RUnlock()
	if r.shutDown {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	name := r.ledger.noteRequest(req, body)
	if common(req, "Action", "X-Acs-Action") == actionNothing {
		_, _ = io.WriteString(w, `{"RequestId":"R","Result":"success"}`)
		return
	}
	if r.quick != nil {
		status, answer := r.quick(name, nonceOf(req))
		r.ledger.noteReply(name, []byte(answer))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
		return
	}
	ctx := context.WithoutCancel(req.Context())
	up, err := http.NewRequestWithContext(ctx, req.Method, r.server.URL()+req.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	up.GetBody = nil
	up.Host = req.Host // which version 3 signs
	up.Header = req.Header.Clone()
	up.Header.Del("Connection")
	resp, err := r.upstream.RoundTrip(up)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	r.ledger.noteReply(name, answer)
	for key, values := range resp.Header {
		if key != "Connection" {
			w.Header()[key] = values
		}
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(answer)
	if err != nil {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
