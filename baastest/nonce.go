package baastest

import (
	"crypto/sha256"
	"time"
)

// nonceLifetime is how long a used nonce stays used.
const nonceLifetime = 15 * time.Minute

// nonceTable holds the nonces used in the last 15 minutes. The zero value is empty. It is not safe for concurrent use.
type nonceTable struct {
	used  map[nonceKey]time.Time
	order []nonceKey // by time of use, oldest first
}

// nonceKey is a hash, so that a long nonce costs no more memory than a short one.
type nonceKey [sha256.Size]byte

// use marks a nonce of owner as used at now; it reports false if it already was.
func (t *nonceTable) use(owner, nonce string, now time.Time) bool {
	t.forget(now)
	key := nonceKey(sha256.Sum256([]byte(owner + "\x00" + nonce)))
	if _, ok := t.used[key]; ok {
		return false
	}
	if t.used == nil {
		t.used = make(map[nonceKey]time.Time)
	}
	t.used[key] = now
	t.order = append(t.order, key)
	return true
}

// forget drops what is too old. With a clock that was set back, entries wait for those used before them.
func (t *nonceTable) forget(now time.Time) {
	for len(t.order) > 0 && now.Sub(t.used[t.order[0]]) > nonceLifetime {
		delete(t.used, t.order[0])
		t.order = t.order[1:]
	}
}
