package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// The model runs the transition function that Ensure runs, with several
// holders, a store that fails and a gateway that takes a nonce once. Its states
// are small and comparable: protocols and records are numbered.

const (
	maxHolders = 3
	maxStamps  = 3
	maxStale   = 1 // in a row
)

// The ages of a message, and a duration that stands for each.
const (
	ageFresh   = iota // within the resend window
	ageWindow         // past it
	ageCall           // past the time of a whole call
	ageGateway        // past the 15 minutes of the gateway
	ageClear          // past the wait of Clear
)

var ages = [...]time.Duration{
	time.Minute, resendWindow + time.Second, callTime + time.Second, 16 * time.Minute, clearTime + time.Second,
}

var stampTimes = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// The phases of a call of the typed method.
const (
	noCall    = iota
	callIdle  // it may make a message
	callSends // the journal has succeeded
	callWaits // its message is on its way
	callDeaf  // its message has arrived, and brings nothing
	replyKey
	replyNo // refused, nothing carried out
)

type modelHolder struct {
	p         int32 // number of the protocol
	next      move
	phase     uint8
	msg       uint8 // of the call
	doubt     bool  // of the call
	alive     bool
	cancelled bool // its context has ended
	stale     uint8
}

type modelStamp struct {
	made  bool
	age   uint8
	host  uint8
	taken [2]bool // by the hosts
	late  [2]bool // a copy is on its way that nobody waits for
	key   bool    // a certificate was issued for it
}

type world struct {
	h         [maxHolders]modelHolder
	stamps    [maxStamps]modelStamp
	cur, prev int32 // numbers of the records: the latest, and what a stale Load shows
	hasPrev   bool
	issued    uint8 // since the last Clear
	cleared   bool
	pruned    bool  // somebody has deleted version files
	faults    uint8 // so far, where they are bounded
}

// rules are what mutants take out.
type rules struct {
	noFence         bool // a fresh Stamp is swapped in from the version just read
	oneHolder       bool // calls of Ensure share a Holder
	blindEmpty      bool // Empty is swapped in from the version just read
	clearAtOnce     bool // Clear does not wait
	anyHost         bool // a message is resumed at another host
	noListing       bool // Dir does not list the folder after the link
	keyOnlyByHolder bool // the key is stored only where its call is the holder
	blindToConflict bool // what a Load shows after a conflict is believed
}

// A model numbers what worlds are made of.
type model struct {
	rules
	holders   int
	stampsMax int
	hosts     [maxHolders]uint8
	clears    bool // a person may clear
	prunes    bool // a person may delete old version files

	protocols []protocol
	pnum      map[string]int32
	records   []Record
	rnum      map[string]int32
	steps     map[stepKey]stepValue
	renamed   map[int32]int32
	violation string // of the edge in the making
	out       []edge
	stampsOf  [][maxStamps]bool // that a protocol knows
}

type stepKey struct {
	p       int32
	kind    eventKind
	rec     int32
	version byte
	stamp   uint8
	long    bool
	age     uint8

	conflict bool // swapFailed with ErrConflict
}

type stepValue struct {
	p    int32
	next move
}

func newModel(holders, stamps int) *model {
	return &model{
		holders: holders, stampsMax: stamps, pnum: map[string]int32{}, rnum: map[string]int32{},
		steps: map[stepKey]stepValue{}, renamed: map[int32]int32{},
	}
}

func (m *model) record(r Record) int32 {
	key := fmt.Sprint(r.State, r.Holder, nonceOf(&r), string(r.Bundle.PrivateKey), len(r.Bundle.ClientCert))
	n, ok := m.rnum[key]
	if !ok {
		n = int32(len(m.records))
		m.records = append(m.records, r)
		m.rnum[key] = n
	}
	return n
}

func nonceOf(r *Record) string {
	if r.Stamp == nil {
		return ""
	}
	return r.Stamp.Nonce
}

func (m *model) protocol(p protocol, next move) int32 {
	p.seenAt, p.err, p.requestID = 0, nil, ""
	if p.at == watching && (next == load || next == pause) || p.at == overtaking && next != swap {
		p.record, p.version = Record{}, "" // until the next Load
		p.tries, p.misses = 0, 0           // as watchOther and begin have it
	}
	p.seen, p.seenAny = "", false // time is free: see loads
	if p.at == completing {       // what is left of an enrollment is its end
		p.spent, p.taken, p.sent = "", "", baas.Stamp{}
		p.own, p.resuming, p.overtaken = false, false, false
		if next == load || next == pause {
			p.record, p.version = Record{}, ""
		}
	}
	if next != swap && p.at != journaling && p.at != emptying && p.at != doubting && p.at != storing && p.at != completing {
		p.want, p.from, p.refused = Record{}, "", false
	}
	if p.stale = p.stale && p.at == calling; p.at == storing {
		p.refused = false // counts for nothing
	}
	key := fmt.Sprint(p.self.Holder, p.at, p.end, m.record(p.record), p.version, m.record(p.want), p.from, p.tries, p.own,
		p.resuming, p.overtaken, "|", p.spent, "|", p.taken, "|", p.doubted, "|", p.sent.Nonce, "|",
		string(p.bundle.PrivateKey), p.misses, p.refused, p.stale)
	n, ok := m.pnum[key]
	if !ok {
		n = int32(len(m.protocols))
		m.protocols = append(m.protocols, p)
		m.stampsOf = append(m.stampsOf, stampsOf(&p))
		m.pnum[key] = n
	}
	return n
}

