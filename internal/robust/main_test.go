package robust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/internal/testkit"
)

var (
	full    = flag.Bool("robust.full", false, "try every position, which takes an hour or more")
	stride  = flag.Int("robust.stride", 0, "try one position of so many; 0 chooses one that takes seconds")
	soakFor = flag.Duration("robust.soak", 3*time.Second, "how long to soak")
	seed    = flag.Uint64("robust.seed", 0, "the seed of an earlier run, which a test prints; 0 makes a new one")
)

// authority signs the proxies' certificate. A client's own transport finds it
// among the system's roots, where they can be set.
var authority struct {
	cert  tls.Certificate
	roots *x509.CertPool
}

func TestMain(m *testing.M) {
	flag.Parse()
	log.SetOutput(io.Discard) // net/http tells of each broken connection
	dir, err := os.MkdirTemp("", "robust")
	if err == nil {
		err = makeAuthority(filepath.Join(dir, "roots.pem"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sharedServer = newServer()
	code := m.Run()
	sharedServer.Close()
	_ = os.RemoveAll(dir)
	if err := testkit.NothingLeft(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// sharedServer serves the tests that make calls by the hundred without
// injecting anything: the more certificates a server issues, the less each
// takes.
var sharedServer *baastest.Server

// makeAuthority makes a self-signed certificate and trusts it.
func makeAuthority(file string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	authority.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	authority.roots = x509.NewCertPool()
	authority.roots.AppendCertsFromPEM(roots)
	if err := os.WriteFile(file, roots, 0o600); err != nil {
		return err
	}
	return os.Setenv("SSL_CERT_FILE", file)
}

// newRandom is a source whose seed a failing test prints.
func newRandom(t testing.TB) *mathrand.Rand {
	s := *seed
	if s == 0 {
		s = mathrand.Uint64()
	}
	t.Logf("-robust.seed %d", s)
	return mathrand.New(mathrand.NewPCG(s, 0))
}

// A watcher knows what there was before a test.
type watcher struct {
	goroutines  goleak.Option
	descriptors int
}

func watch(t *testing.T) *watcher {
	w := &watcher{goroutines: goleak.IgnoreCurrent(), descriptors: descriptors()}
	t.Cleanup(func() { w.nothingLeft(t) })
	return w
}

// nothingLeft asserts that no goroutine and no file descriptor of the test is
// left.
func (w *watcher) nothingLeft(t *testing.T) {
	t.Helper()
	require.NoError(t, testkit.NothingLeft(w.goroutines))
	require.LessOrEqual(t, descriptors(), w.descriptors, "open file descriptors")
}

// descriptors counts this process's file descriptors, where the system tells.
func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// password has characters that each encoding treats in its own way.
const password = "pä ss+w*rd~&%=/ 密码"

func newRequest(commonName string) *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq", CommonName: commonName, CountryName: "CN",
		StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou", OrganizationName: "Example & Co",
		OrganizationUnitName: "区块链", Password: password,
	}
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
