package mocking

import (
	"context"
	"errors"
	"fmt"

	"github.com/antchain-go/baas"
)

// An Enroller gets TLS identities for chains, one for each.
type Enroller struct {
	// Client is the real client. There is no interface to put a fake behind:
	// tests mock the endpoint, so that signing, retries and errors are tested
	// as they are.
	Client *baas.Client
	Store  Store
}

// Enroll applies for an identity and stores it. It returns ErrPending or
// ErrEnrolled, and sends nothing, if there is an application for the chain
// already.
//
// With an error that matches baas.ErrOutcomeUnknown the chain stays pending.
// If the identity is there but could not be stored, it is returned together
// with the error, for it is the only copy.
func (e *Enroller) Enroll(
	ctx context.Context, req baas.ApplyAntChainCertificateWithKeyAutoCreationRequest,
) (*Identity, error) {
	chainID := req.AntChainID
	if err := e.Store.Begin(ctx, chainID); err != nil {
		return nil, fmt.Errorf("enroll in chain %s: %w", chainID, err)
	}
	resp, err := e.Client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, &req)

	// What is known now has to be stored even if ctx ended meanwhile.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		return nil, errors.Join(err, e.settle(ctx, chainID, err))
	}
	id := &Identity{RequestID: resp.RequestID, Result: resp.Result}
	if err := e.Store.Complete(ctx, chainID, *id); err != nil {
		return id, fmt.Errorf("store the identity of chain %s: %w", chainID, err)
	}
	return id, nil
}

// settle stores what an error says of the application. Should that fail, the
// note stays, which is on the safe side.
func (e *Enroller) settle(ctx context.Context, chainID string, cause error) error {
	var unknown *baas.OutcomeUnknownError
	if errors.As(cause, &unknown) {
		return e.Store.Suspect(ctx, chainID, Doubt{
			SignatureNonce: unknown.SignatureNonce,
			RequestID:      unknown.RequestID,
		})
	}
	// After every other error nothing was issued: applying again is safe.
	return e.Store.Abandon(ctx, chainID)
}
