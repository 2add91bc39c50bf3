// Package robust holds the tests that break the network under a client: a
// proxy with faults at every byte, a soak, a storm of cancellations, and a
// test for each fault that these have found. They use the exported API of the
// module and of package baastest alone.
//
//	go test ./internal/robust                                  # a stride over the positions, seconds
//	go test ./internal/robust -robust.soak 20s                 # a longer soak
//	go test ./internal/robust -robust.full -timeout 0          # every position, an hour or more
//	go test ./internal/robust -robust.seed 42                  # the positions and faults of an earlier run
//
// docs/robustness.md says what is tested and what came out. The program in
// folder mutate changes the operators and constants of a file one by one and
// lists the changes that no test notices.
package robust
