package certbundle

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
)

const (
	maxKeyDER = 16 << 10 // a key of maxRSABits takes less than 5 KiB

	notEncrypted = "none" // KeyEncryption of a key in the clear
)

// openKey returns the private key and how it is encrypted. The latter is known
// also when the password is wrong.
func openKey(data []byte, password string) (key crypto.Signer, encryption string, err error) {
	if len(data) == 0 {
		return nil, "", missing(ClientKeyFile)
	}
	block, err := keyBlock(data)
	if err != nil {
		return nil, "", err
	}
	if block.isLegacyEncrypted() {
		return nil, "", unsupported(ClientKeyFile, "%s in OpenSSL's old encryption (Proc-Type: 4,ENCRYPTED); %s", block.label, convertKey)
	}
	der, ok := block.decode()
	if !ok {
		return nil, "", cutOff(ClientKeyFile)
	}
	if len(der) > maxKeyDER {
		return nil, "", malformed(ClientKeyFile, "key of %d bytes, more than %d", len(der), maxKeyDER)
	}
	switch block.label {
	case "PRIVATE KEY":
		key, err = parsePKCS8(der)
		if errors.Is(err, errNotPKCS8) {
			err = malformed(ClientKeyFile, "%w", err)
		}
		return key, notEncrypted, err
	case "ENCRYPTED PRIVATE KEY":
		return openEncrypted(der, password)
	default:
		return nil, "", unsupported(ClientKeyFile, "%s is neither PRIVATE KEY nor ENCRYPTED PRIVATE KEY (PKCS#8); %s",
			shortLabel(block.label), convertKey)
	}
}

// convertKey is for whoever has another form of a key.
const convertKey = "this makes one that is supported: openssl pkcs8 -topk8 -v2 aes-256-cbc -in client.key -out new.key"

// keyBlock returns the first private key in a file, as everybody takes it.
func keyBlock(data []byte) (pemBlock, error) {
	blocks, err := pemBlocks(ClientKeyFile, data)
	if err != nil {
		return pemBlock{}, err
	}
	for _, b := range blocks {
		if b.isPrivateKey() {
			return b, nil
		}
	}
	return pemBlock{}, malformed(ClientKeyFile, "holds PEM, but neither PRIVATE KEY nor ENCRYPTED PRIVATE KEY")
}

// shortLabel is a label fit for an error.
func shortLabel(label string) string { return fmt.Sprintf("%.40q", label) }

func openEncrypted(der []byte, password string) (crypto.Signer, string, error) {
	scheme, encrypted, err := parseEncrypted(der)
	if err != nil {
		return nil, "", err
	}
	key, err := scheme.open(password, encrypted)
	if errors.Is(err, ErrPassword) {
		if other := scheme.otherForm(password); other != "" {
			key, err = scheme.open(other, encrypted)
		}
	}
	return key, scheme.name, err
}

func (s *scheme) open(password string, encrypted []byte) (crypto.Signer, error) {
	plain, err := s.decrypt(password, encrypted)
	if err != nil {
		return nil, err
	}
	key, err := parsePKCS8(plain)
	if errors.Is(err, errNotPKCS8) {
		// One wrong password in some 256 leaves a padding that looks right.
		err = wrongPassword()
	}
	return key, err
}

func wrongPassword() error {
	return fmt.Errorf("%w: %s", ErrPassword, ClientKeyFile)
}

// checkPair checks that the key and the certificate belong together.
func checkPair(key crypto.Signer, cert *x509.Certificate) error {
	// All public keys of the standard library have the method.
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(cert.PublicKey) {
		return fmt.Errorf("%w: %s, %s", ErrKeyMismatch, ClientKeyFile, ClientCertFile)
	}
	return nil
}
