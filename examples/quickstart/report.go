package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// printRow prints a label and a value. What cannot be printed is no reason to
// stop.
func printRow(w io.Writer, label, value string) {
	_, _ = fmt.Fprintf(w, "%-13s%s\n", label, value)
}

func printApplication(w io.Writer, s *settings, endpoint string) {
	printRow(w, "Endpoint", endpoint)
	printRow(w, "Chain", s.request.AntChainID+" of consortium "+s.request.ConsortiumID)
}

// report verifies a bundle and prints what there is to say about it, which may
// be something even if it fails. found is what the folder held before.
func report(w io.Writer, s *settings, bundle *certbundle.Bundle, found identity.State) error {
	note := ""
	switch found {
	case identity.Issued:
		note = ": the key was here already, files were added"
	case identity.Complete:
		note = ": here already, nothing was applied for"
	}
	printRow(w, "Folder", s.out+note)
	printRow(w, "Files", strings.Join(fileNames(bundle), ", "))
	r, err := bundle.Verify(s.request.Password)
	if r != nil {
		printRow(w, "Subject", r.Subject)
		printRow(w, "Issuer", r.Issuer)
		printRow(w, "Valid", fmt.Sprintf("%s to %s", r.NotBefore.Format(time.DateOnly), r.NotAfter.Format(time.DateOnly)))
		encryption := r.KeyEncryption
		if encryption == "" {
			encryption = "unknown"
		}
		printRow(w, "Private key", fmt.Sprintf("%s, encryption %s", r.KeyAlgorithm, encryption))
		for _, warning := range r.Warnings {
			printRow(w, "Warning", warning.Error())
		}
	}
	if err == nil {
		verified := "password, key, certificate, CA, validity"
		if len(bundle.TrustStore) > 0 {
			verified += ", trust store"
		}
		printRow(w, "Verified", verified)
	}
	return err
}

// fileNames lists what the bundle has.
func fileNames(b *certbundle.Bundle) []string {
	var names []string
	for _, f := range []struct {
		name string
		data []byte
	}{
		{certbundle.ClientKeyFile, b.PrivateKey}, {certbundle.ClientCertFile, b.ClientCert},
		{certbundle.CACertFile, b.CACert}, {certbundle.TrustStoreFile, b.TrustStore},
	} {
		if len(f.data) > 0 {
			names = append(names, f.name)
		}
	}
	return names
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
