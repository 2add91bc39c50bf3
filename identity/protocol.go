package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// The times of the protocol. The gateway refuses a message whose timestamp is
// more than 15 minutes off, and remembers a nonce for as long.
const (
	// quietTime is how long a record must not have changed before its holder
	// counts as gone. It is measured by the monotonic clock of who watches.
	quietTime = 15 * time.Second
	// resendWindow is how long the same bytes are sent, as in package baas.
	resendWindow = 5 * time.Minute
	// callTime is how long a whole call takes at most: the resend window and
	// one attempt.
	callTime = resendWindow + 90*time.Second
	// clearTime is how long after the Stamp no copy of the message can be
	// accepted any more: the gateway's 15 minutes and 5 for the clocks.
	clearTime = 20 * time.Minute

	maxTries  = 3 // of a Swap whose loss does no harm
	maxEmpty  = 9 // repeated Swaps of Empty, each after a pause: without it the next call is in doubt
	maxMisses = 3 // looks at a record, which may be stale, before the key counts as overtaken
)

// A move is what a call of Ensure does next. What comes of it is the next event.
type move uint8

const (
	load    move = iota // load the record: loaded, loadFailed
	swap                // swap want in from the version from: swapped, swapFailed
	pause               // wait, then: waited, expired
	apply               // call the typed method with a journal: journaled, gotKey, nothing, lost
	resume              // call it with stamp: gotKey, nothing, lost
	send                // the journal succeeds: the call goes on
	refrain             // the journal fails: the call goes on
	fetch               // get the files that are missing: fetched, fetchFailed
	finish              // return what end says
)

type eventKind int

const (
	began eventKind = iota
	loaded
	loadFailed
	swapped
	swapFailed
	waited
	expired     // the context has ended
	journaled   // a message is about to be sent
	gotKey      // the call has ended with the key
	nothing     // the call has ended, and none of its messages was carried out
	lost        // the call has ended in doubt
	fetched     // what could be had of the files is there
	fetchFailed // not enough of them
)

// An event is what became of a move.
type event struct {
	kind      eventKind
	record    Record // loaded
	version   string // loaded, swapped
	stamp     baas.Stamp
	bundle    certbundle.Bundle // gotKey, fetched
	requestID string            // lost
	err       error

	mono time.Duration // the monotonic clock
	wall time.Time     // the wall clock
}

// An ending is how a call of Ensure ends.
type ending int

const (
	running     ending = iota
	hasIdentity        // record is Complete
	failed             // err; nothing of this call is in doubt
	doubtful           // record is InDoubt, or would be if the store worked
	inProgress         // the context ended while another holder enrolls
	notStored          // the store, or who has overtaken, refuses the key in bundle
)

// A place is where in the protocol a call of Ensure is.
type place int

const (
	watching   place = iota // looking at what others do
	overtaking              // writing itself as the holder of another's Stamp
	calling                 // the typed method runs
	journaling              // it is about to send a message
	emptying                // nothing was issued: writing Empty
	doubting                // writing InDoubt
	storing                 // it has the key
	completing              // the key is in the store
)

// A protocol is what one call of Ensure knows. next is the whole protocol: it
// has no other inputs and no effects.
type protocol struct {
	self Record // Holder, Chain, Consortium, Subject, Since: what this call writes
	at   place
	end  ending
	err  error

	record  Record // the latest that was loaded or written
	version string // its version
	want    Record // of the Swap in progress
	from    string // the version that it replaces
	tries   int

	// refused reports that the Swap in progress was a conflict, so that from is
	// not the latest version. stale reports that a Load has shown it all the same.
	refused, stale bool

	// own reports that version is the one that this call has written last, or
	// that an enrollment begins from. Only then a fresh message may be sent.
	own bool

	resuming  bool   // the call is of another's Stamp
	overtaken bool   // the journal found another's record
	spent     string // nonce of the Stamp of another that this call has resumed
	taken     string // nonce of the Stamp of another that this call has tried to take over
	takenFrom string // the holder at that time
	doubted   string // nonce of the own message in doubt
	sent      baas.Stamp
	requestID string
	bundle    certbundle.Bundle // with the key
	seen      string            // the version that is being watched
	seenAny   bool
	seenAt    time.Duration
	misses    int
}

// next returns the state after e, and what to do.
func (p protocol) next(e event) (protocol, move) {
	m := p.step(&e)
	return p, m
}

func (p *protocol) step(e *event) move {
	switch {
	case e.kind == expired:
		return p.expire(e)
	case e.kind == waited:
		return load
	case e.kind == swapFailed:
		p.refused = errors.Is(e.err, ErrConflict)
	case e.kind == loaded:
		p.stale = p.refused && e.version == p.from
	}
	switch p.at {
	case watching:
		return p.watch(e)
	case overtaking:
		return p.overtake(e)
	case calling:
		return p.call(e)
	case journaling:
		return p.journal(e)
	case emptying:
		return p.empty(e)
	case doubting:
		return p.doubt(e)
	case storing:
		return p.store(e)
	default:
		return p.complete(e)
	}
}

