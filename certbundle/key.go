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
	blocks, err := pemBlocks(ClientKeyFile, data, 1)
	if err != nil {
		return nil, "", err
	}
	der := blocks[0].Bytes
	if len(der) > maxKeyDER {
		return nil, "", malformed(ClientKeyFile, "key of %d bytes, more than %d", len(der), maxKeyDER)
	}
	switch blocks[0].Type {
	case "PRIVATE KEY":
		key, err = parsePKCS8(der)
		if errors.Is(err, errNotPKCS8) {
			err = malformed(ClientKeyFile, "%w", err)
		}
		return key, notEncrypted, err
	case "ENCRYPTED PRIVATE KEY":
		return openEncrypted(der, password)
	default:
		return nil, "", malformed(ClientKeyFile, "neither PRIVATE KEY nor ENCRYPTED PRIVATE KEY")
	}
}

func openEncrypted(der []byte, password string) (crypto.Signer, string, error) {
	scheme, encrypted, err := parseEncrypted(der)
	if err != nil {
		return nil, "", err
	}
	plain, err := scheme.decrypt(password, encrypted)
	if err != nil {
		return nil, scheme.name, err
	}
	key, err := parsePKCS8(plain)
	if errors.Is(err, errNotPKCS8) {
		// One wrong password in some 256 leaves a padding that looks right.
		err = wrongPassword()
	}
	return key, scheme.name, err
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
