package baastest

import (
	"time"

	"github.com/aliyun/credentials-go/credentials"
)

// Option configures a [Server]. Nil options are skipped; the last of a kind wins.
type Option func(*config)

type config struct {
	shape    ReplyShape
	now      func() time.Time
	keyEnc   KeyEncryption
	cred     credentials.Credential
	inMemory bool
	issuance Issuance
	linkLife time.Duration
	approval time.Duration

	consortiums []Consortium
}

func newConfig(opts []Option) config {
	cfg := config{now: time.Now, linkLife: time.Hour}
	for _, opt := range opts {
		if opt != nil {
			opt(&cfg)
		}
	}
	if cfg.cred == nil {
		cfg.cred = madeUpCredential()
	}
	return cfg
}

// ReplyShape is how a successful reply is laid out: the service's documentation and its SDKs know three ways.
// Refusals look the same in all of them.
type ReplyShape int

const (
	// Documented is the shape of the reference pages and the default: an envelope with successResponse, requestId,
	// code and data, and in data the links before the key.
	Documented ReplyShape = iota
	// Flat is the shape that the official SDKs' types expect: RequestId and Result, the key before the links.
	Flat
	// V2 is Flat with HttpStatusCode, Code, Success, ResultCode, Message and ResultMessage beside Result.
	V2
)

// KeyEncryption is how the private key in a reply is encrypted with the request's Password. All but Unencrypted
// give an "ENCRYPTED PRIVATE KEY" PEM block, PKCS#8.
type KeyEncryption int

const (
	// PKCS12SHA1DES3 is pbeWithSHAAnd3-KeyTripleDES-CBC of PKCS#12 with a salt of 20 bytes and 2048 iterations: what
	// all keys seen in the field have, and the default.
	PKCS12SHA1DES3 KeyEncryption = iota
	// PBES2AES256 is AES-256-CBC under PBKDF2 with HMAC-SHA256 and 2048 iterations, OpenSSL's own choice.
	PBES2AES256
	// PBES2AES128SHA1 is AES-128-CBC under PBKDF2 with HMAC-SHA1 and 2048 iterations.
	PBES2AES128SHA1
	// PBES2DES3 is DES-EDE3-CBC under PBKDF2 with HMAC-SHA1 and 2048 iterations.
	PBES2DES3
	// PBES2Scrypt is AES-256-CBC under scrypt with N=16384, r=8, p=1.
	PBES2Scrypt
	// PBES1MD5DES is pbeWithMD5AndDES-CBC with 2048 iterations.
	PBES1MD5DES
	// PBES1SHA1DES is pbeWithSHA1AndDES-CBC with 2048 iterations.
	PBES1SHA1DES
	// Unencrypted is a "PRIVATE KEY" PEM block: the service is not known to send one, a client has to survive it.
	Unencrypted
)

// Issuance is how certificates and the files that come with them look: as consoles of the service handed them out in
// some years, or as they should look. The key's encryption is [WithKeyEncryption]'s business.
type Issuance int

const (
	// Modern is what any TLS library takes, and the default: a CA of version 3 and SHA-256, certificates for one use
	// that are good for a year and bear the subject asked for. A node's certificate names 127.0.0.1.
	Modern Issuance = iota
	// Console2019 is a version 1 CA, alias "ca" in trustCa, and certificates without extensions, SHA-256, good for
	// ten years, whose serial number is the time in milliseconds. The subject is the one asked for, with an empty
	// emailAddress before it. A node's certificate names no address.
	Console2019
	// Console2021 is a chain of three CAs in ca.crt, of which trustCa holds the issuing one alone, alias "mychain",
	// and certificates for clients and servers at once, good for three years. All signatures are SHA-1. The subject is
	// the service's own and keeps nothing but the common name, behind 32 hexadecimal digits and a "_": the chain's ID
	// if it has that form, else a hash of it. A node's certificate names no address.
	Console2021
)

// WithReplyShape sets the shape of successful replies, [Documented] by default and for unknown values.
func WithReplyShape(s ReplyShape) Option {
	return func(c *config) { c.shape = s }
}

// WithClock makes the server read the time from now, which must be safe for concurrent use. It decides about
// timestamps, nonces, links and the validity of certificates, and it is the Date header of every reply. The default,
// also for nil, is time.Now. Waits, such as that of [HangAfter], do not follow now: they
// last real time, or that of the bubble inside of a testing/synctest bubble.
func WithClock(now func() time.Time) Option {
	return func(c *config) {
		c.now = now
		if now == nil {
			c.now = time.Now
		}
	}
}

// WithKeyEncryption sets how private keys are encrypted, [PKCS12SHA1DES3] by default and for unknown values.
func WithKeyEncryption(e KeyEncryption) Option {
	return func(c *config) { c.keyEnc = e }
}

// WithCredential sets what the server accepts: an access key, an access key with a security token (STS), or a bearer
// token. The server asks cred afresh for every request, one request at a time, so a credential that rotates is
// followed. Whoever else uses cred at the same time should use [Server.Credential] instead, which takes turns with
// the server. The default, also for nil, is an access key made up for this server.
func WithCredential(cred credentials.Credential) Option {
	return func(c *config) { c.cred = cred }
}

// WithInMemory makes a server without a port: its connections are in-memory pipes that only [Server.HTTPClient]
// (and so [Server.Client]) can open. Such a server can live in a testing/synctest bubble. Downloads need that client,
// too: certbundle.Save(ctx, dir, result, certbundle.WithHTTPClient(server.HTTPClient())).
func WithInMemory() Option {
	return func(c *config) { c.inMemory = true }
}

// WithIssuance sets how certificates look, [Modern] by default and for unknown values.
func WithIssuance(i Issuance) Option {
	return func(c *config) { c.issuance = i }
}

// WithLinkLifetime sets how long links work, in whole seconds; the default is an hour. Afterwards they get the object
// storage's 403. Links with no time to live, or less, have expired from the start.
func WithLinkLifetime(d time.Duration) Option {
	return func(c *config) { c.linkLife = d }
}

// WithApprovalDelay sets how long an application by ApplyAntChainCertificate is one (status 0) before its certificate is
// in force (status 1) and DescribeAntChainDownloadPaths links to it. The default is no time: what the service does in
// between is not known. [Server.Issued] counts the certificate from the application on.
func WithApprovalDelay(d time.Duration) Option {
	return func(c *config) { c.approval = d }
}
