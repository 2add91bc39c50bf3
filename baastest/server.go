package baastest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aliyun/credentials-go/credentials"
)

// maxKept bounds what a server remembers of its past: requests, and certificates that links still deliver.
const maxKept = 1 << 16

// loopbackTimeout bounds the wait for a connection that a firewall swallows.
const loopbackTimeout = 5 * time.Second

// Server is a BaaS endpoint. Make one with [NewServer] and end it with [Server.Close]. All methods are safe for
// concurrent use.
type Server struct {
	cfg        config
	url        string
	cred       *sharedCredential
	http       *http.Server
	transport  *http.Transport
	authority  *authority
	linkSecret []byte
	start      time.Time
	cancel     context.CancelFunc // ends the context of every request
	active     sync.WaitGroup     // handlers, nodes and the accept loop

	consortiums []Consortium // complete, never changed

	mu             sync.Mutex
	closed         bool
	requests       []*Request
	faults         faultQueue
	downloadFaults faultQueue
	files          map[string][]byte // client.crt by the name of the file in its link
	fileOrder      []string
	issued         int
	nodes          []*Node
	nonces         nonceTable
	actions        map[string]action
	applications   []*application
	accounts       []account
}

// NewServer starts a server on a free port of 127.0.0.1, or in memory with [WithInMemory]. It panics if no port can
// be had, as net/http/httptest does, or if there is no loopback interface to reach it over. Close it when done.
func NewServer(opts ...Option) *Server {
	cfg := newConfig(opts)
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		cfg:        cfg,
		cred:       &sharedCredential{cred: cfg.cred},
		authority:  &authority{now: cfg.now, issuance: cfg.issuance},
		linkSecret: []byte(rand.Text()),
		cancel:     cancel,
		start:      cfg.now(),
		files:      make(map[string][]byte),
		actions:    builtInActions(),
	}
	for _, c := range cfg.consortiums {
		s.consortiums = append(s.consortiums, c.completed(s.start))
	}
	if s.consortiums == nil {
		s.consortiums = []Consortium{Consortium{}.completed(s.start)}
	}
	listener := s.listen()
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         s.closeLateConn,
		ReadHeaderTimeout: time.Minute,
	}
	s.active.Go(func() { _ = s.http.Serve(listener) })
	return s
}

// listen opens the listener and sets the URL and the transport that lead to it.
func (s *Server) listen() net.Listener {
	s.transport = &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}
	if s.cfg.inMemory {
		listener := newMemoryListener()
		s.transport.DialContext = listener.DialContext
		s.url = "http://" + memoryHost
		return listener
	}
	listener := listenLoopback()
	s.url = "http://" + listener.Addr().String()
	return listener
}

// listenLoopback panics where no port can be had, see NewServer. A port that cannot be connected to is none: without a
// loopback interface the system still gives some away.
func listenLoopback() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("baastest: cannot listen on 127.0.0.1: %v", err))
	}
	if err := connectTo(listener); err != nil {
		_ = listener.Close()
		panic(fmt.Sprintf("baastest: 127.0.0.1 cannot be reached: %v. Is the loopback interface up (ip link set lo up)? "+
			"Without one, a server with WithInMemory and no node still works", err))
	}
	return listener
}

// connectTo opens a connection to the listener and closes both of its ends.
func connectTo(listener net.Listener) error {
	conn, err := net.DialTimeout("tcp", listener.Addr().String(), loopbackTimeout)
	if err != nil {
		return err
	}
	defer conn.Close()
	accepted, err := listener.Accept()
	if err != nil {
		return err
	}
	return accepted.Close()
}

// URL returns the endpoint: "http://127.0.0.1:port", or "http://127.0.0.1" with [WithInMemory].
func (s *Server) URL() string { return s.url }

// Credential returns what the server accepts. It may be used while the server runs: the two take turns.
func (s *Server) Credential() credentials.Credential { return s.cred }

// HTTPClient returns a client that reaches this server, without a proxy and without a timeout. With [WithInMemory] it
// is the only way to the server, and it reaches nothing else. Every call returns a client of its own; they share one
// transport, whose idle connections [Server.Close] closes.
func (s *Server) HTTPClient() *http.Client { return &http.Client{Transport: s.transport} }

// Issued returns how many certificates have been issued, those whose replies were lost included.
func (s *Server) Issued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

// Inject appends faults to those waiting. Every API request uses up one, first in, first out, also if it is refused.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// InjectDownload appends faults to those waiting for downloads. Every download of ca.crt, client.crt or trustCa uses
// up one, first in, first out. Errors are XML, as object storage sends them.
func (s *Server) InjectDownload(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.downloadFaults = append(s.downloadFaults, faults...)
}

// Close stops the server and its nodes, ends hangs at once, drops all connections and waits until every handler has
// returned. A handler given to [Respond] must therefore not call it, and has to heed its request's context. Further
// calls do nothing.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	nodes := slices.Clone(s.nodes)
	s.mu.Unlock()

	_ = s.http.Close() // before the contexts end: a handler that heeds its own must not get a reply through
	s.cancel()
	for _, node := range nodes {
		node.close()
	}
	s.active.Wait()
	s.transport.CloseIdleConnections()
}

// closeLateConn closes a connection that was accepted while the server closed and that net/http has overlooked.
func (s *Server) closeLateConn(conn net.Conn, state http.ConnState) {
	if state != http.StateNew {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
	}
}

// enter counts a goroutine that Close has to wait for; it reports false once the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.active.Add(1)
	return true
}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		reset(w)
		return
	}
	defer s.active.Done()
	w.Header().Set("Date", s.cfg.now().UTC().Format(http.TimeFormat))
	switch path := r.URL.Path; {
	case path == "/":
		s.serveAPI(w, r)
	case path == helpPath:
		serveHelp(w)
	case isFilePath(path):
		s.serveFile(w, r)
	default:
		newRefusal(http.StatusNotFound, "InvalidURI", "Specified path is not found.").
			reply(r.Host, newRequestID(), !wantsJSON(r, r.URL.Query())).writeTo(w)
	}
}
