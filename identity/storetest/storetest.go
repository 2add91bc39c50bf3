// Package storetest checks that an identity.Store keeps what identity.Ensure
// relies on.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// Run checks a kind of store. open makes a new, empty store and returns how to
// get a handle to it, which is called several times, by one goroutine: each
// handle stands for another process, and may share nothing with the others but
// the store.
func Run(t *testing.T, open func(t *testing.T) (handle func() identity.Store)) {
	t.Helper()
	t.Run("empty", func(t *testing.T) {
		s := open(t)()
		r, version := load(t, s)
		if version != "" || r.State != identity.Empty {
			t.Errorf("an empty store has %v at version %q", r.State, version)
		}
	})
	t.Run("every member survives, unknown ones included", func(t *testing.T) { testMembers(t, open(t)) })
	t.Run("a stale version is a conflict", func(t *testing.T) { testConflict(t, open(t)) })
	t.Run("Empty is a record like any other", func(t *testing.T) { testEmpty(t, open(t)) })
	t.Run("of Swaps at once from one version one is applied", func(t *testing.T) { testRace(t, open(t)) })
	t.Run("a context that has ended", func(t *testing.T) {
		s := open(t)()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Swap(ctx, sample("a"), ""); err == nil {
			t.Error("Swap works")
		}
		if _, _, err := s.Load(ctx); err == nil {
			t.Error("Load works")
		}
	})
}

// sample is a record with every member.
func sample(nonce string) identity.Record {
	var r identity.Record
	_ = json.Unmarshal([]byte(`{"State":"Applying","Later":{"kept":[1,2.50,"<&>"]}}`), &r)
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	r.State = identity.Issued
	r.Chain, r.Consortium, r.Subject = "1q8B5R9p", "DV80nJXq", "CN=app 区块链"
	r.Holder, r.Since = "host/1/ABC", at
	r.Stamp = &baas.Stamp{Nonce: nonce, Time: at, Digest: "00ff"}
	r.RequestID, r.Reason = "request", "because\nof <this>"
	r.Bundle = certbundle.Bundle{
		PrivateKey: []byte("-----BEGIN PRIVATE KEY-----\r\nAAAA\r\n-----END PRIVATE KEY-----"),
		ClientCert: []byte("cert\n"), CACert: []byte("ca"), TrustStore: []byte{0xFE, 0xED, 0, 0xFF, '\n'},
	}
	return r
}

func load(t *testing.T, s identity.Store) (identity.Record, string) {
	t.Helper()
	r, version, err := s.Load(t.Context())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return r, version
}

func swap(t *testing.T, s identity.Store, r identity.Record, version string) string {
	t.Helper()
	next, err := s.Swap(t.Context(), r, version)
	if err != nil {
		t.Fatalf("Swap from version %q: %v", version, err)
	}
	return next
}

func text(t *testing.T, r identity.Record) string {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func testMembers(t *testing.T, handle func() identity.Store) {
	want := sample("a")
	version := swap(t, handle(), want, "")
	r, loaded := load(t, handle())
	if text(t, r) != text(t, want) {
		t.Errorf("stored %s\nloaded %s", text(t, want), text(t, r))
	}
	if loaded != version || version == "" {
		t.Errorf("Swap returned version %q, Load %q", version, loaded)
	}
}

func testConflict(t *testing.T, handle func() identity.Store) {
	a, b := handle(), handle()
	first := swap(t, a, sample("a"), "")
	second := swap(t, b, sample("b"), first)
	for _, stale := range []string{"", first} {
		if _, err := a.Swap(t.Context(), sample("c"), stale); !errors.Is(err, identity.ErrConflict) {
			t.Errorf("Swap from the stale version %q: %v", stale, err)
		}
	}
	if r, version := load(t, a); version != second || r.Stamp == nil || r.Stamp.Nonce != "b" {
		t.Errorf("version %q is the latest, not %q", version, second)
	}
}

func testEmpty(t *testing.T, handle func() identity.Store) {
	s := handle()
	seen := map[string]bool{"": true}
	version := ""
	for i := range 6 {
		r := identity.Record{}
		if i%2 == 0 {
			r = sample(strconv.Itoa(i))
			r.State, r.Bundle = identity.Applying, certbundle.Bundle{}
		}
		version = swap(t, s, r, version)
		if seen[version] {
			t.Errorf("version %q is used again", version)
		}
		seen[version] = true
		if there, latest := load(t, handle()); there.State != r.State || latest != version {
			t.Errorf("%v at version %q, not %v at %q", there.State, latest, r.State, version)
		}
	}
	if _, err := s.Swap(t.Context(), sample("x"), ""); !errors.Is(err, identity.ErrConflict) {
		t.Errorf("Swap from no version, over Empty: %v", err)
	}
}

func testRace(t *testing.T, handle func() identity.Store) {
	const handles, rounds = 4, 10
	version := ""
	stores := make([]identity.Store, handles)
	for i := range stores {
		stores[i] = handle()
	}
	for round := range rounds {
		var wg sync.WaitGroup
		versions, errs := make([]string, handles), make([]error, handles)
		for i, s := range stores {
			wg.Go(func() {
				versions[i], errs[i] = s.Swap(t.Context(), sample(strconv.Itoa(round)+"-"+strconv.Itoa(i)), version)
			})
		}
		wg.Wait()
		r, latest := load(t, handle())
		for i := range stores {
			mine := r.Stamp != nil && r.Stamp.Nonce == strconv.Itoa(round)+"-"+strconv.Itoa(i)
			if (errs[i] == nil) && (!mine || versions[i] != latest) {
				t.Errorf("round %d: a Swap succeeded that is not what is there", round)
			}
		}
		if latest == version {
			t.Fatalf("round %d: no Swap was applied: %v", round, errs)
		}
		version = latest
	}
}
