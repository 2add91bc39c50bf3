package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/k8s"
)

// A standIn answers for one Secret as an API server does. It shows what the
// command makes of the answers; what the answers are, the cluster shows.
type standIn struct {
	mu     sync.Mutex
	secret *corev1.Secret
	next   int
	refuse map[string]bool // methods
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := &corev1.Secret{}
	if r.Method != http.MethodGet {
		body, _ := io.ReadAll(r.Body)
		if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, sent); err != nil {
			answer(w, http.StatusBadRequest, metav1.StatusReasonBadRequest)
			return
		}
	}
	switch {
	case s.refuse[r.Method]:
		answer(w, http.StatusForbidden, metav1.StatusReasonForbidden)
		return
	case r.Method != http.MethodPost && s.secret == nil:
		answer(w, http.StatusNotFound, metav1.StatusReasonNotFound)
		return
	case r.Method == http.MethodPost && s.secret != nil:
		answer(w, http.StatusConflict, metav1.StatusReasonAlreadyExists)
		return
	case r.Method == http.MethodPut && sent.ResourceVersion != s.secret.ResourceVersion:
		answer(w, http.StatusConflict, metav1.StatusReasonConflict)
		return
	case r.Method != http.MethodGet:
		s.next++
		sent.ResourceVersion = strconv.Itoa(s.next)
		s.secret = sent
	}
	w.Header().Set("Content-Type", "application/json")
	s.secret.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	_ = json.NewEncoder(w).Encode(s.secret)
}

func answer(w http.ResponseWriter, code int, reason metav1.StatusReason) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Reason: reason, Code: int32(code), Message: "no",
	})
}

