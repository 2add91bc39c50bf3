package main

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/k8s"
)

// Ten processes at once on one Secret: one certificate.
func TestTenAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	kubeconfig := s.account(t, s.apiServer())
	commands := make([]*command, 10)
	for i := range commands {
		commands[i] = s.start(t, kubeconfig)
	}
	for _, c := range commands {
		assert.Equal(t, exitDone, c.code(t), "%s", &c.log)
	}
	require.Equal(t, 1, s.server.Issued())
	s.requireIdentity(t)
}

// A Secret of type kubernetes.io/tls. Nothing is said of its being empty at
// first.
func TestTLSSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(t, s.account(t, s.apiServer()), "-tls")
	require.Equal(t, exitDone, c.code(t), "%s", &c.log)
	require.NotContains(t, c.log.String(), "PEM")
	s.requireIdentity(t)
	secret, err := s.cluster.Client.CoreV1().Secrets(s.namespace).Get(t.Context(), secretName, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, corev1.SecretTypeTLS, secret.Type)
	_, err = tls.X509KeyPair(secret.Data["tls.crt"], secret.Data["tls.key"])
	require.NoError(t, err)
}

// holder is the process that the record names.
func (s *site) holder(t *testing.T) int {
	r, err := identity.Inspect(t.Context(), k8s.SecretStore(s.cluster.Client, s.namespace, secretName))
	assert.NoError(t, err)
	assert.Equal(t, identity.Applying, r.State)
	parts := strings.Split(r.Holder, "/")
	if !assert.Len(t, parts, 3) {
		return 0
	}
	pid, err := strconv.Atoi(parts[1])
	assert.NoError(t, err)
	return pid
}

// One of ten is killed when its message is on its way and does not arrive: the
// others send it again, one certificate.
func TestOneKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var killed atomic.Bool
	s.before = func() error {
		if killed.Swap(true) {
			return nil
		}
		assert.NoError(t, syscall.Kill(s.holder(t), syscall.SIGKILL))
		return errors.New("lost")
	}
	kubeconfig := s.account(t, s.apiServer())
	commands := make([]*command, 10)
	for i := range commands {
		commands[i] = s.start(t, kubeconfig)
	}
	codes := map[int]int{}
	for _, c := range commands {
		code := c.code(t)
		codes[code]++
		if code > 0 {
			t.Logf("%s", &c.log)
		}
	}
	require.Equal(t, map[int]int{-1: 1, exitDone: 9}, codes)
	require.Equal(t, 1, s.server.Issued())
	s.requireIdentity(t)
}

// One is killed when its certificate was issued: whoever comes next issues no
// second one.
func TestKilledAfterTheCertificateWasIssued(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	kill, again := sync.OnceFunc(func() { assert.NoError(t, syscall.Kill(s.holder(t), syscall.SIGKILL)) }), make(chan struct{}, 8)
	s.after = func() { kill(); again <- struct{}{} }
	kubeconfig := s.account(t, s.apiServer())
	require.Equal(t, -1, s.start(t, kubeconfig).code(t))
	<-again
	next := s.start(t, kubeconfig)
	<-again // it has sent the same message
	next.stop(t)
	require.Equal(t, exitUnknown, next.code(t), "%s", &next.log)
	require.Contains(t, next.log.String(), "stopped while an application was in flight, so a certificate for chain 1q8B5R9p may have been issued (nonce ")
	require.Equal(t, 1, s.server.Issued())
}

// One whose RBAC lacks update: it hears of it before anything is applied for.
func TestRBACLacksUpdate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cluster.Account(t, s.namespace, "antcert-ensure", rule([]string{"get"}, secretName), rule([]string{"create"}))
	c := s.start(t, s.cluster.Kubeconfig(t, s.namespace, "antcert-ensure", s.apiServer()))
	require.Equal(t, exitFailed, c.code(t), "%s", &c.log)
	require.Contains(t, c.log.String(), "update is forbidden: give the service account the verb update")
	require.Zero(t, s.server.Issued())
}

