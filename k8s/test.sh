#!/usr/bin/env bash
# Builds the cluster of the tests, a kube-apiserver and an etcd from their Go
# modules, and runs the tests of this module against it. The first run builds for
# minutes, every later one takes about a minute. Arguments are flags of go test.
set -euo pipefail
cd "$(dirname "$0")"

# Where there is a cluster no test may be skipped.
export CI="${CI:-true}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "building the cluster (kube-apiserver and etcd)"
begin=$SECONDS
(cd internal/cluster && go build -o "$folder/cluster" .)
echo "built in $((SECONDS - begin)) s"

export K8S_TEST_CLUSTER="$folder/cluster"
# Most of what the tests do is to wait for processes. The time limit is that of a
# first build: a test runs the Dockerfile's.
echo "testing"
go test -parallel 8 -timeout 30m "$@" ./...
