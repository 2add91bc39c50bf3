package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// prepare makes sure that a key will find a home in dir, and that no earlier
// application for it is in doubt.
func prepare(dir string) error {
	if err := checkLeft(dir); err != nil {
		return err
	}
	if err := checkPending(dir); err != nil {
		return err
	}
	if err := certbundle.Prepare(dir); err != nil {
		return &problem{err: err, state: nothingSent}
	}
	return nil
}

// checkLeft stops a run that would apply although the key of an earlier one may
// be there, under the name that it had while it was written.
func checkLeft(dir string) error {
	entries, _ := os.ReadDir(dir) // what cannot be read fails later on, and says why
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), certbundle.ClientKeyFile+".") && strings.HasSuffix(e.Name(), ".tmp") {
			return &problem{
				err:   fmt.Errorf("an interrupted run has left %s, which may hold a key", filepath.Join(dir, e.Name())),
				state: nothingSent,
				advice: "If a whole private key is in it, from BEGIN to END, rename it to " + certbundle.ClientKeyFile + " and run\n" +
					"again: with -live, the rest is then downloaded. If not, delete it and run again.",
			}
		}
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
	if errors.Is(err, certbundle.ErrKeyNotStored) {
		return nil, rescue(s, bundle.PrivateKey, err)
	}
	p := &problem{err: err, state: keyStored(s)}
	if errors.Is(err, certbundle.ErrExists) {
		p.advice = "Another program has written to this folder meanwhile. Move the file that holds this\n" +
			"key to a folder of its own, as client.key, and run again with that folder as -out."
	}
	return nil, p
}
