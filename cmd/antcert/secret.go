package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

var secretName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`)

func secret(ctx context.Context, s *session) error {
	name := s.String("name")
	if !secretName.MatchString(name) || len(name) > 253 {
		return usage("--name: %q is no name that Kubernetes takes: small letters, digits, - and .", name)
	}
	if s.Bool("decrypt") && s.OutIsTerminal() {
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
	r.State, r.Bundle = identity.Complete, *b
	kind := "Opaque"
	data, err := r.Files()
	if s.Bool("decrypt") {
		kind = "kubernetes.io/tls"
		data, err = s.decrypted(ctx, b)
	}
	if err != nil {
		return err
	}
	// The names are such that YAML needs no quotes, except for numbers.
	return s.Print(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": name}, "type": kind, "data": data},
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
	cert, key, err := b.KeyPair(password)
	return map[string][]byte{"tls.crt": cert, "tls.key": key, certbundle.CACertFile: b.CACert}, err
}
