package identity

import (
	"context"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// WithOwnKey makes the private key here, as certbundle.NewCSR does, if the store
// is Empty: it leaves this process for the store alone, encrypted with the password of
// the request. The key is stored first; then its certificate is applied for, once,
// with ApplyAntChainCertificate.
//
// An error that matches baas.ErrOutcomeUnknown says that the application may have
// arrived: calling Ensure again completes the identity if so. A certificate
// that is not issued yet is one of the files that are missing. After any other
// error of the application the store is Empty again.
//
// A process that ends between key and application leaves a key for which no
// certificate will come. So does a store that takes the key, and then neither says
// so nor can be read, for some ten tries in a row. No later call can tell that
// from an application that has arrived, and none applies again: if the console
// shows no application, use another store.
func WithOwnKey() Option {
	return func(o *options) { o.ownKey = true }
}

var errNoKeyCame = errors.New("identity: the enrollment of another holder has ended without a key: call Ensure again")

// onlyResume takes over from other holders, and makes no application of its
// own, in which the service would make the key.
func onlyResume(apply applyFunc) applyFunc {
	return func(ctx context.Context, req *request, journal func(context.Context, baas.Stamp) error, resume *baas.Stamp) (*response, error) {
		if resume == nil {
			return nil, errNoKeyCame
		}
		return apply(ctx, req, journal, resume)
	}
}

// useOwnKey makes an Empty store Issued, with a key that was made here, and
// applies for its certificate.
func (e *enrollment) useOwnKey() error {
	r, version, err := e.store.Load(e.ctx)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return storeFault("load", err)
	}
	if r.State != Empty {
		return nil
	}
	key, csr, err := certbundle.NewCSR(pkix.Name{
		CommonName: e.req.CommonName, OrganizationalUnit: []string{e.req.OrganizationUnitName}, Organization: []string{e.req.OrganizationName},
		Locality: []string{e.req.LocalityName}, Province: []string{e.req.StateOrProvinceName}, Country: []string{e.req.CountryName},
	}, e.req.Password)
	if err != nil {
		return err
	}
	ctx, done := grace(e.ctx) // a key that was stored is followed by its application, or taken back
	defer done()
	e.p.record = r
	own := e.p.with(Issued, nil)
	own.Bundle.PrivateKey = key
	version, err = e.put(ctx, own, version)
	if errors.Is(err, ErrConflict) {
		return nil // somebody else enrolls
	}
	if err != nil {
		return fmt.Errorf("identity: nothing was applied for; if the store shows a key all the same, use another store: %w", storeFault("write", err))
	}
	_, err = e.client.ApplyAntChainCertificate(e.ctx, &baas.ApplyAntChainCertificateRequest{
		AntChainID: e.req.AntChainID, UploadReq: base64.StdEncoding.EncodeToString(csr), RegionID: e.req.RegionID,
	})
	if err == nil || errors.Is(err, baas.ErrOutcomeUnknown) {
		return err
	}
	// Nothing was applied for, so the key is good for nothing.
	if _, errPut := e.put(ctx, e.p.with(Empty, nil), version); errPut != nil {
		err = errors.Join(err, storeFault("write", errPut))
	}
	return err
}

// putTries is how often put looks at a store that cannot be read.
const putTries = 10

// put swaps r in. That counts as done if r is found in the store, whatever the
// error. It repeats the Swap, after a pause, from the same version: of all these
// one at most is ever applied. After a conflict it looks, for as
// long as ctx lasts, until Load shows another version than the one that was refused.
func (e *enrollment) put(ctx context.Context, r Record, version string) (string, error) {
	var first, conflict error
	for tries := 1; ; tries++ {
		err := conflict
		if conflict == nil {
			next, errSwap := e.store.Swap(ctx, r, version)
			if errSwap == nil {
				return next, nil
			}
			if err = errSwap; errors.Is(err, ErrConflict) {
				conflict = err
			}
			if first == nil {
				first = err
			}
		}
		there, shown, errLoad := e.store.Load(ctx)
		switch {
		case errLoad == nil && there.equal(r):
			return shown, nil
		case errLoad == nil && shown != version: // somebody else was faster
			return "", err
		case errLoad == nil && conflict == nil && tries >= maxTries:
			return "", err
		case errLoad != nil && tries >= putTries:
			return "", errors.Join(first, errLoad)
		}
		if e.clock.sleep(ctx, e.poll); ctx.Err() != nil {
			return "", err
		}
	}
}
