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
// # Files
//
// What arrives whole is stored, also if Go cannot read it: Java and Node.js may.
//
//   - client.key, client.crt and ca.crt are PEM as OpenSSL and Node.js read it.
//     Blocks of other kinds and text around them are skipped. The first key, and
//     in client.crt the first certificate, is the client's.
//   - trustCa is a JKS or a PKCS#12, which keytool writes since Java 9. Nothing
//     but Java needs it.
//
// A certificate that crypto/x509 refuses, such as one with an SM2 key or a
// negative serial number, is ErrUnsupported, and so is all else that is whole and
// that Go does not take. Another download would bring the same. ErrMalformed is
// what is damaged, cut off or another kind of file.
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
// Keys of the field are of the last kind. "openssl pkcs8 -topk8" makes PKCS#8 of
// other forms, RSA PRIVATE KEY for one, which are ErrUnsupported.
//
// A password that is not ASCII is tried as UTF-8 (PKCS#12: UTF-16), and then in
// the form of older software: for PBES1 and PBKDF2 the low byte of each UTF-16
// unit, as BouncyCastle has it, for PKCS#12 each byte as a character, as OpenSSL
// before 1.1 did.
//
// # Limits
//
// The files come from a network. Each limit is checked before the work that it
// bounds, and what exceeds one is ErrMalformed. It is stored nevertheless, if it
// has no more than 1 MiB.
//
//	PBKDF2            2,000,000 iterations; 1,000,000 with SHA-384 or SHA-512, or
//	                  with a key longer than the hash; no key length but the cipher's
//	PBES1, PKCS#12    1,000,000 iterations
//	scrypt            63 MiB (128·N·r), N of 131,072, N·r·p of 2,097,152
//	private key       16 KiB; RSA of two primes and 8192 bits
//	certificates      16 a file, 8 KiB each, 2 KiB an extension; RSA of 8192 bits,
//	                  with an exponent of 65537 at most; 32 policies for Verify
//	trust store       16 certificates; no length but what the file holds
//	PKCS#12           128 KiB; 200,000 iterations for its digest, and as many for its
//	                  contents
//	second form of    keys that ask for a tenth of their limit at most; others are
//	a password        tried with one form
//
// So no file takes more than a second of one core, nor more than 64 MiB.
package certbundle
