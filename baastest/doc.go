// Package baastest is Alibaba Cloud's BaaS endpoint inside a test: a server that verifies signatures, guards nonces
// and issues real certificates, and that can be told to lose its replies.
//
//	srv := baastest.NewServer()
//	defer srv.Close()
//	client := srv.Client()
//
// The server answers ApplyAntChainCertificateWithKeyAutoCreation of version 2018-12-21, signed with version 2
// (HMAC-SHA1), in JSON or XML. It refuses what the gateway refuses, with the gateway's codes and statuses.
// Everything it issues works: the key opens with the password that was asked for and fits the certificate, the
// links deliver client.crt, ca.crt and trustCa, and a [Node] lets the certificate in. Every other action is refused with
// InvalidAction.NotFound: answer it with [Respond].
//
// # Faults
//
// [Server.Inject] scripts what goes wrong, one fault per API request, first in, first out. It is how a test finds out
// whether a caller copes when the certificate exists and the reply is lost:
//
//	srv.Inject(baastest.DropAfter())
//	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req)
//	// errors.Is(err, baas.ErrOutcomeUnknown), and srv.Issued() is 1
//
// # Nonces
//
// A nonce is consumed by the first request that carries it and is proven to come from the holder of the credential,
// whatever becomes of the request and of its reply afterwards. A request refused before that proof (unknown access
// key, expired timestamp, wrong signature) consumes none: nobody can burn another's nonces.
//
// # Time
//
// With [WithInMemory] the server runs in a testing/synctest bubble: it opens no socket, and without [WithClock] its
// time is the bubble's. Call NewServer and Close inside the bubble, and no NewNode: nodes are TCP.
//
// # Keys are for tests only
//
// Generating an RSA key takes long, so a server makes many keys out of few primes: every two of its primes give one
// 2048-bit key. No key is given out twice, but keys that share a prime are broken by computing a greatest common
// divisor. They are distinct, not secret: never let one protect anything.
package baastest
