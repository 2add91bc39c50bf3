// Package baastest is Alibaba Cloud's BaaS endpoint inside a test: a server that verifies signatures, guards nonces
// and issues real certificates, and that can be told to lose its replies.
//
//	srv := baastest.NewServer()
//	defer srv.Close()
//	client := srv.Client()
//
// # What is modeled
//
//   - The 22 actions of version 2018-12-21 that concern a chain's certificates, accounts and description, each with the
//     shape of its documented reply, quirks included: a status is a number in one action and a string in its V2 twin,
//     nodes are JSON in strings there. [Server.Handle] answers any other action.
//   - Signature version 2 (HMAC-SHA1, parameters) and version 3 (ACS3-HMAC-SHA256, headers), with access keys, STS and
//     bearer tokens; one memory of nonces for both; JSON and XML. What the gateway refuses is refused with its codes and
//     statuses.
//   - State. A certificate that was issued, or an account that was created, shows in what the Describe actions tell,
//     also if its reply was lost. [WithConsortium] seeds consortiums, chains and members.
//   - Everything issued works: the key opens with the password that was asked for and fits the certificate, links deliver
//     client.crt, ca.crt and trustCa until they expire, and a [Node] lets the certificate in. [WithIssuance] makes
//     bundles as the consoles of other years handed them out.
//
// # What is not
//
//   - Permissions: whoever holds the credential may do everything. Inject a [Refuse] to see a client without them.
//   - Quotas and flow control: see [Throttle].
//   - Several accounts: all that happens is the doing of one account, the user uid-1170000000000001.
//   - The chain. A node echoes lines; blocks and transactions are a count of the accounts. All chains have all nodes.
//   - Revocation: a node lets a certificate in that was reset, and links to it work until they expire.
//   - Sites: the V2 twins refuse regions other than cn-hangzhou; no action is refused for the account's site.
//
// # What is a guess
//
// The documentation does not say, and this package had to choose:
//
//   - What the service refuses for a reason of its own (an ID or page number that is wrong, an account that exists, a CSR
//     with another key's signature) is 400 InvalidParameter here.
//   - A chain that no certificate was applied for has the MemberStatus ChainNotApplied.
//   - Any number of certificates may be applied for. DescribeAntChainDownloadPaths links to the one that came into force
//     last; without one, ClientCrtUrl is empty.
//   - A reset makes an application a failed one (status 2), and a chain without any other not applied for. Resetting
//     nothing is a success. A Bid is the number of an application; what Operation says makes no difference.
//   - The certificate for a CSR is there at once, see [WithApprovalDelay].
//   - The two keys of an account are of the curve P-256.
//   - Version 3: a missing header has the code that its parameter has in version 2, or IncompleteSignature; every x-acs-
//     header, host and content-type must be signed, in order.
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
