package identity

import (
	"bytes"
	"slices"
)

// The part of the protocol from the call of the typed method to the identity.

// begin calls the typed method. What it sends first is fenced by the version
// that was found.
func (p *protocol) begin(resuming bool) move {
	p.at, p.own, p.resuming, p.overtaken = calling, true, resuming, false
	p.tries, p.misses = 0, 0
	if resuming {
		p.sent = *p.record.Stamp
		return resume
	}
	return apply
}

// call follows the typed method.
func (p *protocol) call(e *event) move {
	switch e.kind {
	case journaled:
		if p.resuming || !p.own {
			return refrain // never asked for
		}
		stamp := e.stamp
		return p.write(journaling, p.with(Applying, &stamp))
	case gotKey:
		p.bundle = e.bundle
		return p.keep()
	}
	p.err, p.requestID = e.err, e.requestID
	switch {
	case p.resuming && e.kind == nothing:
		return p.finish(failed, e.err) // this copy was not sent; of others nobody knows
	case p.resuming:
		p.spent = p.sent.Nonce
		p.at = watching
		return pause
	case e.kind == lost:
		p.doubted = p.sent.Nonce
		return p.write(doubting, p.inDoubt())
	case p.overtaken && p.stale:
		p.at, p.err = watching, nil
		return pause
	case p.overtaken:
		p.at, p.err = watching, nil
		return load
	case p.own && p.record.Holder == p.self.Holder:
		return p.write(emptying, p.with(Empty, nil))
	}
	return p.finish(failed, e.err)
}

// journal: no message goes out before its Stamp is in the store. That another
// is journaled proves that the earlier ones of this call were not carried out.
func (p *protocol) journal(e *event) move {
	switch e.kind {
	case swapped:
		p.took(p.want, e.version)
	case swapFailed:
		p.err = e.err
		return load
	case loaded:
		if !e.record.equal(p.want) {
			// If nothing has changed, it is the store that does not work. After a
			// conflict something has, whatever a Load shows.
			p.at, p.own, p.overtaken = calling, false, e.version != p.from || p.refused
			return refrain
		}
		p.took(p.want, e.version)
	default:
		p.at, p.own = calling, false
		return refrain
	}
	p.at, p.sent = calling, *p.want.Stamp
	p.doubted = "" // cleared, or the store would have shown it
	return send
}

// empty: Empty is written from the version that this call has written, or not
// at all. After odd tries it pauses, after even ones it writes.
func (p *protocol) empty(e *event) move {
	switch e.kind {
	case swapFailed:
		return load
	case loaded:
		r := e.record
		switch {
		case r.equal(p.want):
		case r.check() == nil && r.State >= Issued && checkSame(&r, &p.self) == nil:
			return p.judge(e)
		case r.State == Applying && r.Holder == p.self.Holder && !p.refused && p.tries < 2*maxEmpty:
			if p.tries++; p.tries%2 == 1 {
				return pause // and look again
			}
			return swap // from the own version, as before
		}
	case loadFailed:
		if p.tries += 2; p.tries <= 2*maxEmpty {
			return pause
		}
	}
	return p.finish(failed, p.err)
}

func (p *protocol) doubt(e *event) move {
	switch e.kind {
	case swapped:
		p.record = p.want
		return p.finish(doubtful, p.err)
	case swapFailed:
		return load
	case loaded:
		if p.misses++; e.record.State == Empty && p.misses < maxMisses {
			return pause // stale: nobody could have cleared the doubt so soon
		}
		if p.stale {
			return pause // until it shows who has gone on from there
		}
		return p.judge(e)
	}
	return p.finish(doubtful, p.err)
}

// keep stores the key over the record that is there.
func (p *protocol) keep() move {
	r := p.with(Issued, &p.sent)
	r.Bundle.PrivateKey = slices.Clone(p.bundle.PrivateKey)
	return p.write(storing, r)
}

// store: a key always wins over what says no more than that it is missing.
func (p *protocol) store(e *event) move {
	switch e.kind {
	case swapped:
		return p.stored(e.version)
	case swapFailed:
		p.err = e.err
		return load
	case loadFailed:
		return pause
	}
	r := &e.record
	switch {
	case r.equal(p.want):
		return p.stored(e.version)
	case r.check() == nil && r.State >= Issued && bytes.Equal(r.Bundle.PrivateKey, p.bundle.PrivateKey):
		return p.judge(e) // and others have gone on from there
	case r.check() == nil && r.hasNonce(p.sent.Nonce) && r.State < Issued:
		p.misses = 0
		refused := e.version == p.from
		p.record, p.version = *r, e.version
		if refused && p.tries == 0 { // the store has not taken it: not again at once
			p.tries = 1
			return pause
		}
		p.tries = 0
		return p.keep()
	}
	// Another's enrollment, or a Clear. But what was loaded may be stale.
	if p.misses++; p.misses < maxMisses {
		return pause
	}
	p.record, p.version = *r, e.version
	return p.finish(notStored, errOvertaken)
}

func (p *protocol) stored(version string) move {
	p.took(p.want, version)
	p.at = completing
	return fetch
}

// complete: the key is stored, so nothing can be lost any more.
func (p *protocol) complete(e *event) move {
	switch e.kind {
	case fetched:
		r := p.record
		r.State, r.Bundle = Complete, e.bundle
		r.Chain, r.Consortium = p.self.Chain, p.self.Consortium
		return p.write(completing, r)
	case swapped:
		p.took(p.want, e.version)
		return p.finish(hasIdentity, nil)
	case swapFailed:
		p.err = e.err
		return load
	case loaded:
		r := &e.record
		switch {
		case r.check() != nil || !bytes.Equal(r.Bundle.PrivateKey, p.want.Bundle.PrivateKey):
			if p.misses++; p.misses < maxMisses {
				return pause // stale
			}
			return p.finish(failed, p.err) // or somebody has meddled with it
		case r.State == Complete:
			return p.judge(e)
		case p.stale:
			return pause
		}
		if p.tries++; p.tries > maxTries {
			return p.finish(failed, p.err)
		}
		p.record, p.version = *r, e.version
		return p.write(completing, p.want)
	}
	return p.finish(failed, e.err)
}
