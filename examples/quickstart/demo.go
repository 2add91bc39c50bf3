package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// demoNote is a file that tells a folder of a run without -live from one that
// holds an identity on a real chain.
const demoNote = "demo.txt"

// runDemo goes the whole way with an endpoint and a node that run inside the
// program, over real HTTP and TLS.
func runDemo(ctx context.Context, s *settings, out io.Writer) error {
	if isThere(s.out, certbundle.ClientKeyFile) {
		bundle, err := certbundle.Load(s.out)
		if errors.Is(err, fs.ErrNotExist) {
			return &problem{err: err, advice: "Files are missing, and an earlier run's endpoint ended with it. Remove the folder,\n" +
				"or choose another with -out. What -live has left incomplete, -live completes."}
		}
		if err != nil {
			return &problem{err: err}
		}
		if err := report(out, s, bundle, foundAlready); err != nil {
			return err
		}
		if isThere(s.out, demoNote) {
			printRow(out, "Node", "gone: it ran inside the program that applied")
		} else {
			printRow(out, "Node", "not asked: -live -node host:port connects to one")
		}
		return nil
	}
	return applyInProcess(ctx, s, out)
}

func applyInProcess(ctx context.Context, s *settings, out io.Writer) error {
	srv := baastest.NewServer()
	defer srv.Close()
	if err := prepare(s.out); err != nil {
		return err
	}
	if err := noteDemo(s.out); err != nil {
		return &problem{err: err, state: nothingSent}
	}
	printApplication(out, s, srv.URL()+" (baastest, inside this program)")
	bundle, err := enroll(ctx, s, srv.Client(), out)
	if err != nil {
		return err
	}
	if err := report(out, s, bundle, newlySaved); err != nil {
		return err
	}
	cfg, err := bundle.TLSConfig(s.request.Password)
	if err != nil {
		return &problem{err: err, state: identitySaved(s)}
	}
	a, err := connect(ctx, srv.NewNode().Addr(), cfg, nodeTimeout)
	if err != nil {
		return &problem{err: err, state: identitySaved(s)}
	}
	printAnswer(out, a)
	return nil
}

// noteDemo leaves a note for -live and for whoever finds the folder.
func noteDemo(dir string) error {
	path := filepath.Join(dir, demoNote)
	text := fmt.Sprintf("Made on %s by the quickstart without -live: an identity on no real chain.\n"+
		"Unless %s was set, the key's password is %s.\n", time.Now().Format(time.DateOnly), envPassword, demoPassword)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // of a run that came no further
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// isThere reports whether there is something of that name, whatever it is. If
// that cannot be found out, what comes next fails and says why.
func isThere(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}
