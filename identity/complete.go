package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

const (
	actionPaths   = "DescribeAntChainDownloadPaths"
	actionPathsV2 = "DescribeAntChainDownloadPathsV2" // for accounts of the domestic site
)

// complete gets the files that are missing beside a key that is stored.
func (e *enrollment) complete() event {
	b := cloneBundle(e.p.record.Bundle)
	err := e.getFiles(&b)
	if err != nil {
		hint := ""
		if r := &e.p.record; r.Holder != "" && r.Stamp == nil {
			hint = ", unless the certificate of this key, which was made here, was never applied for: see WithOwnKey"
		}
		return event{kind: fetchFailed, err: fmt.Errorf("identity: the key is stored, but files are missing (calling Ensure again gets them%s): %w", hint, err)}
	}
	return event{kind: fetched, bundle: b}
}

func (e *enrollment) getFiles(b *certbundle.Bundle) error {
	var errs []error
	if !whole(b) && e.links.ClientCrtURL != "" {
		errs = append(errs, e.download(b, e.links))
	}
	if !whole(b) {
		links, err := describe(e.ctx, e.client, e.req)
		if err == nil {
			err = e.download(b, links)
		}
		errs = append(errs, err)
	}
	err := errors.Join(errs...)
	if !whole(b) {
		return err
	}
	if _, err := b.TLSCertificate(e.req.Password); err != nil {
		return err
	}
	if err != nil {
		e.logger.LogAttrs(e.ctx, slog.LevelWarn, "not every file could be had", slog.String("error", err.Error()))
	}
	return nil
}

// whole: the trust store, which only Java reads, is not needed.
func whole(b *certbundle.Bundle) bool { return len(b.ClientCert) > 0 && len(b.CACert) > 0 }

// download fills in what is missing in b.
func (e *enrollment) download(b *certbundle.Bundle, links baas.DownloadPath) error {
	got, err := certbundle.Fetch(e.ctx, baas.CertificateResult{DownloadPath: links}, e.options.download...)
	for _, m := range []struct{ there, got *[]byte }{
		{&b.ClientCert, &got.ClientCert}, {&b.CACert, &got.CACert}, {&b.TrustStore, &got.TrustStore},
	} {
		if len(*m.there) == 0 {
			*m.there = *m.got
		}
	}
	return err
}

// describe asks for fresh links.
func describe(ctx context.Context, client *baas.Client, req *request) (baas.DownloadPath, error) {
	var reply struct{ Result baas.DownloadPath }
	params := url.Values{"AntChainId": {req.AntChainID}}
	if req.RegionID != "" {
		params.Set("RegionId", req.RegionID)
	}
	err := client.Do(ctx, baas.Operation{Action: actionPaths, Params: params, ReadOnly: true}, &reply)
	if err == nil || !otherSite(err) {
		return reply.Result, err
	}
	params = url.Values{"AntChainId": {req.AntChainID}, "ConsortiumId": {req.ConsortiumID}}
	errV2 := client.Do(ctx, baas.Operation{Action: actionPathsV2, Params: params, ReadOnly: true}, &reply)
	if errV2 != nil {
		return reply.Result, errors.Join(err, errV2)
	}
	return reply.Result, nil
}

// otherSite reports whether the action may have been refused since the account
// is one of the other site. With which code that is done is not documented; a
// second question does no harm.
func otherSite(err error) bool {
	var refusal *baas.APIError
	return errors.As(err, &refusal) && !errors.Is(err, baas.ErrThrottled) && !errors.Is(err, baas.ErrUnauthenticated)
}