// A bench is the command with a stand-in and a BaaS endpoint, in this process.
type bench struct {
	api    *standIn
	server *baastest.Server
	env    map[string]string
	log    strings.Builder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{api: &standIn{refuse: map[string]bool{}}, server: baastest.NewServer()}
	t.Cleanup(b.server.Close)
	api := httptest.NewServer(b.api)
	t.Cleanup(api.Close)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(kubeconfig, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"test",
"clusters":[{"name":"test","cluster":{"server":%q}}],"contexts":[{"name":"test","context":{"cluster":"test"}}]}`, api.URL), 0o600))
	b.env = map[string]string{
		"KUBECONFIG": kubeconfig, "ANTCERT_NAMESPACE": "wallet", "ANTCERT_SECRET": secretName, "ANTCHAIN_ENDPOINT": b.server.URL(),
		"ANTCHAIN_CHAIN": "1q8B5R9p", "ANTCHAIN_CONSORTIUM": "DV80nJXq", "ANTCHAIN_KEY_PASSWORD": keyPassword,
		"ANTCHAIN_SUBJECT": "CN=app-1,OU=QA,O=Example,L=Hangzhou,ST=Zhejiang,C=CN", "ANTCERT_DEBUG": "true",
	}
	return b
}

// run runs the command in this process. Credentials are in its environment, so
// tests that use it are not parallel.
func (b *bench) run(t *testing.T, args ...string) int {
	t.Helper()
	cred, err := b.server.Credential().GetCredential()
	require.NoError(t, err)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", *cred.AccessKeyId)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", *cred.AccessKeySecret)
	b.log.Reset()
	code := run(t.Context(), args, func(name string) string { return b.env[name] }, &b.log)
	require.NotContains(t, b.log.String(), "PRIVATE KEY")
	require.NotContains(t, b.log.String(), keyPassword)
	return code
}

// config is that of the command.
func (b *bench) config(t *testing.T) *config {
	t.Helper()
	c, err := parse(nil, func(name string) string { return b.env[name] }, &b.log)
	require.NoError(t, err)
	return c
}

// store is the Secret.
func (b *bench) store(t *testing.T) identity.Store {
	t.Helper()
	api, err := b.config(t).kubernetes()
	require.NoError(t, err)
	return k8s.SecretStore(api, "wallet", secretName)
}

func TestExitCodes(t *testing.T) {
	t.Run("0 done, and done again", func(t *testing.T) {
		b := newBench(t)
		dir := filepath.Join(t.TempDir(), "files")
		for range 2 {
			require.Equal(t, exitDone, b.run(t, "-out-dir", dir), "%s", &b.log)
			require.Contains(t, b.log.String(), "Secret wallet/wallet-identity holds the identity CN=app-1")
		}
		require.Equal(t, 1, b.server.Issued())
		key, err := os.ReadFile(filepath.Join(dir, "client.key"))
		require.NoError(t, err)
		require.Equal(t, b.api.secret.Data["client.key"], key)
	})
	t.Run("1 failed and nothing was issued", func(t *testing.T) {
		b := newBench(t)
		refusal := baastest.Refuse(403, "Forbidden.RAM", "no")
		b.server.Inject(refusal, refusal) // the first one may meet the question for the time
		require.Equal(t, exitFailed, b.run(t), "%s", &b.log)
		require.Zero(t, b.server.Issued())
	})
	t.Run("1 the folder has the identity of a Secret that was deleted", func(t *testing.T) {
		b := newBench(t)
		dir := filepath.Join(t.TempDir(), "files")
		require.Equal(t, exitDone, b.run(t, "-out-dir", dir), "%s", &b.log)
		before, err := certbundle.Load(dir)
		require.NoError(t, err)
		b.api.secret = nil
		for range 2 {
			require.Equal(t, exitFailed, b.run(t, "-out-dir", dir), "%s", &b.log)
			require.Contains(t, b.log.String(), "delete the pod, or empty the volume")
		}
		require.Equal(t, 2, b.server.Issued())
		after, err := certbundle.Load(dir)
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.Equal(t, exitDone, b.run(t, "-out-dir", filepath.Join(t.TempDir(), "emptied")), "%s", &b.log)
	})
	t.Run("1 the Secret cannot be updated", func(t *testing.T) {
		b := newBench(t)
		b.api.refuse[http.MethodPut] = true
		require.Equal(t, exitFailed, b.run(t), "%s", &b.log)
		require.Contains(t, b.log.String(), "update is forbidden")
		require.Zero(t, b.server.Issued())
	})
	t.Run("2 usage", func(t *testing.T) {
		for args, text := range map[string]string{
			"-nonsense": "not defined", "word": "no flags", "-timeout 0s": "-timeout", "-subject CN=a": "OU is missing", "-signature v4": "-signature",
			"-password-file /nowhere/at/all": "-password-file", "-kubeconfig /nowhere/at/all": "-kubeconfig", "-endpoint http://example.com": "WithEndpoint",
		} {
			b := newBench(t)
			require.Equal(t, exitUsage, b.run(t, strings.Fields(args)...), "%s: %s", args, &b.log)
			require.Contains(t, b.log.String(), text)
		}
		b := newBench(t)
		long := filepath.Join(t.TempDir(), "long")
		require.NoError(t, os.WriteFile(long, []byte(strings.Repeat("x", maxPassword+1)), 0o600))
		require.Equal(t, exitUsage, b.run(t, "-password-file", long))
		require.Contains(t, b.log.String(), "has more than 4096 bytes")
		for _, name := range []string{"ANTCERT_NAMESPACE", "ANTCERT_SECRET", "ANTCHAIN_CHAIN", "ANTCHAIN_CONSORTIUM", "ANTCHAIN_KEY_PASSWORD", "ANTCHAIN_SUBJECT"} {
			b := newBench(t)
			delete(b.env, name)
			require.Equal(t, exitUsage, b.run(t), "%s: %s", name, &b.log)
			require.Contains(t, b.log.String(), "missing", name)
		}
	})
	t.Run("3 in doubt", func(t *testing.T) {
		b := newBench(t)
		for range 8 { // the first one may meet the question for the time
			b.server.Inject(baastest.TruncateAfter(10))
		}
		code := b.run(t)
		require.Equal(t, exitUnknown, code, "%s", &b.log)
		require.Contains(t, b.log.String(), "identity: in doubt")
	})
	t.Run("3 another holder is enrolling", func(t *testing.T) {
		b := newBench(t)
		b.api.secret = &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: secretName, Namespace: "wallet", ResourceVersion: "0"},
			Data: map[string][]byte{"identity.json": []byte(`{"State":"Applying","Chain":"1q8B5R9p","Consortium":"DV80nJXq","Holder":"elsewhere/1/A",` +
				`"Stamp":{"Nonce":"n-1","Time":"2100-01-01T00:00:00Z","Digest":"00"}}`)},
		}
		require.Equal(t, exitUnknown, b.run(t, "-timeout", "1500ms"), "%s", &b.log)
		require.Contains(t, b.log.String(), "another holder is enrolling: elsewhere/1/A")
		require.Zero(t, b.server.Issued())
	})
	t.Run("2 a request that is not valid", func(t *testing.T) {
		b := newBench(t)
		b.env["ANTCHAIN_CHAIN"] = "\xff"
		require.Equal(t, exitUsage, b.run(t), "%s", &b.log)
		require.Zero(t, b.server.Issued())
	})
	t.Run("4 the key is stored, and files are missing", func(t *testing.T) {
		b := newBench(t)
		no := baastest.Refuse(403, "Forbidden.RAM", "no")
		b.server.Inject(baastest.Fault{}, baastest.Fault{}, no, no)
		b.server.InjectDownload(no, no, no)
		require.Equal(t, exitUnusable, b.run(t), "%s", &b.log)
		require.Contains(t, b.log.String(), "the key is in Secret wallet/wallet-identity: run it again")
		require.NotEmpty(t, b.api.secret.Data["client.key"])
		require.Equal(t, exitDone, b.run(t), "%s", &b.log)
		require.Equal(t, 1, b.server.Issued())
	})
	t.Run("1 the Secret is of another chain", func(t *testing.T) {
		b := newBench(t)
		require.Equal(t, exitDone, b.run(t), "%s", &b.log)
		require.Equal(t, exitFailed, b.run(t, "-chain", "other"), "%s", &b.log)
	})
	t.Run("4 the Secret holds an identity that does not verify", func(t *testing.T) {
		for _, args := range [][]string{nil, {"-tls"}} {
			b := newBench(t)
			require.Equal(t, exitDone, b.run(t, args...), "%s", &b.log)
			b.env["ANTCHAIN_KEY_PASSWORD"] = "another"
			require.Equal(t, exitUnusable, b.run(t, args...), "%s", &b.log)
			require.Contains(t, b.log.String(), "wrong password")
		}
	})
}

func TestHelp(t *testing.T) {
	b := newBench(t)
	require.Equal(t, exitDone, b.run(t, "-h"))
	for name := range b.env {
		if name != "ANTCHAIN_KEY_PASSWORD" {
			require.Contains(t, b.log.String(), "("+name)
		}
	}
}

// An error with the only copy of the key is written into a folder, or the text
// says that the key is lost.
func TestRescue(t *testing.T) {
	b := newBench(t)
	require.Equal(t, exitDone, b.run(t), "%s", &b.log)
	c := b.config(t)
	r, err := identity.Inspect(t.Context(), b.store(t))
	require.NoError(t, err)
	key := &identity.KeyError{Record: r, Bundle: r.Bundle, Err: os.ErrClosed}
	var log strings.Builder
	require.Equal(t, exitUnknown, c.failed(t.Context(), &log, b.store(t), fmt.Errorf("wrapped: %w", key)))
	require.Contains(t, log.String(), "-rescue-dir is not set")
	c.rescueDir = t.TempDir()
	require.Equal(t, exitUnknown, c.failed(t.Context(), &log, b.store(t), key))
	requireRescued(t, c.rescueDir)
	require.NotContains(t, log.String(), "PRIVATE KEY")
}
