package robust

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A ledger holds what the server has answered, by the CommonName of the call:
// every call has its own.
type ledger struct {
	mu      sync.Mutex
	entries map[string]*entry
}

type entry struct {
	keys       []string // that were handed over
	signatures []string // of the requests
}

func (l *ledger) entry(name string) *entry {
	if l.entries == nil {
		l.entries = make(map[string]*entry)
	}
	if l.entries[name] == nil {
		l.entries[name] = new(entry)
	}
	return l.entries[name]
}

// keys are those that the server has handed over for a call.
func (l *ledger) keys(name string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entry(name).keys)
}

// signatures are those of a call's requests.
func (l *ledger) signatures(name string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entry(name).signatures)
}

// issued is how many keys the server has handed over for a call.
func (l *ledger) issued(name string) int { return len(l.keys(name)) }

// forget drops a call.
func (l *ledger) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, name)
}

func (l *ledger) noteRequest(r *http.Request, body []byte) (name string) {
	params, _ := url.ParseQuery(r.URL.RawQuery)
	form, _ := url.ParseQuery(string(body))
	name = params.Get("CommonName") + form.Get("CommonName")
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(name)
	signature := params.Get("Signature")
	if _, v3, ok := strings.Cut(r.Header.Get("Authorization"), "Signature="); ok {
		signature = v3
	}
	if signature != "" && !slices.Contains(e.signatures, signature) {
		e.signatures = append(e.signatures, signature)
	}
	return name
}

// keyInReply finds the key wherever a reply has it.
var keyInReply = regexp.MustCompile(`"PrivateKey":("(?:[^"\\]|\\.)*")`)

// keyOf is the key in the bytes of a reply, if it is there whole.
func keyOf(reply []byte) string {
	m := keyInReply.FindSubmatch(reply)
	var key string
	if m == nil || json.Unmarshal(m[1], &key) != nil {
		return ""
	}
	return key
}

// common is the value of a common parameter, which version 3 of the signature
// has in a header.
func common(r *http.Request, param, header string) string {
	if value := r.Header.Get(header); value != "" {
		return value
	}
	return r.URL.Query().Get(param)
}

func nonceOf(r *http.Request) string { return common(r, "SignatureNonce", "X-Acs-Signature-Nonce") }

func (l *ledger) noteReply(name string, reply []byte) {
	key := keyOf(reply)
	if key == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entry(name).keys = append(l.entry(name).keys, key)
}
