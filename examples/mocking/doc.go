// Package mocking is a small service that talks to a node of a chain, as an
// example of how such a service is tested: with a mocked transport
// (httpmock_test.go), for what the service does with a reply, and against an
// endpoint that really issues certificates and loses replies on demand
// (baastest_test.go), for all the rest.
//
// The service applies at most once, over restarts, replicas and lost replies:
// that is identity.Ensure. Tests have identity.Memory for its store, or
// identity.Dir where a restart has to find what was there.
package mocking
