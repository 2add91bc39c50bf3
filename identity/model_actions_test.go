package identity

// An edge is one step of the model.
type edge struct {
	to        world
	step      step
	fault     bool   // no step that has to happen
	violation string // what is wrong with it
}

// A step says what an edge is.
type step struct {
	who          int8 // the holder; -1 is nobody
	what, detail string
}

func (s step) String() string {
	who := ""
	if s.who >= 0 {
		who = holderName(int(s.who)) + " "
	}
	return who + s.what + s.detail
}

// edges lists what can happen next.
func (m *model) edges(w world) []edge {
	out := m.out[:0]
	add := func(what step, fault bool, f func(w *world)) {
		next := w
		m.violation = ""
		f(&next)
		m.simplify(&next)
		out = append(out, edge{to: next, step: what, fault: fault, violation: m.violation})
	}
	for i := range m.holders {
		h := &w.h[i]
		if !h.alive || h.next == finish {
			continue
		}
		who := func(what string) step { return step{who: int8(i), what: what} }
		add(who("crashes"), true, func(w *world) { m.crash(w, i) })
		switch h.next {
		case load, pause:
			m.loads(&w, i, who, add)
		case swap:
			m.swaps(&w, i, who, add)
		case fetch:
			add(who("fetches"), false, func(w *world) { m.step(w, i, stepKey{kind: fetched}) })
			add(who("cannot fetch"), true, func(w *world) { m.step(w, i, stepKey{kind: fetchFailed}) })
		default:
			m.calls(&w, i, who, add)
		}
	}
	m.nature(&w, add)
	m.out = out
	return out
}

type by func(what string) step

type adder func(what step, fault bool, f func(w *world))

func (m *model) crash(w *world, i int) {
	h := &w.h[i]
	if h.phase == callWaits {
		w.stamps[h.msg].late[m.hosts[i]] = true
	}
	*h = modelHolder{}
}

// simplify makes equal what can make no difference any more.
func (m *model) simplify(w *world) {
	used := [maxStamps]bool{}
	mark := func(n int32) {
		if r := &m.records[n]; r.Stamp != nil {
			used[stampNumber(r.Stamp.Nonce)] = true
		}
	}
	mark(w.cur)
	if w.hasPrev {
		mark(w.prev)
	}
	for i := range m.holders {
		h := &w.h[i]
		if h.next == finish {
			*h = modelHolder{}
			continue
		}
		if h.next != load && h.next != pause {
			h.stale = 0
		}
		for s, yes := range m.stampsOf[h.p] {
			used[s] = used[s] || yes
		}
	}
	for s := range m.stampsMax {
		st := &w.stamps[s]
		for host, taken := range st.taken {
			if taken || st.age >= ageGateway {
				st.late[host] = false
			}
		}
		if !m.clears || w.cleared {
			st.age = min(st.age, ageGateway)
		}
		if st.made && !used[s] && st.late == [2]bool{} {
			*st = modelStamp{made: true, age: ageClear}
		}
	}
}

func (m *model) loads(w *world, i int, who by, add adder) {
	p := &m.protocols[w.h[i].p]
	if w.h[i].next == pause {
		add(who("is cancelled"), true, func(w *world) {
			w.h[i].cancelled = true
			m.step(w, i, stepKey{kind: expired})
		})
	}
	one := func(label step, fault bool, rec int32, version byte, stale uint8) {
		k := stepKey{kind: loaded, rec: rec, version: version}
		r := m.records[rec]
		if r.Stamp != nil {
			k.age = w.stamps[stampNumber(r.Stamp.Nonce)].age
		}
		if m.keyOnlyByHolder && p.at == storing && r.Holder != p.self.Holder {
			other := stampOf(9)
			r.Stamp = &other
			k.rec = m.record(r)
		}
		add(label, fault, func(w *world) { m.look(w, i, k, stale) })
		if p.at == watching && r.State == Applying {
			k.long = true
			label.detail = " after 15 s"
			add(label, fault, func(w *world) { m.look(w, i, k, stale) })
		}
	}
	one(who("loads"), false, w.cur, '2', 0)
	if w.hasPrev && w.h[i].stale < maxStale {
		one(who("loads a stale record"), true, w.prev, '1', w.h[i].stale+1)
	}
	add(who("cannot load"), true, func(w *world) { m.look(w, i, stepKey{kind: loadFailed}, w.h[i].stale) })
}

