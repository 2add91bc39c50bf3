package main

import (
	"context"
	"errors"
	"io"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// prepare makes sure that a key will find a home in dir, and that no earlier
// application for it is in doubt.
func prepare(dir string) error {
	if err := checkPending(dir); err != nil {
		return err
	}
	if err := certbundle.Prepare(dir); err != nil {
		return &problem{err: err, state: nothingSent}
	}
	return nil
}

// enroll applies and saves what comes back. Errors of the application itself
// are returned as they are.
func enroll(ctx context.Context, s *settings, client *baas.Client, out io.Writer) (*certbundle.Bundle, error) {
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, &s.request)
	if err != nil {
		return nil, err
	}
	// Before anything else, even printing: the key exists nowhere else.
	bundle, err := certbundle.Save(ctx, s.out, resp.Result)
	printRow(out, "Request ID", resp.RequestID)
	if err == nil {
		return bundle, nil
	}
	if !isStored(s.out, bundle.PrivateKey) {
		return nil, rescue(s, bundle.PrivateKey, err)
	}
	p := &problem{err: err, state: keyStored(s)}
	if errors.Is(err, certbundle.ErrExists) {
		p.advice = "Another program has written to this folder meanwhile. Move the file that holds this\n" +
			"key to a folder of its own, as client.key, and run again with that folder as -out."
	}
	return nil, p
}
