package k8s

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// room is what must be left in the Secret when an enrollment begins, so that
// the key and the certificates are sure to fit.
const room = 256 << 10

// A part is one of the four files of the Secret.
type part struct {
	key  string
	data *[]byte
}

func parts(b *certbundle.Bundle) []part {
	return []part{
		{certbundle.ClientKeyFile, &b.PrivateKey}, {certbundle.ClientCertFile, &b.ClientCert},
		{certbundle.CACertFile, &b.CACert}, {certbundle.TrustStoreFile, &b.TrustStore},
	}
}

// readRecord puts the record together.
func readRecord(data map[string][]byte) (identity.Record, error) {
	var r identity.Record
	record, ok := data[identity.RecordFile]
	if !ok {
		return adopt(data)
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return identity.Record{}, fmt.Errorf("%s: %w", identity.RecordFile, err)
	}
	r.Bundle = certbundle.Bundle{}
	for _, p := range parts(&r.Bundle) {
		if len(data[p.key]) > 0 {
			*p.data = data[p.key]
		}
	}
	return r, nil
}

// adopt makes a record of a Secret without one.
func adopt(data map[string][]byte) (identity.Record, error) {
	var r identity.Record
	for _, p := range parts(&r.Bundle) {
		if len(data[p.key]) == 0 {
			continue
		}
		if len(r.Bundle.PrivateKey) == 0 && p.key != certbundle.ClientKeyFile {
			return identity.Record{}, fmt.Errorf("%s is there without a key, and in the way of a new identity: use another Secret: %w",
				p.key, certbundle.ErrExists)
		}
		*p.data = data[p.key]
	}
	if len(r.Bundle.PrivateKey) > 0 {
		r.State = identity.Issued
	}
	return r, nil
}

// put puts r into the Secret, in the place of the record that is there.
func (s *store) put(secret *corev1.Secret, r *identity.Record) error {
	if secret.Immutable != nil && *secret.Immutable {
		return errImmutable
	}
	files, err := r.Files()
	if err != nil {
		return err
	}
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	for _, p := range parts(&certbundle.Bundle{}) {
		delete(secret.Data, p.key)
	}
	maps.Copy(secret.Data, files)
	if s.tls {
		if err := s.putTLS(secret, r); err != nil {
			return err
		}
	}
	return checkSize(secret.Data, r)
}

// putTLS fills in tls.crt and tls.key. Of what is wrong with them a record with
// a key that is not yet complete hears nothing: the key is stored first.
func (s *store) putTLS(secret *corev1.Secret, r *identity.Record) error {
	var chain, key []byte
	switch r.State {
	case identity.Applying:
	case identity.Complete:
		var err error
		if chain, key, err = r.Bundle.KeyPair(s.password); err != nil {
			return err
		}
	default:
		return nil
	}
	if secret.Type != corev1.SecretTypeTLS {
		return typeFault(secret.Type)
	}
	for _, p := range []part{{corev1.TLSCertKey, &chain}, {corev1.TLSPrivateKeyKey, &key}} {
		if there := secret.Data[p.key]; len(there) > 0 && !bytes.Equal(there, *p.data) {
			return foreignFault(p.key)
		}
		secret.Data[p.key] = slices.Concat([]byte{}, *p.data)
	}
	return nil
}

// checkTLS: what WithTLS promises of a complete identity is there.
func (s *store) checkTLS(secret *corev1.Secret, r *identity.Record) error {
	if secret.Type != corev1.SecretTypeTLS {
		return typeFault(secret.Type)
	}
	if len(secret.Data[corev1.TLSPrivateKeyKey]) == 0 {
		return fmt.Errorf("the identity is complete, and %s is empty: it was completed without WithTLS: %w", corev1.TLSPrivateKeyKey, fs.ErrNotExist)
	}
	_, key, err := r.Bundle.KeyPair(s.password)
	if err == nil && !bytes.Equal(key, secret.Data[corev1.TLSPrivateKeyKey]) {
		err = foreignFault(corev1.TLSPrivateKeyKey)
	}
	return err
}

// checkSize keeps the limit of Kubernetes, and room for what is to come.
func checkSize(data map[string][]byte, r *identity.Record) error {
	size, largest := 0, ""
	for key, value := range data {
		size += len(value)
		if largest == "" || len(value) > len(data[largest]) {
			largest = key
		}
	}
	limit := corev1.MaxSecretSize
	if r.State == identity.Applying {
		limit -= room
	}
	if size > limit {
		return fmt.Errorf("%w: it would have %d bytes of at most %d; the largest of its data is %.80q with %d",
			errTooLarge, size, limit, largest, len(data[largest]))
	}
	return nil
}
