package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// applyInProcess applies at an endpoint that runs inside the program, over
// real HTTP.
func applyInProcess(ctx context.Context, s *settings, out io.Writer) error {
	srv := baastest.NewServer()
	defer srv.Close()

	printApplication(out, srv.URL()+" (baastest, inside this program)", s)
	resp, err := srv.Client().ApplyAntChainCertificateWithKeyAutoCreation(ctx, &s.request)
	if err != nil {
		return err
	}
	printResponse(out, resp)
	printRow(out, "Issued", fmt.Sprintf("%d, as the endpoint counts", srv.Issued()))
	return nil
}

// applyLive applies at the real service. Nothing is sent before there is a
// place for the key.
func applyLive(ctx context.Context, s *settings, out io.Writer) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	file, err := reserveKeyFile(s.out)
	if err != nil {
		return err
	}

	printApplication(out, s.target(), s)
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, &s.request)
	if errors.Is(err, baas.ErrOutcomeUnknown) {
		// The empty file stays, so that running again does not apply again.
		return errors.Join(err, file.close())
	}
	if err != nil {
		return errors.Join(err, file.release())
	}
	// Before anything else, even printing: the key exists nowhere else.
	kept := file.keep(resp.Result.PrivateKey)
	printResponse(out, resp)
	if kept != nil {
		return kept
	}
	printRow(out, "Stored", file.path)
	printRow(out, "Links", "shown without signatures; DescribeAntChainDownloadPaths gives fresh ones")
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
