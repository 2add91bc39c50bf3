// Package certbundle turns the reply to an application into files on disk and
// a TLS configuration for the nodes of an Ant Blockchain:
//
//	if err := certbundle.Prepare(dir); err != nil {
//		return nil, err // nothing has been applied for yet
//	}
//	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req)
//	if err != nil {
//		return nil, err
//	}
//	bundle, err := certbundle.Save(ctx, dir, resp.Result) // the key first
//	if err != nil {
//		return bundle, err // with ErrKeyNotStored, it holds the only copy of the key
//	}
//	if _, err := bundle.Verify(req.Password); err != nil {
//		return bundle, err
//	}
//	cfg, err := bundle.TLSConfig(req.Password)
//
// Nodes are addressed by IP, which their certificates need not name: see
// PinNodes and TrustChainOnly. ExplainHandshake makes errors of connections plain.
//
// Every error begins with "certbundle: " and names the file at fault. No error
// holds the password or any part of the key.
//
// # Private keys
//
// A private key is PKCS#8 in PEM: in the clear, or encrypted with
//
//   - PBES2: PBKDF2 with HMAC-SHA1, -SHA224, -SHA256, -SHA384 or -SHA512, or
//     scrypt; AES-128, AES-192 or AES-256, or triple DES, in CBC mode;
//   - PBES1: pbeWithMD5AndDES-CBC or pbeWithSHA1AndDES-CBC;
//   - PKCS#12: pbeWithSHAAnd3-KeyTripleDES-CBC.
//
// Which of them the service uses is not documented; these are known from the
// field.
//
// # Limits
//
// The files come from a network. Each limit is checked before the work that it
// bounds, and what exceeds one is ErrMalformed.
//
//	PBKDF2            2,000,000 iterations; 1,000,000 with SHA-384 or SHA-512, or
//	                  with a key longer than the hash; no key length but the cipher's
//	PBES1, PKCS#12    1,000,000 iterations
//	scrypt            63 MiB (128·N·r), N of 131,072, N·r·p of 2,097,152
//	private key       16 KiB; RSA of two primes and 8192 bits
//	certificates      16 a file, 8 KiB each, 2 KiB an extension; RSA of 8192 bits,
//	                  with an exponent of 65537 at most; 32 policies for Verify
//	trust store       16 certificates; no length but what the file holds
//
// So no file takes more than a second of one core, nor more than 64 MiB.
//
// # Libraries
//
// Ciphers, hashes, PBKDF2, X.509 and the PKCS#8 of keys in the clear are the
// standard library's; scrypt and the reading of DER are golang.org/x/crypto's.
// The envelopes round them are read here. The library that reads them,
// youmark/pkcs8, does the work that a key asks for, with no limit to be set; to
// set one, the parameters would have to be read beforehand, and then little is
// left for a library to do. Likewise pavlo-v-chernykh/keystore-go allocates
// what a length in a JKS says. Tests use both, OpenSSL, Node.js and Java as
// witnesses.
package certbundle
