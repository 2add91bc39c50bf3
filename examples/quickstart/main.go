// Command quickstart goes the whole way to a TLS identity on an Ant Blockchain:
// it enrolls into a folder (identity.Ensure), verifies what is there, connects to
// a node by mutual TLS and prints a short report, secrets left out.
//
//	go run ./examples/quickstart
//
// runs against an endpoint and a node inside the program: no account is needed
// and nothing leaves the machine. With -live it applies at the real service:
//
//	go run ./examples/quickstart -live -out ./wallet-certs -cn wallet.example.com
//
// It then needs ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET,
// ANTCHAIN_ID, CONSORTIUM_ID and ANTCHAIN_KEY_PASSWORD in the environment, and
// connects only if -node names a node.
//
// Run again, it reports what is in the folder and applies for nothing. What a
// crash, a lost reply or a failed download has left open, -live goes on with.
//
// The exit status is 0 for success, 1 for an error and 2 for wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	exitOK = iota
	exitError
	exitUsage
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first Ctrl-C ends what is under way in an orderly manner, the second
	// the program.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program except for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, os.Getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage // parse has said why
	}
	way := runDemo
	if s.live {
		way = runLive
	}
	if err := way(ctx, s, stdout, stderr); err != nil {
		explain(stderr, s, err)
		return exitError
	}
	return exitOK
}
