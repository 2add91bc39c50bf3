package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/antchain-go/baas/certbundle"
)

// A strandedKey says that the key could not be stored where it belongs.
type strandedKey struct {
	path string // where it is instead; empty if it is nowhere
	err  error
}

func (e *strandedKey) Error() string {
	if e.path == "" {
		return fmt.Sprintf("the key is LOST, nothing could be written: %v", e.err)
	}
	return fmt.Sprintf("the key is in %s: %v", e.path, e.err)
}

func (e *strandedKey) Unwrap() error { return e.err }

// advice says how to go on with the key in dir, or without it.
func (e *strandedKey) advice(dir string) string {
	if e.path == "" {
		return "Its key is lost. Have the certificate reset, in the BaaS console or by the action\n" +
			"ResetAntChainCertificate, then delete " + filepath.Join(dir, pendingFile) + "\nto apply again."
	}
	return fmt.Sprintf("Move its key, %s, to\n%s and run again: the rest is then downloaded.",
		e.path, filepath.Join(dir, certbundle.ClientKeyFile))
}

// rescue puts a key that its folder does not take into the folder for temporary
// files, for it is handed over only once.
func rescue(s *settings, key []byte, cause error) error {
	path, err := writeTemp(key)
	stranded := &strandedKey{path: path, err: errors.Join(cause, err)}
	return &problem{err: stranded, state: strandedNote, advice: stranded.advice(s.out)}
}

func writeTemp(key []byte) (path string, err error) {
	f, err := os.CreateTemp("", certbundle.ClientKeyFile+".*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", err
	}
	return f.Name(), nil
}
