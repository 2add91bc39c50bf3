package k8s

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
)

// recordKey is where the record is, without the files.
const recordKey = "identity.json"

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
	record, ok := data[recordKey]
	if !ok {
		return adopt(data)
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return identity.Record{}, fmt.Errorf("%s: %w", recordKey, err)
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
	bare := *r
	bare.Bundle = certbundle.Bundle{}
	record, err := json.Marshal(bare)
	if err != nil {
		return err
	}
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	secret.Data[recordKey] = record
	for _, p := range parts(&r.Bundle) {
		if delete(secret.Data, p.key); len(*p.data) > 0 {
			secret.Data[p.key] = *p.data
		}
	}
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
		if chain, key, err = openPair(&r.Bundle, s.password); err != nil {
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
	_, key, err := openPair(&r.Bundle, s.password)
	if err == nil && !bytes.Equal(key, secret.Data[corev1.TLSPrivateKeyKey]) {
		err = foreignFault(corev1.TLSPrivateKeyKey)
	}
	return err
}

// openPair returns certificates and private key as kubernetes.io/tls has them.
func openPair(b *certbundle.Bundle, password string) (chain, key []byte, err error) {
	cert, err := b.TLSCertificate(password)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil, nil, errors.New("the private key is of a kind that kubernetes.io/tls has no form for")
	}
	for _, c := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	return chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
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
