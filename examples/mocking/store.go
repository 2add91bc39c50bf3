package mocking

import (
	"context"
	"errors"

	"github.com/antchain-go/baas"
)

// ErrPending means that an application for the chain has begun and nobody
// knows yet what became of it: it is under way, the process died in the middle
// of it, or its reply was lost.
var ErrPending = errors.New("mocking: an earlier application is not cleared up")

// ErrEnrolled means that the chain's identity is in the Store already.
var ErrEnrolled = errors.New("mocking: enrolled already")

// An Identity is what an application yields. The key in it is encrypted, and
// Result does not print it.
type Identity struct {
	RequestID string
	Result    baas.CertificateResult
}

// A Doubt is what the service's support needs to find out what became of an
// application.
type Doubt struct {
	SignatureNonce string
	RequestID      string // empty if no reply bore one
}

// A Store keeps the state of each chain's application. What a method has
// stored is durable when it returns.
type Store interface {
	// Begin notes that an application is about to be sent. It returns
	// ErrPending or ErrEnrolled if there is a note or an identity already; of
	// two calls at the same time one succeeds.
	Begin(ctx context.Context, chainID string) error

	// Abandon takes the note back: nothing was issued.
	Abandon(ctx context.Context, chainID string) error

	// Suspect adds to the note what is known of a lost reply.
	Suspect(ctx context.Context, chainID string, d Doubt) error

	// Complete puts the identity in the place of the note.
	Complete(ctx context.Context, chainID string, id Identity) error
}
