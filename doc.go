// Package baas is a client for Alibaba Cloud Blockchain as a Service (BaaS),
// API version 2018-12-21. It applies for a TLS identity on an Ant Blockchain:
//
//	client, err := baas.NewClient()
//	if err != nil {
//		return err
//	}
//	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req)
//	if errors.Is(err, baas.ErrOutcomeUnknown) {
//		return err // a certificate may have been issued: do not apply again
//	}
//	if err != nil {
//		return err // nothing was issued
//	}
//	// resp.Result.PrivateKey is handed over this once: store it first.
//
// # At most once
//
// An application is not idempotent, and the private key comes back once. So a
// call that is not ReadOnly never issues two certificates, and says so when it
// does not know whether it issued one.
//
// A call is in doubt from the first attempt that may have reached the gateway
// without a reply that proves that it was not carried out. From then on only
// the same bytes are sent, on a new connection and for five minutes at most,
// of which the gateway accepts one copy. Doubt ends only with a reply that
// holds the key. Any other end is an OutcomeUnknownError, and after every other
// error nothing was carried out.
//
//	what happened              not in doubt so far      in doubt
//	not sent                   sent again               same bytes
//	Throttling*                sent again               same bytes
//	InvalidTimeStamp.Expired   clock corrected, once    stops
//	SignatureNonceUsed         stops, in doubt          stops
//	reset, timeout, 5xx        same bytes, in doubt     same bytes
//	any other refusal          is returned              stops
//	anything else              stops, in doubt          stops
//
// A reply that holds the whole key is success, even if the rest of it is
// missing. A clock is corrected if it is less than a day off. RetryPolicy says
// how often and when calls are sent again.
//
// # Secrets
//
// The password, the private key, credentials, signatures and the queries of
// URLs are in no error, no log record and no formatted value. The password
// travels in the body of a POST over https, never in a URL unless
// WithParamsInQuery is given, and to no host but the endpoint: redirects are
// not followed.
//
// # Testing
//
// Package baastest has an endpoint that runs in the test's process. A mocked
// transport, such as httpmock's, goes in by WithHTTPClient.
package baas