// look loads, after a wait if there is one to be made.
func (m *model) look(w *world, i int, k stepKey, stale uint8) {
	if w.h[i].next == pause {
		m.step(w, i, stepKey{kind: waited})
	}
	w.h[i].stale = stale
	before := m.protocols[w.h[i].p]
	m.step(w, i, k)
	after := m.protocols[w.h[i].p]
	if k.kind == loaded && stale > 0 && after.end == failed && before.refused && (before.at == journaling || before.at == completing) {
		m.violation = "a stale Load ends a call"
	}
}

// put makes r the latest record.
func (m *model) put(w *world, r Record) {
	old := &m.records[w.cur]
	if len(old.Bundle.PrivateKey) > 0 && string(old.Bundle.PrivateKey) != string(r.Bundle.PrivateKey) {
		m.violation = "a stored key is dropped"
	}
	w.prev, w.cur, w.hasPrev = w.cur, m.record(r), true
	for j := range m.holders {
		if w.h[j].alive {
			w.h[j].p = m.rename(w.h[j].p)
		}
	}
}

var swapsIn = [...]string{"swaps in Empty", "swaps in Applying", "swaps in InDoubt", "swaps in Issued", "swaps in Complete"}

func (m *model) swaps(w *world, i int, who by, add adder) {
	p := &m.protocols[w.h[i].p]
	want, from := p.want, p.from
	if m.noFence && p.at == journaling || m.blindEmpty && p.at == emptying {
		from = "2"
	}
	fails := func(w *world) { m.step(w, i, stepKey{kind: swapFailed}) }
	conflicts := func(w *world) { m.step(w, i, stepKey{kind: swapFailed, conflict: true}) }
	what := func(detail string) step { return step{int8(i), swapsIn[want.State], detail} }
	if from != "2" {
		if from == "0" && w.pruned && m.noListing {
			// The name is free again, and there is a higher one.
			add(what(" below the latest version"), false, func(w *world) { m.step(w, i, stepKey{kind: swapped, version: '0'}) })
			return
		}
		add(what(": conflict"), false, conflicts)
		return
	}
	add(what(""), false, func(w *world) {
		// The version that it gets is 3 until all get one less.
		m.step(w, i, stepKey{kind: swapped, version: '3'})
		m.violation = ""
		m.put(w, want)
		if w.h[i].next == finish {
			m.judgeEnd(w, i)
		}
	})
	add(what(", and is told that it failed"), true, func(w *world) {
		m.put(w, want)
		m.step(w, i, stepKey{kind: swapFailed})
	})
	add(what(", and is told that it was a conflict"), true, func(w *world) {
		m.put(w, want)
		conflicts(w)
	})
	add(what(": the store fails"), true, fails)
}

// calls goes on with a call of the typed method.
func (m *model) calls(w *world, i int, who by, add adder) {
	h := &w.h[i]
	s := h.msg
	end := func(kind eventKind) func(w *world) {
		return func(w *world) {
			w.h[i].phase = noCall
			m.step(w, i, stepKey{kind: kind, stamp: s})
		}
	}
	lostOrNothing := nothing
	if h.doubt {
		lostOrNothing = lost
	}
	switch h.phase {
	case callIdle:
		m.makes(w, i, who, add)
		add(who("gives up before a message"), false, end(nothing))
	case callSends:
		sameHost := w.stamps[s].host == m.hosts[i] || m.anyHost
		if w.stamps[s].age == ageFresh && sameHost {
			add(who("sends"), false, func(w *world) { w.h[i].phase = callWaits })
		}
		add(who("does not send"), w.stamps[s].age == ageFresh && sameHost, end(lostOrNothing))
	case callWaits:
		m.arrives(w, s, m.hosts[i], who("'s message arrives"), add, func(w *world, reply uint8) {
			if w.h[i].phase = reply; reply == replyNo && h.doubt {
				w.h[i].phase = callDeaf
			}
		})
		add(who("gives up waiting"), false, func(w *world) {
			w.stamps[s].late[m.hosts[i]] = true
			end(lost)(w)
		})
		m.resends(w, i, who, add, true)
	case callDeaf:
		add(who("gives up waiting"), false, end(lost))
		m.resends(w, i, who, add, false)
	case replyKey:
		add(who("gets the key"), false, end(gotKey))
		add(who("loses the reply"), true, func(w *world) { w.h[i].phase = callDeaf })
	case replyNo:
		m.makes(w, i, who, add)
		add(who("is refused"), false, end(nothing))
	}
}

