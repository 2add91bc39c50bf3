package certbundle_test

import (
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// The bundle is what the chain's own SDKs need: these tests do with the files
// what the JavaScript and the Java SDK do, and keytool reads the trust store.

const nodeScript = `
const fs = require("fs"), tls = require("tls");
const [host, port] = process.argv.slice(1);
const socket = tls.connect({
  host, port,
  cert: fs.readFileSync("client.crt"),
  ca: fs.readFileSync("ca.crt"),
  key: fs.readFileSync("client.key"),
  passphrase: process.env.PW,
});
socket.setTimeout(20000, () => socket.destroy(new Error("timeout")));
socket.on("error", (err) => { console.error(err.message); process.exit(1); });
socket.once("data", (data) => { process.stdout.write(data); socket.end(); });
`

func TestNodeJSConnectsWithTheBundle(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "node")
	srv := newIssuer(t)
	node := srv.NewNode()
	for name, tt := range map[string]struct {
		srv      *baastest.Server
		password string
		hello    string
	}{
		"own bundle":     {srv, keyPassword, "hello app-1\n"},
		"wrong password": {srv, "wrong", ""},
		"foreign bundle": {newIssuer(t), keyPassword, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := onDisk(t, issued(t, tt.srv, keyPassword))
			host, port, err := net.SplitHostPort(node.Addr())
			require.NoError(t, err)
			out, err := run(t, dir, "", tt.password, "node", "-e", nodeScript, host, port)
			require.Equal(t, tt.hello, out)
			require.Equal(t, tt.hello != "", err == nil)
		})
	}
}

const javaProgram = `
import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.crypto.*;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.*;

public class Connect {
    public static void main(String[] args) throws Exception {
        KeyStore trusted = KeyStore.getInstance("JKS");
        try (InputStream in = Files.newInputStream(Path.of("trustCa"))) {
            trusted.load(in, "mychain".toCharArray());
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);

        char[] password = new String(Base64.getDecoder().decode(args[2]), "UTF-8").toCharArray();
        String pem = Files.readString(Path.of("client.key")).replaceAll("-----[A-Z ]+-----", "");
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(Base64.getMimeDecoder().decode(pem));
        // Under PBES2 the name says nothing about the cipher, elsewhere the parameters do not.
        String scheme = info.getAlgName();
        if (scheme.equals("PBES2")) {
            scheme = info.getAlgParameters().toString();
        }
        Cipher cipher = Cipher.getInstance(scheme);
        cipher.init(Cipher.DECRYPT_MODE,
            SecretKeyFactory.getInstance(scheme).generateSecret(new PBEKeySpec(password)), info.getAlgParameters());
        PKCS8EncodedKeySpec spec = info.getKeySpec(cipher);
        PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(spec);

        Certificate[] chain;
        try (InputStream in = Files.newInputStream(Path.of("client.crt"))) {
            chain = CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new Certificate[0]);
        }
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("client", key, new char[] {'x'}, chain);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, new char[] {'x'});

        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(args[0], Integer.parseInt(args[1]))) {
            socket.setSoTimeout(20000);
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), "UTF-8"));
            System.out.println(in.readLine());
        }
    }
}
`

func TestJavaConnectsWithTheBundle(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "java")
	srv := newIssuer(t)
	node := srv.NewNode()
	b, foreign := issued(t, srv, asciiPassword), issued(t, newIssuer(t), asciiPassword)
	mixed := *b
	mixed.TrustStore = foreign.TrustStore
	for name, tt := range map[string]struct {
		bundle *certbundle.Bundle
		hello  string
	}{
		"own bundle":            {b, "hello app-1"},
		"a foreign trust store": {&mixed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := onDisk(t, tt.bundle)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "Connect.java"), []byte(javaProgram), 0o600))
			host, port, err := net.SplitHostPort(node.Addr())
			require.NoError(t, err)
			out, err := run(t, dir, "", "", "java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "Connect.java", host, port,
				base64.StdEncoding.EncodeToString([]byte(asciiPassword)))
			require.Equal(t, tt.hello, strings.TrimSpace(out))
			require.Equal(t, tt.hello != "", err == nil)
		})
	}
}

// asciiPassword is one that Java's PBEKeySpec takes: it allows no other
// characters for PBES2.
const asciiPassword = "password with spaces & *~"

func TestKeytoolListsTheTrustStore(t *testing.T) {
	t.Parallel()
	testkit.NeedTool(t, "keytool")
	b := issued(t, newIssuer(t), keyPassword)
	dir := onDisk(t, b)
	out := mustRun(t, dir, "", "", "keytool", "-list", "-rfc", "-keystore", "trustCa", "-storetype", "JKS",
		"-storepass", "mychain")
	require.Contains(t, out, "trustedCertEntry")
	listed, err := certbundle.ParseCertificates([]byte(out[strings.Index(out, "-----BEGIN"):]))
	require.NoError(t, err)
	held, err := certbundle.ParseTrustStore(b.TrustStore)
	require.NoError(t, err)
	require.Equal(t, held, listed)
}
