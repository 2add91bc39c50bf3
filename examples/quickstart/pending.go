package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// pendingFile stands in a folder while it is not known what has become of an
// application: so neither a crash nor a lost reply makes the next run apply
// again.
const pendingFile = "application-pending"

// strandedNote stands in a marker whose application has yielded a key that the
// folder did not take.
const strandedNote = "A certificate was issued."

// errPending: an earlier application is in doubt.
var errPending = errors.New("an earlier application is under way, or nobody knows what became of it")

// A pending is the marker of an application that is about to be sent.
type pending struct {
	path string
	file *os.File
}

// checkPending stops a run that would apply although an earlier application is
// in doubt.
func checkPending(dir string) error {
	if !isThere(dir, pendingFile) {
		return nil
	}
	return inDoubt(filepath.Join(dir, pendingFile))
}

// inDoubt makes the error for a marker that is there.
func inDoubt(path string) error {
	p := &problem{err: fmt.Errorf("%w: %s is there", errPending, path), state: nothingSent}
	text, _ := os.ReadFile(path) // without it, it is as if the run had died
	_, left, _ := strings.Cut(string(text), "\n\n")
	left = strings.TrimRight(left, "\n")
	switch {
	case strings.HasPrefix(left, strandedNote):
		p.err = fmt.Errorf("an earlier run could not store the key: %s is there", path)
		p.advice = left
		return p
	case left == "":
		p.advice = "It has left no nonce behind."
	default:
		p.advice = "It left this behind, by which support finds the request:\n" + left
	}
	p.advice += "\nIf no other run is under way, look in the BaaS console whether the chain has got a\n" +
		"new certificate: its key would be lost, so have it reset there. Then delete the\n" +
		"file to apply again."
	return p
}

// markPending puts the marker on disk. Of two runs at once, one succeeds.
func markPending(dir string) (*pending, error) {
	path := filepath.Join(dir, pendingFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, inDoubt(path)
	}
	if err != nil {
		return nil, &problem{err: err, state: nothingSent}
	}
	p := &pending{path: path, file: f}
	err = p.add(fmt.Sprintf("On %s an application for a certificate was begun. This file goes when it is known\n"+
		"what has become of it.\n", time.Now().Format(time.RFC3339)))
	if err == nil {
		err = syncFolder(dir)
	}
	if err == nil && isThere(dir, certbundle.ClientKeyFile) {
		// Prepare has not seen it, and the marker of that run is gone.
		err = fmt.Errorf("another run has just stored %s", filepath.Join(dir, certbundle.ClientKeyFile))
	}
	if err != nil {
		return nil, &problem{err: errors.Join(err, p.remove()), state: nothingSent}
	}
	return p, nil
}

// settle removes the marker if err, in which the application has ended, leaves
// no doubt about the key. Otherwise it notes what is known.
func (p *pending) settle(dir string, err error) error {
	var unknown *baas.OutcomeUnknownError
	var stranded *strandedKey
	switch {
	case errors.As(err, &unknown):
		err = p.add(fmt.Sprintf("\nNonce        %s\nRequest ID   %s\n", unknown.SignatureNonce, requestID(unknown)))
	case errors.As(err, &stranded):
		err = p.add("\n" + strandedNote + "\n" + stranded.advice(dir) + "\n")
	default:
		if err := errors.Join(p.remove(), syncFolder(dir)); err != nil {
			return fmt.Errorf("remove %s by hand: %w", p.path, err)
		}
		return nil
	}
	// The marker does its work also without the text.
	return errors.Join(err, p.file.Close())
}

func (p *pending) add(text string) error {
	if _, err := p.file.WriteString(text); err != nil {
		return err
	}
	return p.file.Sync()
}

func (p *pending) remove() error { return errors.Join(p.file.Close(), os.Remove(p.path)) }

// removePending removes a marker that the key beside it has made obsolete.
func removePending(dir string) error {
	err := os.Remove(filepath.Join(dir, pendingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncFolder sees to it that names in dir outlast a crash.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
