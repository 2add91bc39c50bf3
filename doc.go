// Package baas is a client for Alibaba Cloud Blockchain as a Service (BaaS),
// API version 2018-12-21. It gets a TLS client certificate for an Ant
// Blockchain:
//
//	client, err := baas.NewClient()
//	if err != nil {
//		return err
//	}
//	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, req)
//	if errors.Is(err, baas.ErrOutcomeUnknown) {
//		return err // a certificate may have been issued: do not call again
//	}
//	if err != nil {
//		return err // nothing was issued
//	}
//	// resp.Result.PrivateKey is handed over this once: store it first.
//
// # At most once
//
// Each request that arrives issues a certificate, and its private key is in that
// reply only. So a call that is not ReadOnly has two promises:
//
//   - It issues at most one certificate.
//   - ErrOutcomeUnknown is the only error after which one may exist. After every
//     other error nothing was carried out.
//
// A call is in doubt once an attempt may have reached the gateway and no reply
// proves that it was refused. Doubt ends only with a reply that holds the key.
// While in doubt, the client sends only the same bytes, of which the gateway
// accepts one copy; on a new connection, and for five minutes at most.
//
// "Fresh" means sent again with a new nonce and signature, "same" means that the
// same bytes are sent, "stops" that the call ends.
//
//	what happened                           not in doubt yet   in doubt
//	not sent                                fresh              same
//	flow control: Throttling*               fresh              same
//	InvalidTimeStamp.Expired                clock corrected,   stops
//	                                        once, at once
//	idle connection was closed,             same, at once,     same, at once,
//	without a byte of a reply               in doubt           once a call
//	reset, timeout, cut-off, 5xx,           same, in doubt     same
//	a code that blames the service
//	408, 421, 425, 429 without JSON         same, in doubt     same
//	SignatureNonceUsed                      stops, in doubt    stops
//	refusal that blames the request         is returned        stops
//	code that is not recognized             stops, in doubt    stops
//	anything else                           stops, in doubt    stops
//
// More rules:
//
//   - A reply that holds the whole key is success, even if the rest of it is
//     missing.
//   - The service's own codes are not documented. A refusal is believed only if
//     the words of its code blame the request; WithRefusalCodes adds codes.
//   - RetryPolicy says how often and when a call is sent again. It does not decide
//     whether it may be.
//   - OutcomeUnknownError.Reason says why the outcome is unknown.
//   - A clock that is less than a day off is corrected.
//
// ReadOnly calls are retried freely, and never end in ErrOutcomeUnknown. To go on
// after a crash, see WithJournal and WithResume.
//
// # Secrets
//
// These are in no error, log record or formatted value: the password, the
// private key, credentials, signatures, and the queries of URLs.
//
//   - The password travels in the body of a POST over https. It is in a URL only
//     with WithParamsInQuery.
//   - Nothing is sent to a host other than the endpoint. Redirects are not
//     followed.
//   - What reads fields by reflection cannot be stopped: zap, zerolog, logrus,
//     go-cmp, spew, the diff of assert.Equal. Give them Redacted of a value.
//
// # Testing
//
// Package baastest has an endpoint that runs in the test's process. A mocked
// transport, such as httpmock's, goes in with WithHTTPClient.
package baas
