package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"

	"golang.org/x/term"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

var secretName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`)

// recordFile is where module k8s has the record.
const recordFile = "identity.json"

func secret(ctx context.Context, s *session) error {
	name := s.String("name")
	if !secretName.MatchString(name) || len(name) > 253 {
		return usage("--name: %q is no name that Kubernetes takes: small letters, digits, - and .", name)
	}
	if s.Bool("decrypt") && term.IsTerminal(int(os.Stdout.Fd())) {
		return usage("--decrypt: a key in the clear is not printed to a terminal: pipe it into kubectl apply -f -")
	}
	r, err := s.record(ctx, false)
	if err != nil {
		return err
	}
	b, err := certbundle.Load(s.dir)
	if err != nil {
		return err
	}
	kind, data := "Opaque", map[string][]byte{
		certbundle.ClientKeyFile: b.PrivateKey, certbundle.ClientCertFile: b.ClientCert, certbundle.CACertFile: b.CACert,
	}
	if len(b.TrustStore) > 0 {
		data[certbundle.TrustStoreFile] = b.TrustStore
	}
	r.State, r.Bundle = identity.Complete, certbundle.Bundle{} // whose files stand beside it
	data[recordFile], err = json.Marshal(r)
	if err == nil && s.Bool("decrypt") {
		kind = "kubernetes.io/tls"
		data, err = s.decrypted(ctx, b)
	}
	if err != nil {
		return err
	}
	// The names are such that YAML needs no quotes, except for numbers.
	return s.print(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": name}, "type": kind, "data": data},
		func(w io.Writer) {
			fmt.Fprintf(w, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %q\ntype: %s\ndata:\n", name, kind)
			for _, key := range slices.Sorted(maps.Keys(data)) {
				value, _ := json.Marshal(data[key]) // Base64
				fmt.Fprintf(w, "  %s: %s\n", key, value)
			}
		})
}

// decrypted is what a Secret of type kubernetes.io/tls holds.
func (s *session) decrypted(ctx context.Context, b *certbundle.Bundle) (map[string][]byte, error) {
	password, err := s.password(ctx, false)
	if err != nil {
		return nil, err
	}
	cert, err := b.TLSCertificate(password)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	var chain []byte
	for _, der := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return map[string][]byte{
		"tls.crt": chain, "tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), certbundle.CACertFile: b.CACert,
	}, err
}