func stampsOf(p *protocol) (known [maxStamps]bool) {
	for _, nonce := range []string{nonceOf(&p.record), nonceOf(&p.want), p.spent, p.taken, p.doubted, p.sent.Nonce} {
		if nonce != "" && stampNumber(nonce) < maxStamps {
			known[stampNumber(nonce)] = true
		}
	}
	return known
}

// Of versions it only counts whether they are the latest (2), the one before (1)
// or older (0). A Swap makes 3, and then all get one less.
func (m *model) rename(n int32) int32 {
	to, ok := m.renamed[n]
	if !ok {
		p := m.protocols[n]
		for _, v := range []*string{&p.version, &p.from} {
			switch *v {
			case "3":
				*v = "2"
			case "2":
				*v = "1"
			case "1":
				*v = "0"
			}
		}
		to = m.protocol(p, swap) // keeps everything
		m.renamed[n] = to
	}
	return to
}

func holderName(i int) string { return string(rune('A' + i)) }

func nonceName(s uint8) string { return string(rune('p' + s)) }

func keyName(s uint8) string { return "key " + nonceName(s) }

func (m *model) initial() world {
	w := world{cur: m.record(Record{})}
	for i := range m.holders {
		name := holderName(i)
		if m.oneHolder {
			name = "A"
		}
		w.h[i] = modelHolder{alive: true, p: m.protocol(protocol{self: Record{Holder: name, Chain: "c", Consortium: "o"}}, load), next: load}
	}
	return w
}

// step feeds an event to a holder's protocol.
func (m *model) step(w *world, i int, k stepKey) {
	h := &w.h[i]
	k.p = h.p
	v, ok := m.steps[k]
	if !ok {
		e := event{kind: k.kind, version: string(k.version), wall: stampTimes.Add(ages[k.age])}
		p := m.protocols[h.p]
		switch k.kind {
		case loaded:
			e.record = m.records[k.rec]
			p.refused = p.refused && !m.blindToConflict
			if p.at == watching && k.long {
				p.seen, p.seenAny, e.mono = e.version, true, quietTime
			}
		case journaled:
			e.stamp = stampOf(k.stamp)
		case gotKey:
			e.bundle = certbundle.Bundle{PrivateKey: []byte(keyName(k.stamp))}
		case fetched:
			e.bundle = certbundle.Bundle{PrivateKey: p.record.Bundle.PrivateKey, ClientCert: []byte("c"), CACert: []byte("a")}
		case loadFailed, swapFailed, expired, nothing, lost, fetchFailed:
			if e.err = errModel; k.conflict {
				e.err = ErrConflict
			}
		}
		next := protocol{}
		next, v.next = p.next(e)
		v.p = m.protocol(next, v.next)
		m.steps[k] = v
	}
	h.p, h.next = v.p, v.next
	switch v.next {
	case apply:
		h.phase, h.doubt, h.msg = callIdle, false, 0
	case resume:
		h.phase, h.doubt, h.msg = callSends, true, stampNumber(m.protocols[v.p].sent.Nonce)
	case send:
		h.phase, h.msg = callSends, stampNumber(m.protocols[v.p].sent.Nonce)
	case refrain:
		h.phase = noCall
		m.step(w, i, stepKey{kind: nothing})
	case finish:
		m.judgeEnd(w, i)
	}
}

var errModel = errors.New("model")

func stampOf(s uint8) baas.Stamp { return baas.Stamp{Nonce: nonceName(s), Time: stampTimes} }

func stampNumber(nonce string) uint8 { return nonce[0] - 'p' }

// judgeEnd checks what a call of Ensure returns.
func (m *model) judgeEnd(w *world, i int) {
	h := &w.h[i]
	p, there := &m.protocols[h.p], &m.records[w.cur]
	stored := string(there.Bundle.PrivateKey)
	key := string(p.bundle.PrivateKey)
	switch {
	case p.end == hasIdentity && (p.record.State != Complete || string(p.record.Bundle.PrivateKey) != stored):
		m.violation = "returns another identity than the store's"
	case p.end == failed && p.doubted != "":
		m.violation = "conceals a doubt"
	case key == "" || key == stored:
	case p.end != notStored:
		m.violation = "a key is dropped"
	case !h.cancelled && nonceOf(there) == p.sent.Nonce:
		m.violation = "a key is not stored over the record of its Stamp"
	}
}