func (p *protocol) finish(how ending, err error) move {
	if how == failed && p.doubted != "" {
		how = doubtful // whatever else went wrong
	}
	p.end, p.err = how, err
	return finish
}

// expire: waiting ends with the context.
func (p *protocol) expire(e *event) move {
	switch {
	case p.at == storing:
		return p.finish(notStored, p.err)
	case p.at == doubting:
		return p.finish(doubtful, p.err)
	case p.at == emptying:
		return p.finish(failed, p.err)
	case p.at == completing:
		return p.finish(failed, fmt.Errorf("identity: the key is stored, and the record could not be completed: call Ensure again: %w",
			errors.Join(e.err, p.err)))
	case p.stale:
		return p.finish(inProgress, errStale)
	}
	return p.finish(inProgress, p.err)
}

// write begins a Swap from the version that the call knows last.
func (p *protocol) write(at place, r Record) move {
	p.at, p.want, p.from = at, r, p.version
	p.refused, p.stale = false, false
	return swap
}

// took notes that the record in the store is this call's.
func (p *protocol) took(r Record, version string) {
	p.record, p.version, p.own = r, version, true
	p.tries, p.misses = 0, 0
}

func (p *protocol) watch(e *event) move {
	switch e.kind {
	case loaded:
		return p.judge(e)
	case loadFailed:
		return p.finish(failed, e.err)
	default:
		return load
	}
}

// judge decides about a record while no call is running.
func (p *protocol) judge(e *event) move {
	p.at, p.own = watching, false
	p.record, p.version = e.record, e.version
	r := &p.record
	if err := p.checkFit(); err != nil {
		return p.finish(failed, err)
	}
	switch r.State {
	case Empty:
		return p.begin(false)
	case InDoubt:
		return p.finish(doubtful, p.err)
	case Issued:
		p.at = completing
		return fetch
	case Complete:
		return p.finish(hasIdentity, nil)
	}
	if r.Holder == p.self.Holder {
		return p.resumeOwn(e)
	}
	return p.watchOther(e)
}

// checkFit finds records that this call cannot use.
func (p *protocol) checkFit() error {
	if err := p.record.check(); err != nil {
		return err
	}
	if p.record.State != Empty {
		return checkSame(&p.record, &p.self)
	}
	return nil
}

// resumeOwn: the record is this call's, although its Swap seemed to have failed.
// So nobody has overtaken it.
func (p *protocol) resumeOwn(e *event) move {
	switch nonce := p.record.Stamp.Nonce; nonce {
	case p.doubted:
		if p.tries++; p.tries > maxTries {
			return p.finish(doubtful, p.err)
		}
		return p.write(doubting, p.inDoubt())
	case p.spent:
		return p.watchOther(e)
	case p.taken:
		return p.begin(true)
	default:
		return p.begin(false)
	}
}

// watchOther waits for another holder, and takes its place if that is gone.
func (p *protocol) watchOther(e *event) move {
	p.tries, p.misses = 0, 0
	if !p.seenAny || p.seen != p.version {
		p.seen, p.seenAny, p.seenAt = p.version, true, e.mono
	}
	if e.mono-p.seenAt < quietTime {
		return pause
	}
	nonce, age := p.record.Stamp.Nonce, e.wall.Sub(p.record.Stamp.Time)
	switch {
	case age > callTime:
		return p.write(doubting, p.inDoubt())
	case age <= resendWindow && nonce != p.spent && nonce != p.doubted:
		p.taken, p.takenFrom = nonce, p.record.Holder
		return p.write(overtaking, p.with(Applying, p.record.Stamp))
	}
	return pause
}

func (p *protocol) overtake(e *event) move {
	switch e.kind {
	case swapped:
		p.took(p.want, e.version)
		return p.begin(true)
	case swapFailed:
		p.at = watching
		return pause
	}
	return load
}

// afterTakeover reports whether this call has sent another's message again, has
// got no key, and has not been overtaken since.
func (p *protocol) afterTakeover() bool {
	r := &p.record
	return r.State == Applying && r.Holder == p.self.Holder && p.spent != "" && r.hasNonce(p.spent)
}

// with is the record with this call as the holder.
func (p *protocol) with(s State, stamp *baas.Stamp) Record {
	r := p.self
	r.State, r.Stamp, r.unknown = s, stamp, p.record.unknown
	return r
}

// inDoubt is the record with a doubt. It keeps who was enrolling.
func (p *protocol) inDoubt() Record {
	r := p.record
	r.State = InDoubt
	r.RequestID = p.requestID
	r.Reason = "nobody has brought the key in the time that a call takes"
	if p.err != nil {
		r.Reason = cut(p.err.Error())
	}
	return r
}