// makes makes a fresh message.
func (m *model) makes(w *world, i int, who by, add adder) {
	for s := range m.stampsMax {
		if w.stamps[s].made {
			continue
		}
		add(step{int8(i), "journals", nonceNames[s]}, false, func(w *world) {
			w.stamps[s] = modelStamp{made: true, host: m.hosts[i]}
			m.step(w, i, stepKey{kind: journaled, stamp: uint8(s)})
		})
		return
	}
}

// resends sends the same bytes again.
func (m *model) resends(w *world, i int, who by, add adder, late bool) {
	s := w.h[i].msg
	if w.stamps[s].age != ageFresh || late && w.stamps[s].late[m.hosts[i]] {
		return
	}
	add(who("sends the same again"), true, func(w *world) {
		w.h[i].phase, w.h[i].doubt = callWaits, true
		if late {
			w.stamps[s].late[m.hosts[i]] = true
		}
	})
}

// arrives: the gateway judges a copy.
func (m *model) arrives(w *world, s, host uint8, label step, add adder, reply func(w *world, reply uint8)) {
	switch {
	case w.stamps[s].age >= ageGateway:
		add(label.with(" too late"), false, func(w *world) { reply(w, replyNo) })
	case w.stamps[s].taken[host]:
		add(label.with(" as a copy"), false, func(w *world) { reply(w, callDeaf) })
	default:
		add(label.with(", issued"), false, func(w *world) {
			w.stamps[s].taken[host], w.stamps[s].key = true, true
			if w.issued++; w.issued > 1 {
				m.violation = "two certificates"
			}
			reply(w, replyKey)
		})
		add(label.with(", refused"), false, func(w *world) {
			w.stamps[s].taken[host] = true
			reply(w, replyNo)
		})
	}
}

func (s step) with(detail string) step {
	s.detail = detail
	return s
}

var nonceNames = [...]string{" p", " q", " r"}

func nobody(what string) step { return step{who: -1, what: what} }

// nature is what happens by itself, or by a person.
func (m *model) nature(w *world, add adder) {
	for s := range m.stampsMax {
		st := &w.stamps[s]
		if !st.made {
			break
		}
		if st.age < ageClear && (s == 0 || w.stamps[s-1].age > st.age) {
			add(nobody("time passes for").with(nonceNames[s]), false, func(w *world) { w.stamps[s].age++ })
		}
		for host := range st.late {
			if st.late[host] {
				m.arrives(w, uint8(s), uint8(host), nobody("a late copy arrives"), add, func(w *world, _ uint8) { w.stamps[s].late[host] = false })
			}
		}
	}
	if m.prunes && !w.pruned {
		add(nobody("old version files are deleted"), true, func(w *world) { w.pruned = true })
	}
	r := m.records[w.cur]
	if !m.clears || w.cleared || r.State != Applying && r.State != InDoubt {
		return
	}
	at := stampTimes.Add(ages[w.stamps[stampNumber(nonceOf(&r))].age])
	if m.clearAtOnce {
		at = stampTimes.Add(2 * clearTime)
	}
	empty, until, err := cleared(&r, at)
	if err == nil && until.IsZero() {
		empty.Holder = "person"
		add(nobody("a person clears"), true, func(w *world) {
			w.cleared, w.issued = true, 0 // nothing was issued, or it is reset now
			m.put(w, empty)
		})
	}
}
