package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/k8s"
	"github.com/antchain-go/baas/k8s/internal/testcluster"
)

const (
	keyPassword = "pä ss+w*rd~&%=/ 密码"
	secretName  = "wallet-identity"

	// asCommand makes the test binary the command.
	asCommand = "ANTCERT_ENSURE_TEST_COMMAND"
)

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
		code := run(ctx, os.Args[1:], os.Getenv, os.Stderr)
		stop()
		os.Exit(code)
	}
	os.Exit(testcluster.Main(m))
}

// A site is a BaaS endpoint and a namespace.
type site struct {
	cluster   *testcluster.Cluster
	namespace string
	server    *baastest.Server
	front     *httptest.Server
	// before is called when an application arrives, and stops it with an error;
	// after when its reply goes back.
	before func() error
	after  func()
}

// A logBook is what a process logs.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed, and made anew, by each Write
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait returns when it holds the text.
func (l *logBook) wait(t *testing.T, text string) {
	t.Helper()
	for {
		l.mu.Lock()
		found, more := strings.Contains(l.text.String(), text), l.more
		l.mu.Unlock()
		if found {
			return
		}
		select {
		case <-more:
		case <-time.After(logTimeout):
			t.Fatalf("%q is not logged: %s", text, l)
		}
	}
}

// logTimeout is far more than a step of a process takes.
const logTimeout = 2 * time.Minute

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{cluster: testcluster.Start(t), server: baastest.NewServer()}
	t.Cleanup(s.server.Close)
	s.namespace = s.cluster.Namespace(t)
	to, err := url.Parse(s.server.URL())
	require.NoError(t, err)
	quiet := log.New(io.Discard, "", 0)
	s.front = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: s, ErrorLog: quiet,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	})
	s.front.Config.ErrorLog = quiet
	t.Cleanup(s.front.Close)
	return s
}

func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	applies := strings.HasPrefix(r.URL.Query().Get("Action"), "Apply")
	if applies && s.before != nil {
		if err := s.before(); err != nil {
			return nil, err
		}
	}
	resp, err := s.server.HTTPClient().Transport.RoundTrip(r)
	if applies && s.after != nil {
		s.after()
	}
	return resp, err
}

func rule(verbs []string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: names, Verbs: verbs}
}

// account makes the service account of the manifests, and returns its file for
// an API server at the address.
func (s *site) account(t *testing.T, address string) string {
	t.Helper()
	s.cluster.Account(t, s.namespace, "antcert-ensure", rule([]string{"get", "update"}, secretName), rule([]string{"create"}))
	return s.cluster.Kubeconfig(t, s.namespace, "antcert-ensure", address)
}

func (s *site) apiServer() string { return strings.TrimPrefix(s.cluster.Config.Host, "https://") }

// A command is a process of antcert-ensure.
type command struct {
	*exec.Cmd
	log logBook
}

func (s *site) start(t *testing.T, kubeconfig string, args ...string) *command {
	t.Helper()
	return start(t, s.server, []string{
		"KUBECONFIG=" + kubeconfig, "ANTCERT_NAMESPACE=" + s.namespace, "ANTCERT_SECRET=" + secretName, "ANTCHAIN_ENDPOINT=" + s.front.URL,
		"ANTCHAIN_CHAIN=1q8B5R9p", "ANTCHAIN_CONSORTIUM=DV80nJXq", "ANTCHAIN_KEY_PASSWORD=" + keyPassword,
		"ANTCHAIN_SUBJECT=CN=app-1,OU=Q\\+A,O=Example & Co,L=Hangzhou,ST=Zhejiang,C=CN", "ANTCERT_DEBUG=true",
	}, args...)
}

// start starts a process with the server's credentials.
func start(t *testing.T, server *baastest.Server, env []string, args ...string) *command {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cred, err := server.Credential().GetCredential()
	require.NoError(t, err)
	c := &command{Cmd: exec.CommandContext(t.Context(), exe, args...), log: logBook{more: make(chan struct{})}}
	c.Env = append(os.Environ(), asCommand+"=1",
		"ALIBABA_CLOUD_ACCESS_KEY_ID="+*cred.AccessKeyId, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+*cred.AccessKeySecret)
	c.Env = append(c.Env, env...)
	c.Stderr = &c.log
	require.NoError(t, c.Start())
	return c
}

// stop tells the process to end, as the kubelet does.
func (c *command) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
}

// code waits for the end of the process: its exit code, -1 if it was killed. No
// log holds a key or the password.
func (c *command) code(t *testing.T) int {
	t.Helper()
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	for _, secret := range []string{"PRIVATE KEY", keyPassword} {
		require.NotContains(t, c.log.String(), secret)
	}
	return c.ProcessState.ExitCode()
}

// requireIdentity: the Secret holds an identity that verifies.
func (s *site) requireIdentity(t *testing.T) {
	t.Helper()
	r, err := identity.Inspect(t.Context(), k8s.SecretStore(s.cluster.Client, s.namespace, secretName))
	require.NoError(t, err)
	require.Equal(t, identity.Complete, r.State)
	_, err = r.Bundle.Verify(keyPassword)
	require.NoError(t, err)
}
