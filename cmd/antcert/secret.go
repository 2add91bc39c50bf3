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

	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

func secretCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "secret", Usage: "print a Kubernetes Secret, for kubectl apply -f -", ArgsUsage: "DIR",
		Description: "The private key stays encrypted. With --decrypt it is in the clear, in a Secret of type\nkubernetes.io/tls, and never printed to a terminal.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "name", Required: true, Usage: "`NAME` of the Secret"},
			&cli.StringFlag{Name: "namespace", Usage: "`NAME` of its namespace; by default kubectl's"},
			&cli.BoolFlag{Name: "decrypt", Usage: "a Secret of type kubernetes.io/tls, with the key in the clear"},
			passwordFlag(),
		},
		Action: c.action(1, secret),
	}
}

// A secretView is a Secret in JSON, which writes Data in Base64.
type secretView struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Type       string            `json:"type"`
	Data       map[string][]byte `json:"data"`
}

var objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)

// recordFile is where module k8s has the record.
const recordFile = "identity.json"

func secret(ctx context.Context, s *session) error {
	v := secretView{APIVersion: "v1", Kind: "Secret", Metadata: map[string]string{}}
	for _, key := range []string{"name", "namespace"} {
		if name := s.cmd.String(key); name != "" || key == "name" {
			if !objectName.MatchString(name) {
				return usage("--%s: %q is no name that Kubernetes takes: small letters, digits, - and .", key, name)
			}
			v.Metadata[key] = name
		}
	}
	decrypt := s.cmd.Bool("decrypt")
	if decrypt && term.IsTerminal(int(os.Stdout.Fd())) {
		return usage("--decrypt: a key in the clear is not printed to a terminal: pipe it into kubectl apply -f -")
	}
	r, err := s.record(ctx)
	if err != nil {
		return err
	}
	b, err := certbundle.Load(s.dir)
	if err != nil {
		return unusable(s.dir, err)
	}
	if decrypt {
		password, err := s.password(ctx, false)
		if err != nil {
			return err
		}
		v.Type = "kubernetes.io/tls"
		if v.Data, err = decrypted(b, password); err != nil {
			return unusable(s.dir, err)
		}
		return s.print(v, v.yaml)
	}
	v.Type = "Opaque"
	v.Data = map[string][]byte{
		certbundle.ClientKeyFile: b.PrivateKey, certbundle.ClientCertFile: b.ClientCert, certbundle.CACertFile: b.CACert,
	}
	if len(b.TrustStore) > 0 {
		v.Data[certbundle.TrustStoreFile] = b.TrustStore
	}
	r.State, r.Bundle = identity.Complete, certbundle.Bundle{} // the files stand beside it
	if v.Data[recordFile], err = json.Marshal(r); err != nil {
		return err
	}
	return s.print(v, v.yaml)
}

// decrypted is what a Secret of type kubernetes.io/tls holds.
func decrypted(b *certbundle.Bundle, password string) (map[string][]byte, error) {
	cert, err := b.TLSCertificate(password)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil, err
	}
	var chain []byte
	for _, der := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return map[string][]byte{
		"tls.crt": chain, "tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), "ca.crt": b.CACert,
	}, nil
}

// yaml writes keys and values that need no quoting: names that were checked,
// and Base64.
func (v secretView) yaml(w io.Writer) {
	fmt.Fprintf(w, "apiVersion: %s\nkind: %s\nmetadata:\n", v.APIVersion, v.Kind)
	for _, key := range slices.Sorted(maps.Keys(v.Metadata)) {
		fmt.Fprintf(w, "  %s: %q\n", key, v.Metadata[key])
	}
	fmt.Fprintf(w, "type: %s\ndata:\n", v.Type)
	for _, key := range slices.Sorted(maps.Keys(v.Data)) {
		data, _ := json.Marshal(v.Data[key])
		fmt.Fprintf(w, "  %s: %s\n", key, data)
	}
}
