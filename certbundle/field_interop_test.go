package certbundle_test

import (
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// What connects with the bundles of the field, beside Go: see TestFieldConnect.
// The nodes are OpenSSL's, which load a certificate with a SHA-1 signature at
// security level 0 alone, and Go's.

// anyLevel lets OpenSSL 3 use SHA-1 signatures.
const anyLevel = "ALL:@SECLEVEL=0"

// jsScript has the settings of the chain's JavaScript SDK: the chain is
// checked, the name is not.
const jsScript = `
const fs = require("fs"), tls = require("tls");
const [address, passphrase, ciphers, ecdhCurve, maxVersion] = process.argv.slice(1);
const [host, port] = address.split(":");
const socket = tls.connect({
  host, port, passphrase, ciphers, ecdhCurve, maxVersion,
  cert: fs.readFileSync("client.crt"),
  ca: fs.readFileSync("ca.crt"),
  key: fs.readFileSync("client.key"),
  checkServerIdentity: () => undefined,
}, () => socket.write("GET / HTTP/1.0\r\n\r\n"));
socket.setTimeout(20000, () => socket.destroy(new Error("timeout")));
socket.on("error", (err) => { console.error(err.message); process.exit(1); });
let page = "";
socket.on("data", (data) => { page += data; });
socket.on("end", () => { process.stdout.write(page); socket.end(); });
`

func TestFieldNodeJS(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "node")
	const fails = ""
	type attempt struct{ ciphers, curve, maxVersion, gen1, gen2 string }
	for name, tt := range map[string]struct {
		node     []string
		attempts map[string]attempt
	}{
		"TLS 1.3": {[]string{"-tls1_3"}, map[string]attempt{
			"the SDK's ciphers":       {"ALL", "auto", "TLSv1.3", "TLSv1.3", fails},
			"and security level 0":    {anyLevel, "auto", "TLSv1.3", "TLSv1.3", "TLSv1.3"},
			"the SDK's curve as well": {anyLevel, "secp256k1", "TLSv1.3", fails, fails}, // TLS 1.3 does not have it
		}},
		"TLS 1.2": {[]string{"-tls1_2"}, map[string]attempt{
			"the SDK's ciphers":    {"ALL", "auto", "TLSv1.2", "TLSv1.2", fails},
			"and security level 0": {anyLevel, "auto", "TLSv1.2", "TLSv1.2", "TLSv1.2"},
		}},
		"TLS 1.2, curve secp256k1 alone": {[]string{"-tls1_2", "-curves", "secp256k1"}, map[string]attempt{
			"the SDK's settings":                     {"ALL", "secp256k1", "TLSv1.2", "TLSv1.2", fails},
			"the SDK's settings at security level 0": {anyLevel, "secp256k1", "TLSv1.2", "TLSv1.2", "TLSv1.2"},
		}},
	} {
		for _, generation := range []string{"gen1", "gen2"} {
			t.Run(generation+", "+name, func(t *testing.T) {
				t.Parallel()
				needFieldDay(t, generation)
				dir, err := filepath.Abs(filepath.Join("testdata", "field", generation))
				require.NoError(t, err)
				node := opensslNode(t, dir, append(tt.node, "-cipher", anyLevel, "-Verify", "5", "-CAfile", "ca.crt")...)
				for how, a := range tt.attempts {
					want := a.gen1
					if generation == "gen2" {
						want = a.gen2
					}
					out, err := run(t, dir, "", "", "node", "-e", jsScript, node, fieldPassword, a.ciphers, a.curve, a.maxVersion)
					require.Equal(t, want != fails, err == nil, how)
					if want != fails {
						require.Contains(t, out, "New, "+want, how)
						require.Contains(t, out, "Client certificate\n", how)
					}
				}
			})
		}
	}
}

// TestFieldOpenSSLNodes: Go and nodes that are OpenSSL's.
func TestFieldOpenSSLNodes(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{"gen1", "gen2"} {
		for name, tt := range map[string]struct {
			node    []string
			options []certbundle.TLSOption
		}{
			"TLS 1.3":                        {[]string{"-tls1_3"}, nil},
			"TLS 1.2":                        {[]string{"-tls1_2"}, nil},
			"TLS 1.2, curve secp256k1 alone": {[]string{"-tls1_2", "-curves", "secp256k1"}, []certbundle.TLSOption{certbundle.AllowRSAKeyExchange()}},
			"any TLS, curve secp256k1 alone": {[]string{"-curves", "secp256k1"}, []certbundle.TLSOption{certbundle.AllowRSAKeyExchange()}},
		} {
			t.Run(generation+", "+name, func(t *testing.T) {
				t.Parallel()
				needFieldDay(t, generation)
				node := opensslNode(t, filepath.Join("testdata", "field", generation),
					append(tt.node, "-cipher", anyLevel, "-Verify", "5", "-CAfile", "ca.crt")...)
				for _, how := range [][]certbundle.TLSOption{
					{certbundle.TrustChainOnly(), certbundle.AllowSHA1()},
					{certbundle.PinNodes(certbundle.Pin(fieldNodeCert(t, generation).Leaf))},
				} {
					cfg, err := fieldBundle(t, generation).TLSConfig(fieldPassword, append(how, tt.options...)...)
					require.NoError(t, err)
					page, err := askOpenSSL(t, node, cfg)
					require.NoError(t, err)
					require.Contains(t, page, "Client certificate\n")
				}
			})
		}
	}

	// At its usual level, OpenSSL 3 does not even load such a node's certificate.
	testkit.NeedTool(t, "openssl")
	dir := filepath.Join("testdata", "field", "gen2")
	_, err := run(t, dir, "", "", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "node.crt", "-key", "node.key", "-cipher", "ALL:@SECLEVEL=1")
	require.Error(t, err)
}

// goNode is a node of Go's that greets who has shown a certificate of its CA.
func goNode(t testing.TB, cfg *tls.Config) (address string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			if tlsConn := conn.(*tls.Conn); tlsConn.Handshake() == nil {
				_, _ = io.WriteString(conn, "hello over "+tls.VersionName(tlsConn.ConnectionState().Version)+"\n")
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestFieldJava(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "java")
	// The name of the PKCS#12 scheme is not that of its parameters.
	program := strings.Replace(javaProgram, "String scheme = info.getAlgParameters().toString();",
		`String scheme = info.getAlgName().startsWith("PBEWith") ? info.getAlgName() : info.getAlgParameters().toString();`, 1)
	for _, generation := range []string{"gen1", "gen2"} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(generation+", "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				needFieldDay(t, generation)
				host, port, err := net.SplitHostPort(goNode(t, fieldServer(t, generation, version)))
				require.NoError(t, err)
				dir := onDisk(t, fieldBundle(t, generation))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "Connect.java"), []byte(program), 0o600))
				out, err := run(t, dir, "", "", "java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "Connect.java", host, port,
					base64.StdEncoding.EncodeToString([]byte(fieldPassword)))
				require.NoError(t, err)
				require.Equal(t, "hello over "+tls.VersionName(version), strings.TrimSpace(out))
			})
		}
	}
}
