package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// runLive goes the whole way with the real service. What the folder holds
// already is taken as it is.
func runLive(ctx context.Context, s *settings, out io.Writer) error {
	if isThere(s.out, demoNote) {
		return &problem{
			err:    fmt.Errorf("%s holds the identity of a run without -live, see %s there", s.out, demoNote),
			state:  nothingSent,
			advice: "Choose another folder with -out.",
		}
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()

	obtain, found := apply, newlySaved
	if isThere(s.out, certbundle.ClientKeyFile) {
		obtain, found = resume, foundAlready
	}
	bundle, err := obtain(ctx, s, client, out)
	if err != nil {
		return err
	}
	if err := report(out, s, bundle, found); err != nil {
		return err
	}
	return callNode(ctx, s, bundle, out)
}

// apply is the first run: nothing is sent before there is a place for the key.
func apply(ctx context.Context, s *settings, client *baas.Client, out io.Writer) (*certbundle.Bundle, error) {
	if err := prepare(s.out); err != nil {
		return nil, err
	}
	printApplication(out, s, s.target())
	mark, err := markPending(s.out)
	if err != nil {
		return nil, err
	}
	bundle, err := enroll(ctx, s, client, out)
	return bundle, errors.Join(err, mark.settle(s.out, err))
}

// resume is any later run: the key is there, and whatever else is missing is
// downloaded by fresh links.
func resume(ctx context.Context, s *settings, client *baas.Client, out io.Writer) (*certbundle.Bundle, error) {
	bundle, err := certbundle.Load(s.out)
	if len(bundle.PrivateKey) == 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &problem{err: err, state: nothingSent}
	}
	// Of a run that ended between storing the key and removing the marker.
	if err := removePending(s.out); err != nil {
		return nil, &problem{err: err, state: keyStored(s)}
	}
	if err == nil {
		return bundle, nil
	}
	printRow(out, "Completing", "files are missing: downloading them by fresh links")
	links, err := freshLinks(ctx, client, s.request.AntChainID)
	if err != nil {
		return nil, &problem{err: err, state: keyStored(s)}
	}
	bundle, err = certbundle.Save(ctx, s.out, baas.CertificateResult{DownloadPath: links})
	if err != nil {
		p := &problem{err: err, state: keyStored(s)}
		if errors.Is(err, certbundle.ErrExists) && !errors.Is(err, certbundle.ErrMalformed) {
			p.advice = "Two applications share this folder. Move the key that is named to a folder of its\n" +
				"own, as client.key, and run again for each of the two folders, with -out."
		}
		return nil, p
	}
	return bundle, nil
}

// freshLinks gets links to the certificates that have not expired.
func freshLinks(ctx context.Context, client *baas.Client, chainID string) (baas.DownloadPath, error) {
	var reply struct{ Result baas.DownloadPath }
	err := client.Do(ctx, baas.Operation{
		Action:   "DescribeAntChainDownloadPaths",
		Params:   url.Values{"AntChainId": {chainID}},
		ReadOnly: true,
	}, &reply)
	return reply.Result, err
}

// callNode connects to the node that -node names, if it names one.
func callNode(ctx context.Context, s *settings, bundle *certbundle.Bundle, out io.Writer) error {
	if s.node == "" {
		printRow(out, "Node", "not asked: -node host:port connects to one")
		return nil
	}
	// Nodes are addressed by IP, which their certificates need not name.
	cfg, err := bundle.TLSConfig(s.request.Password, certbundle.TrustChainOnly())
	if err != nil {
		return &problem{err: err, state: identitySaved(s)}
	}
	a, err := connect(ctx, s.node, cfg, objectionTime)
	if err != nil {
		return &problem{err: err, state: identitySaved(s), advice: nodeAdvice}
	}
	printAnswer(out, a)
	return nil
}

// client takes its credentials from the default provider chain.
func (s *settings) client() (*baas.Client, error) {
	opts := []baas.Option{baas.WithRegion(s.region), baas.WithUserAgent("quickstart")}
	if s.endpoint != "" {
		opts = append(opts, baas.WithEndpoint(s.endpoint))
	}
	return baas.NewClient(opts...)
}

func (s *settings) target() string {
	if s.endpoint != "" {
		return s.endpoint
	}
	return "the real service, region " + s.region
}
