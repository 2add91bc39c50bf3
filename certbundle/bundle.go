package certbundle

import "errors"

// The file names that the chain's own SDKs look for.
const (
	ClientKeyFile  = "client.key" // the private key, PEM, encrypted
	ClientCertFile = "client.crt" // the client's certificate, PEM
	CACertFile     = "ca.crt"     // the chain's CA, PEM
	TrustStoreFile = "trustCa"    // the chain's CA for Java, a JKS or PKCS#12
)

// A Bundle is a TLS identity on a chain: what the four files hold. A member
// that is empty is not there.
type Bundle struct {
	PrivateKey []byte // PEM, encrypted, as it came
	ClientCert []byte // PEM
	CACert     []byte // PEM
	TrustStore []byte // JKS or PKCS#12
}

// What can be wrong with a bundle, for errors.Is.
var (
	// ErrPassword: the password does not open the private key.
	ErrPassword = errors.New("certbundle: wrong password")
	// ErrKeyMismatch: the private key and client.crt are not a pair.
	ErrKeyMismatch = errors.New("certbundle: key and certificate do not match")
	// ErrUntrusted: client.crt was not issued by a CA in ca.crt, or the trust
	// store holds another CA. From a handshake: no CA in ca.crt issued the node's
	// certificate, or its key is not pinned.
	ErrUntrusted = errors.New("certbundle: not trusted")
	// ErrExpired: today is not within the validity of client.crt, or of every
	// certificate of the CA that it leads to.
	ErrExpired = errors.New("certbundle: certificate expired or not yet valid")
	// ErrExists: a file of that name is there, and is left as it is.
	ErrExists = errors.New("certbundle: file exists")
	// ErrMalformed: a file is not what its name says, is damaged, or exceeds a
	// limit. If it matches ErrUnsupported, too, another copy is no better.
	ErrMalformed = errors.New("certbundle: malformed")
	// ErrUnsupported: a certificate or key store is whole, but crypto/x509 does
	// not take what is in it, such as an SM2 key. Its text says what that is and
	// by whom it can be read.
	ErrUnsupported = errors.New("certbundle: not supported by Go")
	// ErrWeakSignature: a signature in a chain was made with SHA-1, which
	// crypto/x509 refuses. AllowSHA1 and PinNodes are the ways out.
	ErrWeakSignature = errors.New("certbundle: SHA-1 signature")
	// ErrDownload: a file could not be downloaded.
	ErrDownload = errors.New("certbundle: download failed")
	// ErrKeyNotStored: the private key may not be on disk. The Bundle beside
	// this error may be its only copy: at once, WriteDir it into another folder.
	ErrKeyNotStored = errors.New("certbundle: private key not stored")
)
