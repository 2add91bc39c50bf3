package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/antchain-go/baas/certbundle"
)

const (
	newlySaved   = ""
	foundAlready = ": here already, nothing was applied for"
)

// printRow prints a label and a value. What cannot be printed is no reason to
// stop: the key comes first.
func printRow(w io.Writer, label, value string) {
	_, _ = fmt.Fprintf(w, "%-13s%s\n", label, value)
}

func printApplication(w io.Writer, s *settings, endpoint string) {
	printRow(w, "Endpoint", endpoint)
	printRow(w, "Chain", s.request.AntChainID+" of consortium "+s.request.ConsortiumID)
}

// report verifies a bundle and prints what there is to say about it, which may
// be something even if it fails.
func report(w io.Writer, s *settings, bundle *certbundle.Bundle, found string) error {
	err := printFiles(w, s.out, found)
	r, errVerify := bundle.Verify(s.request.Password)
	if r != nil {
		printRow(w, "Subject", r.Subject)
		printRow(w, "Issuer", r.Issuer)
		printRow(w, "Valid", fmt.Sprintf("%s to %s", r.NotBefore.Format(time.DateOnly), r.NotAfter.Format(time.DateOnly)))
		encryption := r.KeyEncryption
		if encryption == "" {
			encryption = "unknown"
		}
		printRow(w, "Private key", fmt.Sprintf("%s, encryption %s", r.KeyAlgorithm, encryption))
	}
	if err := errors.Join(err, errVerify); err != nil {
		return &problem{err: err, state: keyStored(s)}
	}
	printRow(w, "Verified", "password, key, certificate, CA, validity, trust store")
	return nil
}

// printFiles lists the folder's files, a row each.
func printFiles(w io.Writer, dir, found string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	printRow(w, "Folder", fmt.Sprintf("%s, mode %04o%s", filepath.Clean(dir), info.Mode().Perm(), found))
	for _, name := range []string{
		certbundle.ClientKeyFile, certbundle.ClientCertFile, certbundle.CACertFile, certbundle.TrustStoreFile,
	} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		printRow(w, name, fmt.Sprintf("mode %04o, %d bytes", info.Mode().Perm(), info.Size()))
	}
	return nil
}

func printAnswer(w io.Writer, a *answer) {
	how := "mutual " + a.version
	if !a.asked {
		how = a.version + ", not mutual: it asked for no certificate"
	}
	printRow(w, "Node", fmt.Sprintf("%s, %s, %s", a.addr, a.node, how))
	if a.greeting == "" {
		printRow(w, "Answer", "none, and no objection to the certificate")
		return
	}
	printRow(w, "Answer", fmt.Sprintf("%q", a.greeting))
}
