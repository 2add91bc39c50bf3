// Command antcert-ensure makes sure that a Kubernetes Secret holds the TLS
// identity of a chain, and enrolls if it does not: once for the Secret, however
// often and wherever it runs. It is for a Job or an init container; see deploy/.
//
// Every flag has an environment variable; the flag wins. Run it with -h for the
// list. The password has no flag: it is in ANTCHAIN_KEY_PASSWORD, or in the file
// that -password-file names. Credentials are found by credentials-go: an access
// key in the environment, RRSA (OIDC), and so on.
//
// By default it runs until it is done, or SIGTERM or SIGINT ends it.
//
// # Exit codes
//
//	0    done: the Secret holds an identity that verifies
//	1    failed, and nothing was issued; or only -out-dir could not be written
//	2    usage
//	3    the outcome is unknown, another holder is enrolling, or the only copy of the
//	     key is in the folder of -rescue-dir
//	4    the Secret holds an identity that does not verify, or a key whose files
//	     are missing: run it again
//	130  ended by SIGTERM or SIGINT, with nothing in doubt
//
// They are those of the command antcert.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/codings"
	"github.com/antchain-go/baas/k8s"
)

const (
	exitDone = iota
	exitFailed
	exitUsage
	exitUnknown
	exitUnusable
	exitInterrupted = 130
)

// codes says which exit code the errors have. The first row that fits decides.
var codes = []struct {
	is   error
	code int
}{
	{identity.ErrInDoubt, exitUnknown},
	{identity.ErrInProgress, exitUnknown},
	{baas.ErrOutcomeUnknown, exitUnknown},
	{context.Canceled, exitInterrupted},
	{context.DeadlineExceeded, exitFailed},
	{baas.ErrInvalidRequest, exitUsage},
	{certbundle.ErrPassword, exitUnusable},
	{certbundle.ErrKeyMismatch, exitUnusable},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the command.
func run(ctx context.Context, args []string, getenv func(string) string, stderr io.Writer) int {
	c, err := parse(args, getenv, stderr)
	if errors.Is(err, errHelp) {
		return exitDone
	}
	if err != nil {
		return fail(stderr, exitUsage, err)
	}
	client, err := baas.NewClient(c.clientOptions()...)
	if err != nil {
		return fail(stderr, exitUsage, err)
	}
	api, err := c.kubernetes()
	if err != nil {
		return fail(stderr, exitUsage, err)
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: c.level}))
	store := k8s.SecretStore(api, c.namespace, c.secret, c.storeOptions()...)
	b, err := identity.Ensure(ctx, client, store, &c.request, identity.WithLogger(logger), identity.WithResumable(),
		identity.WithDownload(certbundle.WithDecompressors(codings.Brotli, codings.Zstandard)))
	if err != nil {
		return c.failed(ctx, stderr, store, err)
	}
	return c.done(stderr, b)
}

// done checks the identity, and writes its files where that is asked for.
func (c *config) done(stderr io.Writer, b *certbundle.Bundle) int {
	report, err := b.Verify(c.request.Password)
	if err != nil {
		return fail(stderr, exitUnusable, fmt.Errorf("the identity in Secret %s/%s: %w", c.namespace, c.secret, err))
	}
	if c.outDir != "" {
		err := b.WriteDir(c.outDir)
		if errors.Is(err, certbundle.ErrExists) {
			err = fmt.Errorf("-out-dir %s has files of another identity than Secret %s/%s: delete the pod, or empty the volume of the folder: %w",
				c.outDir, c.namespace, c.secret, err)
		}
		if err != nil {
			return fail(stderr, exitFailed, err)
		}
	}
	_, _ = fmt.Fprintf(stderr, "antcert-ensure: Secret %s/%s holds the identity %s, serial number %s, valid until %s\n",
		c.namespace, c.secret, report.Subject, report.SerialNumber, report.NotAfter.UTC().Format(time.RFC3339))
	for _, warning := range report.Warnings {
		_, _ = fmt.Fprintln(stderr, "antcert-ensure: warning:", warning)
	}
	return exitDone
}

// failed saves a key that is in no other place, and tells the exit code.
func (c *config) failed(ctx context.Context, stderr io.Writer, store identity.Store, err error) int {
	var key *identity.KeyError
	if errors.As(err, &key) {
		return fail(stderr, exitUnknown, errors.Join(err, c.rescue(key)))
	}
	r, _ := identity.Inspect(context.WithoutCancel(ctx), store)
	var doubt *identity.DoubtError
	if errors.As(err, &doubt) {
		r = doubt.Record
	}
	// A message that was taken over is one of this process, too.
	takenOver := errors.Is(err, identity.ErrInProgress) && errors.Is(err, baas.ErrOutcomeUnknown)
	if doubt != nil && r.State == identity.Applying || takenOver {
		return fail(stderr, exitUnknown, fmt.Errorf("stopped while an application was in flight, so a certificate for chain %s may have been issued (%s): "+
			"run it again: within five minutes, with the same access key, it may still bring the key", r.Chain, r.Origin()))
	}
	code := exitFailed
	for _, row := range codes {
		if errors.Is(err, row.is) {
			code = row.code
			break
		}
	}
	if code == exitFailed && r.State == identity.Issued && cmp.Or(r.Chain, c.request.AntChainID) == c.request.AntChainID {
		code, err = exitUnusable, fmt.Errorf("%w; the key is in %v: run it again", err, store)
	}
	return fail(stderr, code, err)
}

// rescue writes the only copy of the key into a folder of its own.
func (c *config) rescue(key *identity.KeyError) error {
	if c.rescueDir == "" {
		return errors.New("-rescue-dir is not set, so the key is lost: have the certificate reset, then clear the doubt")
	}
	name := "unknown"
	if key.Record.Stamp != nil {
		name = key.Record.Stamp.Nonce
	}
	dir := filepath.Join(c.rescueDir, filepath.Base(name))
	if err := key.Bundle.WriteDir(dir); err != nil {
		return fmt.Errorf("the key could not be saved in %s: %w", dir, err)
	}
	return fmt.Errorf("the key was saved in %s: take it from there before the pod is deleted", dir)
}

func fail(stderr io.Writer, code int, err error) int {
	_, _ = fmt.Fprintln(stderr, "antcert-ensure:", err)
	return code
}
