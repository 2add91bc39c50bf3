package certbundle

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/youmark/pkcs8"
)

const (
	newKeyBits       = 2048 // as the service's own keys
	newKeySalt       = 16
	newKeyIterations = 600_000 // what OWASP asks for with HMAC-SHA256; maxPBKDF2Iterations is what is opened
)

// NewCSR makes an RSA key and the request for its certificate, so that the key
// never leaves this machine. Both are PEM. The key is encrypted with password:
// PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256, 600,000 iterations. The
// password must not be empty, and subject must name something; the service is
// the judge of the rest. Names beyond ASCII are UTF-8.
//
// Store the key first. It becomes the same kind of bundle as a key that the
// service makes:
//
//	key, csr, err := certbundle.NewCSR(subject, password)
//	// …
//	err = (&certbundle.Bundle{PrivateKey: key}).WriteDir(dir)
//	// …
//	_, err = client.ApplyAntChainCertificate(ctx, &baas.ApplyAntChainCertificateRequest{
//		AntChainID: chain, UploadReq: base64.StdEncoding.EncodeToString(csr),
//	})
//	// … once it is issued:
//	paths, err := client.DescribeAntChainDownloadPaths(ctx, &baas.DescribeAntChainDownloadPathsRequest{AntChainID: chain})
//	// …
//	bundle, err := certbundle.Save(ctx, dir, baas.CertificateResult{DownloadPath: paths.Result})
//
// Until the certificate is issued, the links may lead to an older one: Verify
// reports ErrKeyMismatch.
func NewCSR(subject pkix.Name, password string) (key, csr []byte, err error) {
	if password == "" {
		return nil, nil, errors.New("certbundle: NewCSR: password is empty")
	}
	if len(subject.ToRDNSequence()) == 0 {
		return nil, nil, errors.New("certbundle: NewCSR: subject is empty")
	}
	private, err := rsa.GenerateKey(rand.Reader, newKeyBits)
	if err != nil {
		return nil, nil, fmt.Errorf("certbundle: NewCSR: %w", err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:            subject,
		SignatureAlgorithm: x509.SHA256WithRSA,
	}, private)
	if err != nil {
		return nil, nil, fmt.Errorf("certbundle: NewCSR: subject: %w", err)
	}
	encrypted, err := pkcs8.MarshalPrivateKey(private, []byte(password), &pkcs8.Opts{
		Cipher: pkcs8.AES256CBC,
		KDFOpts: pkcs8.PBKDF2Opts{
			SaltSize: newKeySalt, IterationCount: newKeyIterations, HMACHash: crypto.SHA256,
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("certbundle: NewCSR: %w", err)
	}
	key = pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: encrypted})
	csr = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})
	return key, csr, nil
}
