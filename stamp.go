package baas

import (
	"context"
	"slices"
	"time"

	"github.com/antchain-go/baas/internal/atmostonce"
	"github.com/antchain-go/baas/internal/clock"
	"github.com/antchain-go/baas/internal/redact"
	"github.com/antchain-go/baas/internal/sign"
)

// A Stamp identifies a message that was about to be sent. It holds no secret and
// survives JSON.
type Stamp struct {
	Nonce string

	// Time is the message's Timestamp: whole seconds, UTC, and never ahead of
	// the gateway's clock.
	Time time.Time

	// Digest is the SHA-256, in hex, of scheme, host, what is signed, and the
	// signature. Without the signature the parameters could be guessed.
	Digest string
}

// A CallOption configures one call. Nil options are skipped; the last of a kind
// wins.
type CallOption func(*callOptions)

type callOptions struct {
	journaled bool
	journal   func(context.Context, Stamp) error
	resume    *Stamp
}

// WithJournal calls record before each message of the call that has not been
// sent before: the first, and each with a fresh nonce. It is for a call that
// changes something.
//
// If record fails, nothing is sent, and the call ends in an error that wraps
// record's; nothing was carried out. record runs on the caller's goroutine,
// outside the attempt timeout. It must return within the resend window of five
// minutes. When it is called again, the messages of the earlier Stamps of this
// call were certainly not carried out.
//
// A Timestamp ahead of the gateway's clock would outlive the gateway's memory of
// its nonce. So a client that has not received a reply yet first calls
// DescribeAntChainConsortiums, which is read-only, to learn the gateway's time
// from any reply, a refusal included. Without a reply the call ends in that error.
func WithJournal(record func(context.Context, Stamp) error) CallOption {
	return func(o *callOptions) { o.journaled, o.journal = true, record }
}

// WithResume makes the call's first message the one of s, a Stamp of WithJournal.
// The call is in doubt from the start, so only those bytes are ever sent, and
// nothing is journaled. It never falls back to a fresh nonce.
//
// Within five minutes of s.Time, the call ends with the key, if this copy is the
// first to arrive. Otherwise it ends in an OutcomeUnknownError, whose Reason is
//
//   - ReasonNonceUsed, if an earlier copy has arrived: its reply is lost;
//   - ReasonNotRepeatable, if the bytes cannot be made again, since the
//     credentials, parameters, endpoint or signature version are others;
//   - ReasonStampTooOld, if the five minutes are over;
//   - ReasonStampInFuture, if s is more than a minute ahead of this machine's clock;
//   - ReasonPreparationFailed, if there were no credentials, or ctx had ended;
//   - another one, if this copy has met the same fate as the first.
//
// After the second to the fifth, this call has sent nothing.
func WithResume(s Stamp) CallOption {
	return func(o *callOptions) { o.resume = &s }
}

func callOptionsOf(opts []CallOption) callOptions {
	if len(opts) == 0 {
		return callOptions{}
	}
	o := &callOptions{}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	return *o
}

// check names what is wrong with the options of a call.
func (o *callOptions) check(in *input) {
	if o.journaled && o.journal == nil {
		in.fault("WithJournal", "is nil")
	}
	if in.readOnly && o.journaled {
		in.fault("WithJournal", "is for calls that change something")
	}
	if in.readOnly && o.resume != nil {
		in.fault("WithResume", "is for calls that change something")
	}
	if o.resume != nil {
		o.journal = nil
	}
}

// invalid is the error of a call that was refused beforehand. What is to be
// resumed may have been carried out all the same.
func (o *callOptions) invalid(e *ValidationError) error {
	if o.resume == nil || slices.ContainsFunc(e.Fields, func(f FieldError) bool { return f.Field == "WithResume" }) {
		return e
	}
	return &OutcomeUnknownError{Action: e.Action, SignatureNonce: o.resume.Nonce, Reason: ReasonNotRepeatable, Err: e}
}

// beforehand is the error of a call that ends before a message is sent.
func (k *call) beforehand(err error) error {
	if k.opts.resume == nil {
		return err
	}
	k.message.nonce = k.opts.resume.Nonce
	if k.doubt == nil {
		k.doubt = &doubt{reason: ReasonPreparationFailed, err: err}
	}
	return k.unknown()
}

// resumeMessage makes the message of s again.
func (k *call) resumeMessage(s Stamp) error {
	refuse := func(reason Reason, text string) error {
		err := &callError{action: k.in.name, text: text}
		k.doubt = &doubt{reason: reason, err: err}
		return err
	}
	now := k.c.clock()
	age := now.Wall.Sub(s.Time)
	switch {
	case age > atmostonce.ResendWindow:
		return refuse(ReasonStampTooOld, "nothing is resumed: the stamp is older than "+atmostonce.ResendWindow.String())
	case age < -atmostonce.MaxAhead:
		return refuse(ReasonStampInFuture, "nothing is resumed: the stamp is ahead of this clock by more than "+atmostonce.MaxAhead.String())
	}
	creds, err := k.credentials()
	if err != nil {
		return err
	}
	k.sign(creds, s.Nonce, s.Time, clock.Instant{Wall: s.Time.Round(0), Mono: now.Mono - age})
	if k.digest() != s.Digest {
		return refuse(ReasonNotRepeatable,
			"nothing is resumed: with these credentials, parameters, endpoint and signature version other bytes would be sent")
	}
	return nil
}

// digest is that of the message.
func (k *call) digest() string {
	return k.message.Digest(k.c.endpoint.Scheme, k.c.endpoint.Host)
}

// journal records the message, if that is asked for. t is its timestamp.
func (k *call) journal(t time.Time) error {
	if k.opts.journal == nil {
		return nil
	}
	stamp := Stamp{Nonce: k.message.nonce, Time: t.UTC().Truncate(time.Second), Digest: k.digest()}
	if err := k.opts.journal(k.ctx, stamp); err != nil {
		return &callError{
			action: k.in.name, text: "the journal failed, so nothing was sent", cause: redact.WrapCallers(err, k.ctx.Err(), &k.scrub),
		}
	}
	if k.TooLate() {
		return &callError{action: k.in.name, text: "the journal took longer than " + atmostonce.ResendWindow.String() + ", so nothing was sent"}
	}
	return nil
}

// learnGatewayTime makes a read-only request if the call is journaled and no
// reply has told the gateway's time yet. Its reply may be a refusal.
func (k *call) learnGatewayTime() error {
	if k.opts.journal == nil || k.c.gateway.Known() {
		return nil
	}
	probe := &call{
		c: k.c, ctx: k.ctx, state: atmostonce.New(true, k.c.retry.MaxAttempts),
		in: input{
			semantics: &describeConsortiums.semantics,
			params:    []sign.Pair{{Name: paramPageNumber, Value: "1"}, {Name: paramPageSize, Value: "1"}},
		},
		offset: k.offset,
	}
	probe.in.addRegion(k.c.region)
	defer probe.reply.Release()
	if _, err := probe.run(); !k.c.gateway.Known() {
		return &callError{action: k.in.name, text: "the gateway's time could not be learned, so nothing was sent", cause: err}
	}
	k.offset = time.Duration(k.c.offset.Load())
	return nil
}
