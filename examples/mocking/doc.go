// Package mocking is a small service that gets its TLS identity by package
// baas, as an example of how such a service is tested: once with a mocked
// transport (httpmock_test.go) and once against an endpoint that really issues
// certificates and loses replies on demand (baastest_test.go).
//
// The service applies at most once for a chain, over restarts and lost replies
// too. It notes in a Store that it is going to apply before it does, and when
// the outcome is unknown that note stays until a person has cleared it up.
package mocking
