// Package testcluster runs the cluster of internal/cluster for tests.
package testcluster

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Binary names the environment variable with the path of the cluster's program,
// which k8s/test.sh builds.
const Binary = "K8S_TEST_CLUSTER"

// startTimeout is far more than a start takes.
const startTimeout = 2 * time.Minute

// A Cluster is a running one.
type Cluster struct {
	Config *rest.Config // of an administrator
	Client kubernetes.Interface
}

var shared struct {
	sync.Mutex
	cluster *Cluster
	err     error
	dir     string
	stdin   io.Closer
	cmd     *exec.Cmd
}

// Start returns the cluster of this process, which it starts at the first call.
// A test is skipped where the program is missing; in CI it fails.
func Start(t testing.TB) *Cluster {
	t.Helper()
	program := os.Getenv(Binary)
	if program == "" {
		const why = "needs a cluster: run k8s/test.sh, which builds one"
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil && shared.err == nil {
		begin := time.Now()
		shared.cluster, shared.err = start(program)
		t.Logf("the cluster took %v to start", time.Since(begin).Round(time.Millisecond))
	}
	require.NoError(t, shared.err)
	return shared.cluster
}

// Main runs the tests, and ends the cluster after them. It is for TestMain.
func Main(m *testing.M) int {
	defer stop()
	return m.Run()
}

func stop() {
	shared.Lock()
	defer shared.Unlock()
	if shared.cmd != nil {
		_ = shared.stdin.Close()
		timer := time.AfterFunc(10*time.Second, func() { _ = shared.cmd.Process.Kill() })
		_ = shared.cmd.Wait()
		timer.Stop()
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
}

func start(program string) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		return nil, err
	}
	shared.dir = dir
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(program, filepath.Join(dir, "state"))
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	shared.cmd, shared.stdin = cmd, stdin
	timer := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	kubeconfig, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("the cluster does not start: %.40q, %w; the end of its log: %s", line, err, text[max(0, len(text)-4000):])
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 200
	client, err := kubernetes.NewForConfig(config)
	return &Cluster{Config: config, Client: client}, err
}

// Namespace makes a namespace for the test.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	ns, err := c.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	return ns.Name
}

// Account makes a service account that may do what rules say.
func (c *Cluster) Account(t testing.TB, namespace, name string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
	_, err := c.Client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = c.Client.RbacV1().Roles(namespace).Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = c.Client.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// Token returns a token of a service account, as the kubelet asks for it.
func (c *Cluster) Token(t testing.TB, namespace, account string) string {
	t.Helper()
	reply, err := c.Client.CoreV1().ServiceAccounts(namespace).CreateToken(context.Background(), account, &authv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	return reply.Status.Token
}

// As returns the configuration of a service account.
func (c *Cluster) As(t testing.TB, namespace, account string) *rest.Config {
	t.Helper()
	config := rest.AnonymousClientConfig(c.Config)
	config.BearerToken = c.Token(t, namespace, account)
	return config
}

// Kubeconfig writes the file of a service account for an API server that is
// reached at the address.
func (c *Cluster) Kubeconfig(t testing.TB, namespace, account, address string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"test",
"clusters":[{"name":"test","cluster":{"server":%q,"certificate-authority-data":%q}}],
"users":[{"name":"account","user":{"token":%q}}],
"contexts":[{"name":"test","context":{"cluster":"test","user":"account"}}]}
`, "https://"+address, base64.StdEncoding.EncodeToString(c.Config.CAData), c.Token(t, namespace, account))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
