package identity

import (
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

// newIdentities issues n certificates of one CA, each newer than the one before.
func newIdentities(t testing.TB, n int) (*site, []*certbundle.Bundle) {
	t.Helper()
	var ahead atomic.Int64
	s := newSite(t, baastest.WithClock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
	bundles := make([]*certbundle.Bundle, n)
	for i := range bundles {
		ahead.Store(int64(time.Duration(i) * time.Minute))
		var err error
		bundles[i], err = s.ensure(t.Context(), Memory())
		require.NoError(t, err)
	}
	ahead.Store(0)
	return s, bundles
}

func newTestSource(t testing.TB, opts ...SourceOption) *Source {
	t.Helper()
	s, err := NewSource(t.Context(), keyPassword, append(opts, PollEvery(2*time.Millisecond))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func dial(node *baastest.Node, cfg *tls.Config) error {
	conn, err := (&tls.Dialer{Config: cfg}).DialContext(context.Background(), "tcp", node.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Read(make([]byte, 1)) // the node's verdict, and its greeting
	return err
}

// replace puts a record in the place of the one that is there.
func replace(t testing.TB, store Store, r Record) {
	t.Helper()
	_, version, err := store.Load(t.Context())
	require.NoError(t, err)
	_, err = store.Swap(t.Context(), r, version)
	require.NoError(t, err)
}

func completeRecord(b *certbundle.Bundle) Record { return Record{State: Complete, Bundle: *b} }

func serial(t testing.TB, b *certbundle.Bundle) string {
	t.Helper()
	r, err := b.Verify(keyPassword)
	require.NoError(t, err)
	return r.SerialNumber
}

func TestSource(t *testing.T) {
	t.Parallel()
	site, ids := newIdentities(t, 3)
	node := site.server.NewNode()

	t.Run("a rotation under load (100 handshakes a second) without a failed handshake", func(t *testing.T) {
		t.Parallel()
		store := Memory()
		replace(t, store, completeRecord(ids[0]))
		s := newTestSource(t, FromStore(store))
		cfg, err := s.TLSConfig(certbundle.TrustChainOnly())
		require.NoError(t, err)
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		var wg sync.WaitGroup
		var failed atomic.Value
		for n := range 100 {
			<-ticker.C
			if n%10 == 0 {
				replace(t, store, completeRecord(ids[n/10%3]))
			}
			wg.Go(func() {
				if err := dial(node, cfg); err != nil {
					failed.Store(err)
				}
			})
		}
		wg.Wait()
		require.Nil(t, failed.Load())
	})
	t.Run("a broken new version never takes the place of a good one", func(t *testing.T) {
		t.Parallel()
		store := Memory()
		replace(t, store, completeRecord(ids[0]))
		var log logBook
		s := newTestSource(t, FromStore(store), WithSourceLogger(log.logger()))
		changed := s.Changed()
		broken := *ids[1]
		broken.ClientCert = ids[2].ClientCert
		replace(t, store, completeRecord(&broken))
		require.Eventually(t, func() bool { return log.has("an identity is not served") }, time.Minute, time.Millisecond)
		require.Equal(t, serial(t, ids[0]), s.Report().SerialNumber)
		require.Equal(t, 1, log.count("an identity is not served"), "once for each fault")
		replace(t, store, Record{State: 99})
		require.Eventually(t, func() bool { return log.has("unknown state") }, time.Minute, time.Millisecond)
		replace(t, store, completeRecord(ids[1]))
		<-changed
		require.Equal(t, serial(t, ids[1]), s.Report().SerialNumber)
		require.NotContains(t, log.String(), keyPassword)
	})
	t.Run("a half-written version", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		writeFiles(t, dir, ids[0])
		var log logBook
		s := newTestSource(t, FromDir(dir), WithSourceLogger(log.logger()))
		changed := s.Changed()
		require.NoError(t, os.WriteFile(filepath.Join(dir, certbundle.ClientKeyFile), ids[1].PrivateKey, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, certbundle.ClientCertFile), ids[1].ClientCert[:100], 0o600))
		require.Eventually(t, func() bool { return log.has("an identity is not served") }, time.Minute, time.Millisecond)
		require.Equal(t, serial(t, ids[0]), s.Report().SerialNumber)
		require.NoError(t, os.WriteFile(filepath.Join(dir, certbundle.ClientCertFile), ids[1].ClientCert, 0o600))
		<-changed
		require.Equal(t, serial(t, ids[1]), s.Report().SerialNumber)
	})
	t.Run("a Secret mount's atomic exchange", func(t *testing.T) {
		t.Parallel()
		mount := newMount(t)
		mount.put(t, ids[0])
		s := newTestSource(t, FromDir(mount.path))
		for n := range 20 {
			changed := s.Changed()
			id := ids[(n+1)%2]
			mount.put(t, id)
			<-changed
			require.Equal(t, serial(t, id), s.Report().SerialNumber)
		}
	})
	t.Run("of several the newest that verifies is served", func(t *testing.T) {
		t.Parallel()
		a, b := Memory(), &faultyStore{Store: Memory()}
		replace(t, a, completeRecord(ids[1]))
		s := newTestSource(t, FromStore(b), FromStore(a))
		require.Equal(t, serial(t, ids[1]), s.Report().SerialNumber)
		changed := s.Changed()
		replace(t, b, completeRecord(ids[0])) // older
		polled := b.count()
		require.Eventually(t, func() bool { return b.count() > polled+2 }, time.Minute, time.Millisecond)
		require.Equal(t, serial(t, ids[1]), s.Report().SerialNumber)
		replace(t, b, completeRecord(ids[2]))
		<-changed
		require.Equal(t, serial(t, ids[2]), s.Report().SerialNumber)
	})
	t.Run("nothing to serve is an error that says why", func(t *testing.T) {
		t.Parallel()
		for name, opts := range map[string][]SourceOption{
			"NewSource needs FromDir or FromStore": nil,
			"not Complete":                         {FromStore(Memory())},
			"is not positive":                      {FromStore(Memory()), PollEvery(0)},
			"client.key":                           {FromDir(t.TempDir()), nil},
		} {
			s, err := NewSource(t.Context(), keyPassword, opts...)
			require.ErrorContains(t, err, name)
			require.Nil(t, s)
		}
		store := Memory()
		replace(t, store, completeRecord(ids[0]))
		_, err := NewSource(t.Context(), "wrong", FromStore(store))
		require.ErrorIs(t, err, certbundle.ErrPassword)
	})
	t.Run("nothing is left after Close", func(t *testing.T) {
		t.Parallel()
		store := &faultyStore{Store: Memory()}
		replace(t, store, completeRecord(ids[0]))
		s := newTestSource(t, FromStore(store))
		cfg, err := s.TLSConfig(certbundle.TrustChainOnly())
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, s.Close()) // that no goroutine is left, goleak says
		require.NoError(t, dial(node, cfg), "what was served last is served on")
	})
}

// TestSourceChecksNodes: the three ways to check a node, each with the identity
// of the time of the handshake.
func TestSourceChecksNodes(t *testing.T) {
	t.Parallel()
	one, ids := newIdentities(t, 1)
	other, otherIDs := newIdentities(t, 1)
	node, otherNode := one.server.NewNode(), other.server.NewNode()
	store := Memory()
	replace(t, store, completeRecord(ids[0]))
	s := newTestSource(t, FromStore(store))

	chainOnly, err := s.TLSConfig(certbundle.TrustChainOnly())
	require.NoError(t, err)
	require.NoError(t, dial(node, chainOnly))
	require.ErrorIs(t, dial(otherNode, chainOnly), certbundle.ErrUntrusted)

	calls := 0
	byName, err := s.TLSConfig(certbundle.VerifyNode(func(tls.ConnectionState) error { calls++; return nil }))
	require.NoError(t, err)
	require.ErrorIs(t, dial(node, byName), errNoName)
	named := byName.Clone()
	named.ServerName = "node.example.com"
	require.ErrorAs(t, dial(node, named), new(*tls.CertificateVerificationError), "another name")
	require.Zero(t, calls)

	failing, err := s.TLSConfig(certbundle.TrustChainOnly(), certbundle.VerifyNode(func(tls.ConnectionState) error { return errModel }))
	require.NoError(t, err)
	require.ErrorIs(t, dial(node, failing), errModel)
	_, err = s.TLSConfig(certbundle.AllowSHA1())
	require.Error(t, err)

	// Another identity, of another chain.
	changed := s.Changed()
	replace(t, store, completeRecord(otherIDs[0]))
	select {
	case <-changed:
	case <-time.After(time.Minute):
		t.Fatal("not changed")
	}
	require.NoError(t, dial(otherNode, chainOnly))
	require.ErrorIs(t, dial(node, chainOnly), certbundle.ErrUntrusted)
}

// mountLink is exchanged as a whole, and the files are links through it.
const mountLink = "..data"

// A mount is a folder as the kubelet mounts a Secret.
type mount struct {
	path string
	n    int
}

func newMount(t *testing.T) *mount {
	m := &mount{path: t.TempDir()}
	for _, name := range fileNames {
		if err := os.Symlink(filepath.Join(mountLink, name), filepath.Join(m.path, name)); err != nil {
			t.Skipf("no symbolic links: %v", err)
		}
	}
	return m
}

func (m *mount) put(t *testing.T, b *certbundle.Bundle) {
	t.Helper()
	old, _ := os.Readlink(filepath.Join(m.path, mountLink))
	m.n++
	version := "..version" + string(rune('a'+m.n))
	require.NoError(t, os.Mkdir(filepath.Join(m.path, version), 0o700))
	writeFiles(t, filepath.Join(m.path, version), b)
	temp := filepath.Join(m.path, "..data_tmp")
	require.NoError(t, os.Symlink(version, temp))
	require.NoError(t, os.Rename(temp, filepath.Join(m.path, mountLink)))
	if old != "" {
		require.NoError(t, os.RemoveAll(filepath.Join(m.path, old)))
	}
}

var fileNames = []string{certbundle.ClientKeyFile, certbundle.ClientCertFile, certbundle.CACertFile, certbundle.TrustStoreFile}

func writeFiles(t testing.TB, dir string, b *certbundle.Bundle) {
	t.Helper()
	for i, data := range [][]byte{b.PrivateKey, b.ClientCert, b.CACert, b.TrustStore} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fileNames[i]), data, 0o600))
	}
}
