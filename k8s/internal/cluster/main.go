// Command cluster runs a kube-apiserver and its etcd on loopback, for tests. It
// is a module of its own, so that nobody else has to do with its dependencies.
//
//	cluster FOLDER
//
// It makes keys and certificates in FOLDER, which has to be empty or of an
// earlier run, prints one line when the API server is ready, "ready" and the
// path of a kubeconfig of an administrator, and ends when its standard input
// does. There is no kubelet, no scheduler and no controller: nothing runs.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cluster FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	// The port is had once and kept: no other process can take it.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	server := "https://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	ids, err := newIdentities(dir)
	if err != nil {
		return err
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := ids.writeKubeconfig(kubeconfig, server); err != nil {
		return err
	}
	store, stop, err := startEtcd(ctx, filepath.Join(dir, "etcd"))
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer stop()
	done := make(chan error, 1)
	go func() { done <- runAPIServer(ctx, dir, store, listener) }()
	go func() {
		if ids.waitReady(ctx, server) == nil {
			fmt.Println("ready", kubeconfig)
		}
	}()
	err = <-done
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("kube-apiserver: %w", err)
}
