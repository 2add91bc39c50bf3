package identity

import (
	"context"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// AddTrustStore gets the trust store of a complete identity that lacks it. Ensure
// does without, since only Java reads it. It asks for fresh links; if the trust
// store is there, it does nothing. req and opts are as for Ensure.
//
// An identity that is not complete is an error that matches ErrConflict. Errors
// of the download match certbundle.ErrDownload.
func AddTrustStore(
	ctx context.Context, client *baas.Client, store Store,
	req *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest, opts ...Option,
) error {
	if err := checkArguments(ctx, client, store, req); err != nil {
		return err
	}
	r, version, err := store.Load(ctx)
	if err == nil {
		err = r.check()
	}
	switch {
	case err != nil:
		return storeFault("load", err)
	case r.State != Complete:
		return incomplete(r.State)
	case len(r.Bundle.TrustStore) > 0:
		return nil
	}
	if err := checkSame(&r, &Record{Chain: req.AntChainID, Consortium: req.ConsortiumID}); err != nil {
		return err
	}
	links, err := describe(ctx, client, req)
	if err != nil {
		return err
	}
	e := &enrollment{options: newOptions(opts), ctx: ctx, store: store}
	b := cloneBundle(r.Bundle)
	if err := e.download(&b, links); len(b.TrustStore) == 0 {
		return err
	}
	r.Bundle = b
	if _, err := e.put(ctx, r, version); err != nil {
		return storeFault("write", err)
	}
	return e.copyOut(&certbundle.Bundle{TrustStore: b.TrustStore})
}

// incomplete is the error for a record of another State than Complete.
type incomplete State

func (s incomplete) Error() string {
	return "identity: the record is " + State(s).String() + ", and only a Complete one takes a trust store: call Ensure first"
}

// Is matches ErrConflict.
func (incomplete) Is(target error) bool { return target == ErrConflict }