func TestRBACLacksCreate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cluster.Account(t, s.namespace, "antcert-ensure", rule([]string{"get", "update"}, secretName))
	c := s.start(t, s.cluster.Kubeconfig(t, s.namespace, "antcert-ensure", s.apiServer()))
	require.Equal(t, exitFailed, c.code(t), "%s", &c.log)
	require.Contains(t, c.log.String(), "create is forbidden: give the service account the verb create on secrets, or make an empty Secret")
	require.Zero(t, s.server.Issued())
}

// requireRescued: the key is in the folder, and opens.
func requireRescued(t *testing.T, dir string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", certbundle.ClientKeyFile))
	require.NoError(t, err)
	require.Len(t, found, 1)
	info, err := os.Stat(found[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	data, err := os.ReadFile(found[0])
	require.NoError(t, err)
	_, err = (&certbundle.Bundle{PrivateKey: data, ClientCert: []byte("x")}).TLSCertificate(keyPassword)
	require.NotErrorIs(t, err, certbundle.ErrPassword)
	require.Contains(t, string(data), "PRIVATE KEY")
}

// One that loses update when the certificate was issued: the key is in the
// error, which the command writes into a folder and not into its log.
func TestRBACLosesUpdate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	kubeconfig := s.account(t, s.apiServer())
	s.after = func() {
		assert.NoError(t, s.cluster.Client.RbacV1().RoleBindings(s.namespace).Delete(t.Context(), "antcert-ensure", metav1.DeleteOptions{}))
	}
	rescue := t.TempDir()
	c := s.start(t, kubeconfig, "-rescue-dir", rescue)
	c.log.wait(t, "the store has not taken the key yet")
	c.stop(t)
	require.Equal(t, exitUnknown, c.code(t), "%s", &c.log)
	require.Contains(t, c.log.String(), "the key was saved in "+rescue)
	requireRescued(t, rescue)
	require.Equal(t, 1, s.server.Issued())
}

// One whose API server goes away after the certificate was issued.
func TestAPIServerGoesAway(t *testing.T) {
	t.Parallel()
	t.Run("for a while: the key is in the Secret", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		proxy := s.cluster.NewProxy(t)
		gone := make(chan struct{})
		s.after = func() { proxy.SetAway(true); close(gone) }
		c := s.start(t, s.account(t, proxy.Addr()))
		<-gone
		refusedTwice(proxy.Refused)
		proxy.SetAway(false)
		require.Equal(t, exitDone, c.code(t), "%s", &c.log)
		require.Equal(t, 1, s.server.Issued())
		s.requireIdentity(t)
	})
	t.Run("for good: the key is in the error", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		proxy := s.cluster.NewProxy(t)
		s.after = func() { proxy.SetAway(true) }
		rescue := t.TempDir()
		c := s.start(t, s.account(t, proxy.Addr()), "-rescue-dir", rescue)
		c.log.wait(t, "the store has not taken the key yet")
		c.stop(t)
		require.Equal(t, exitUnknown, c.code(t), "%s", &c.log)
		require.Contains(t, c.log.String(), "the key was saved in "+rescue)
		requireRescued(t, rescue)
		require.Equal(t, 1, s.server.Issued())
		next := s.start(t, s.cluster.Kubeconfig(t, s.namespace, "antcert-ensure", s.apiServer()))
		next.log.wait(t, "another holder is enrolling: waiting for its key")
		next.stop(t)
		require.Equal(t, exitUnknown, next.code(t), "%s", &next.log)
		require.Equal(t, 1, s.server.Issued())
	})
}

// refusedTwice returns when connections were refused twice.
func refusedTwice(refused <-chan struct{}) {
	<-refused
	<-refused
}

// The Secret is deleted after the certificate was issued: nothing is recreated,
// and the key is in the error.
func TestDeletedAfterTheCertificateWasIssued(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.after = func() {
		assert.NoError(t, s.cluster.Client.CoreV1().Secrets(s.namespace).Delete(t.Context(), secretName, metav1.DeleteOptions{}))
	}
	rescue := t.TempDir()
	c := s.start(t, s.account(t, s.apiServer()), "-rescue-dir", rescue)
	require.Equal(t, exitUnknown, c.code(t), "%s", &c.log)
	requireRescued(t, rescue)
	_, err := s.cluster.Client.CoreV1().Secrets(s.namespace).Get(t.Context(), secretName, metav1.GetOptions{})
	require.Error(t, err)
	require.Equal(t, 1, s.server.Issued())
}
