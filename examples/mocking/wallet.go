package mocking

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// A Wallet is the service.
type Wallet struct {
	// Client is the real client. There is no interface to put a fake behind:
	// tests mock the endpoint, so that signing, retries and errors are tested
	// as they are.
	Client  *baas.Client
	Store   identity.Store
	Request baas.ApplyAntChainCertificateWithKeyAutoCreationRequest

	// Rescue is the folder for a key that Store does not take.
	Rescue string
}

// Connect opens a connection to a node. At the first start it enrolls; every
// later one finds the identity in the store. An error that matches
// identity.ErrInDoubt needs a person: nothing is applied for until then. ctx
// should end some time, but not within 7 minutes: a store that does not take the
// key is tried for as long.
func (w *Wallet) Connect(ctx context.Context, node string) (*tls.Conn, error) {
	bundle, err := identity.Ensure(ctx, w.Client, w.Store, &w.Request)
	if errors.Is(err, certbundle.ErrKeyNotStored) {
		err = errors.Join(err, bundle.WriteDir(w.Rescue)) // the bundle is the only copy
	}
	if err != nil {
		return nil, fmt.Errorf("identity on chain %s: %w", w.Request.AntChainID, err)
	}
	cfg, err := bundle.TLSConfig(w.Request.Password)
	if err != nil {
		return nil, err
	}
	conn, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", node)
	if err != nil {
		return nil, certbundle.ExplainHandshake(err)
	}
	return conn.(*tls.Conn), nil
}
