package robust

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// answer answers a request in the server's place: nothing is issued.
func answer(status int, body string, header ...string) baastest.Fault {
	return baastest.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

// madeUpKey is of the form and about the size of a real one.
var madeUpKey = string(pem.EncodeToMemory(&pem.Block{
	Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte(strings.Repeat("no key at all, ", 80)),
}))

// quote is s as a string of JSON.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// A script is a server that answers as it is told, and a client of it.
type script struct {
	server *baastest.Server
	client *baas.Client

	// twin signs with version 3, if that is tried as well. It gets the same
	// answers and has to come to the same.
	twin *script
	t    *testing.T
}

func newScript(t *testing.T, faults ...baastest.Fault) *script {
	t.Helper()
	return newScriptWith(t, baas.RetryPolicy{MinDelay: time.Microsecond}, faults...)
}

func newScriptWith(t *testing.T, policy baas.RetryPolicy, faults ...baastest.Fault) *script {
	t.Helper()
	one := func(opts ...baas.Option) *script {
		s := &script{server: newServer(), t: t}
		t.Cleanup(s.server.Close)
		s.server.Inject(faults...)
		s.client = s.server.Client(append(opts, baas.WithRetryPolicy(policy))...)
		return s
	}
	s := one()
	s.twin = one(baas.WithSignatureVersion(baas.SignatureV3))
	return s
}

func (s *script) apply(ctx context.Context) (string, error) {
	resp, err := s.client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest("wallet.example.com"))
	var key string
	if err == nil {
		key = resp.Result.PrivateKey
	}
	if s.twin != nil {
		again, err3 := s.twin.apply(ctx)
		require.Equal(s.t, key, again, "version 3: %v", err3)
		require.Equal(s.t, s.endOf(err), s.twin.endOf(err3), "version 3")
		require.Equal(s.t, s.repeats(), s.twin.repeats(), "version 3")
	}
	return key, err
}

// endOf is what can be seen of an error. A nonce and the server's own request ID
// are different each time.
func (s *script) endOf(err error) string {
	if err == nil {
		return ""
	}
	text := fmt.Sprintf("%v %v %T", err, errors.Is(err, baas.ErrOutcomeUnknown), err)
	for _, n := range s.nonces() {
		text = strings.ReplaceAll(text, n, "NONCE")
	}
	return requestIDs.ReplaceAllString(text, "REQUEST")
}

var requestIDs = regexp.MustCompile(`[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}`)

// nonces lists the nonces of all requests.
func (s *script) nonces() []string {
	var list []string
	for _, r := range s.server.Requests() {
		list = append(list, r.Params.Get("SignatureNonce")+r.Header.Get("X-Acs-Signature-Nonce"))
	}
	return list
}

// repeats says of each request which was the first with its nonce.
func (s *script) repeats() []int {
	nonces := s.nonces()
	var list []int
	for _, n := range nonces {
		list = append(list, slices.Index(nonces, n))
	}
	return list
}

// requireSame asserts that so many requests came, all with the same nonce.
func (s *script) requireSame(t *testing.T, requests int) {
	t.Helper()
	nonces := s.nonces()
	require.Len(t, nonces, requests)
	for _, n := range nonces {
		require.Equal(t, nonces[0], n)
	}
}

// success hands the made-up key over.
func success() baastest.Fault {
	return answer(200, `{"RequestId":"R","Result":{"PrivateKey":`+quote(madeUpKey)+`,"DownloadPath":{}}}`)
}

// A quickGateway takes each nonce once and hands out a key for each, as the
// gateway does. It checks and makes nothing.
type quickGateway struct {
	mu   sync.Mutex
	used map[string]bool
}

func (q *quickGateway) answer(_, nonce string) (status int, body string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.used[nonce] {
		return 400, `{"RequestId":"R","HostId":"h","Code":"SignatureNonceUsed","Message":"Specified signature nonce was used already."}`
	}
	if q.used == nil {
		q.used = make(map[string]bool)
	}
	q.used[nonce] = true
	key := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte(strings.Repeat(nonce, 40))})
	return 200, `{"RequestId":"R","Result":{"PrivateKey":` + quote(string(key)) + `,"DownloadPath":{}}}`
}
