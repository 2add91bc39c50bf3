package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// runDemo goes the whole way with an endpoint and a node that run inside the
// program, over real HTTP and TLS.
func runDemo(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	found, err := inspect(ctx, s)
	if err != nil {
		return err
	}
	complete := found.State == identity.Complete
	// The endpoint of an interrupted run has ended with it. The identity of
	// another chain is refused by Ensure.
	if found.State != identity.Empty && !complete {
		return fmt.Errorf("%s does not hold the identity of a whole run without -live, and is left alone: choose another folder with -out", s.out)
	}
	srv := baastest.NewServer()
	defer srv.Close()
	if !complete {
		printApplication(stdout, s, srv.URL()+" (baastest, inside this program)")
	}
	client := srv.Client()
	bundle, err := ensure(ctx, s, client, stderr)
	if err != nil {
		return err
	}
	if err := report(stdout, s, bundle, found.State); err != nil {
		return err
	}
	if complete {
		printRow(stdout, "Node", "gone: it ran inside the program that applied")
		return nil
	}
	cfg, err := bundle.TLSConfig(s.request.Password)
	if err != nil {
		return err
	}
	a, err := connect(ctx, srv.NewNode().Addr(), cfg, nodeTimeout)
	if err != nil {
		return err
	}
	printAnswer(stdout, a)

	// What the service does at its next start.
	before := len(srv.Requests())
	again, err := ensure(ctx, s, client, stderr)
	if err != nil {
		return err
	}
	if !bytes.Equal(again.PrivateKey, bundle.PrivateKey) || !bytes.Equal(again.ClientCert, bundle.ClientCert) {
		return fmt.Errorf("the second start has got another identity")
	}
	printRow(stdout, "Second start", fmt.Sprintf("the same identity, requests: %d, certificates: %d",
		len(srv.Requests())-before, srv.Issued()))
	return nil
}

// runLive goes the whole way with the real service. What the folder holds
// already is taken as it is.
func runLive(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	found, err := inspect(ctx, s)
	if err != nil {
		return err
	}
	if found.State != identity.Complete {
		printApplication(stdout, s, s.target())
	}
	bundle, err := ensure(ctx, s, client, stderr)
	if err != nil {
		return err
	}
	if err := report(stdout, s, bundle, found.State); err != nil {
		return err
	}
	return callNode(ctx, s, bundle, stdout)
}

// callNode connects to the node that -node names, if it names one.
func callNode(ctx context.Context, s *settings, bundle *certbundle.Bundle, stdout io.Writer) error {
	if s.node == "" {
		printRow(stdout, "Node", "not asked: -node host:port connects to one")
		return nil
	}
	// Nodes are addressed by IP, which their certificates need not name.
	cfg, err := bundle.TLSConfig(s.request.Password, certbundle.TrustChainOnly())
	if err != nil {
		return err
	}
	a, err := connect(ctx, s.node, cfg, objectionTime)
	if err != nil {
		return err
	}
	printAnswer(stdout, a)
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
