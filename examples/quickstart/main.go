// Command quickstart applies for a TLS identity on an Ant Blockchain and
// prints what came back, secrets left out.
//
//	go run ./examples/quickstart
//
// runs against an endpoint inside the program: no account is needed, nothing
// leaves the machine and nothing is written. With -live it applies at the
// real service and stores the private key:
//
//	go run ./examples/quickstart -live -cn wallet.example.com
//
// It then needs ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET,
// ANTCHAIN_ID, CONSORTIUM_ID and ANTCHAIN_KEY_PASSWORD in the environment.
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
	// The first Ctrl-C ends the call in an orderly way, the second the program.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, os.Getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage // parse has said why
	}
	apply := applyInProcess
	if s.live {
		apply = applyLive
	}
	if err := apply(ctx, s, stdout); err != nil {
		explain(stderr, s, err)
		return exitError
	}
	return exitOK
}
