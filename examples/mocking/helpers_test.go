package mocking_test

import (
	"context"
	"errors"
	"sync"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/examples/mocking"
)

const chainID = "1q8B5R9p"

// request is a complete application.
func request() baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID:           chainID,
		ConsortiumID:         "DV80nJXq",
		CommonName:           "wallet.example.com",
		CountryName:          "CN",
		StateOrProvinceName:  "Zhejiang",
		LocalityName:         "Hangzhou",
		OrganizationName:     "Example",
		OrganizationUnitName: "Wallet",
		Password:             "correct horse battery staple",
	}
}

// memoryStore is a Store for one chain.
type memoryStore struct {
	full bool // refuses identities

	mu       sync.Mutex
	pending  bool
	doubt    *mocking.Doubt
	identity *mocking.Identity
}

var errFull = errors.New("the store is full")

func (s *memoryStore) Begin(context.Context, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.identity != nil:
		return mocking.ErrEnrolled
	case s.pending:
		return mocking.ErrPending
	}
	s.pending = true
	return nil
}

func (s *memoryStore) Abandon(ctx context.Context, _ string) error {
	return s.store(ctx, func() { s.pending = false })
}

func (s *memoryStore) Suspect(ctx context.Context, _ string, d mocking.Doubt) error {
	return s.store(ctx, func() { s.doubt = &d })
}

func (s *memoryStore) Complete(ctx context.Context, _ string, id mocking.Identity) error {
	if s.full {
		return errFull
	}
	return s.store(ctx, func() { s.pending, s.identity = false, &id })
}

// store does what a database does when ctx is over: nothing.
func (s *memoryStore) store(ctx context.Context, change func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	change()
	return nil
}
