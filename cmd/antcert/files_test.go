package main

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/identity"
	"github.com/antchain-go/baas/internal/console"
)

// TestSubject: internal/subject has the whole table.
func TestSubject(t *testing.T) {
	w := newWorld(t).withPassword()
	line := strings.ReplaceAll(enrollLine, "{subject}", `CN=a\2c\20b,ou=U,O=蚂蚁,L=l,ST=s,C=CN`)
	require.Contains(t, w.must(line), `CN=a\, b,OU=U,O=蚂蚁,L=l,ST=s,C=CN`)
	for subject, says := range map[string]string{
		"CN=a,CN=b": "--subject: CN stands there twice",
		"DC=a":      "--subject: \"DC=a\" does not begin with",
		"CN=a+SN=b": "--subject: CN: one of",
	} {
		r := w.run(strings.ReplaceAll(enrollLine, "{subject}", subject))
		require.Equal(t, codeUsage, r.code)
		require.Contains(t, r.err, says)
	}
	require.Equal(t, 1, w.srv.Issued())
}

func TestPasswordSources(t *testing.T) {
	w := newWorld(t)
	w.withPassword().must(enrollLine)
	file := filepath.Join(t.TempDir(), "password")
	for _, row := range []struct {
		name, content, stdin, flag string
		env                        string
		code                       int
	}{
		{"a file", testPassword, "", file, "", 0},
		{"a file with a line ending", testPassword + "\n", "", file, "", 0},
		{"a file with a line ending of Windows", testPassword + "\r\n", "", file, "", 0},
		{"one line ending alone is cut off", testPassword + "\n\n", "", file, "", 4},
		{"a carriage return alone is none", testPassword + "\r", "", file, "", 4},
		{"a file before the environment", testPassword, "", file, "x", 0},
		{"standard input", "", testPassword + "\n", "-", "", 0},
		{"the environment", "", "", "", testPassword, 0},
		{"an empty file", "\n", "", file, "", 2},
		{"no file", "", "", file + "none", "", 2},
		{"a file that is too large", strings.Repeat("x", console.MaxSecret+1), "", file, "", 2},
		{"empty standard input", "", "", "-", "", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(file, []byte(row.content), 0o600))
			line := "verify {dir}"
			if row.flag != "" {
				line += " --password-file " + row.flag
			}
			require.Equal(t, row.code, w.with(passwordVariable+"="+row.env).runWith(row.stdin, line).code)
		})
	}
}

// TestProfile: credentials of a profile win over those of the environment.
func TestProfile(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "config.json")
	value := func(i int) string { return w.env[i][strings.Index(w.env[i], "=")+1:] }
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{"current":"none","profiles":[{"name":"trial","mode":"AK","access_key_id":%q,"access_key_secret":%q}]}`,
		value(0), value(1)), 0o600))
	other := w.with("ALIBABA_CLOUD_CONFIG_FILE="+file, "ALIBABA_CLOUD_ACCESS_KEY_ID=LTAIother", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=other0secret")
	require.Zero(t, other.run("chains --endpoint {url} --profile trial").code)
	require.Equal(t, 1, other.run("chains --endpoint {url}").code)
	require.Equal(t, 1, other.run("chains --endpoint {url} --profile nobody").code)
}

func TestSignatures(t *testing.T) {
	w := newWorld(t)
	w.must("chains --endpoint {url} --signature v3")
	require.Contains(t, w.srv.Requests()[0].Header.Get("Authorization"), "ACS3-HMAC-SHA256")
	w.must("chains --endpoint {url} --region cn-beijing")
	require.Equal(t, "cn-beijing", w.srv.Requests()[2].Params.Get("RegionId"))
}

// TestDebug: what is logged holds no secret, which run checks.
func TestDebug(t *testing.T) {
	w := newWorld(t).withPassword()
	r := w.run(enrollLine + " --debug")
	require.Zero(t, r.code)
	require.Contains(t, r.err, "action=ApplyAntChainCertificateWithKeyAutoCreation")
	require.NotContains(t, r.err, "PRIVATE KEY")
}

// TestCSR: the key is made here.
func TestCSR(t *testing.T) {
	t.Parallel()
	t.Run("enrolled", func(t *testing.T) {
		w := newWorld(t).withPassword()
		require.Contains(t, w.must(enrollLine+" --csr"), "PBES2 AES-256-CBC")
		require.Contains(t, w.must(enrollLine+" --csr"), "was enrolled before")
		require.Equal(t, 1, w.srv.Issued())
		require.Contains(t, w.must("connect {dir} --node "+w.srv.NewNode().Addr()), "hello trial")
	})
	t.Run("refused: no key stays behind", func(t *testing.T) {
		w := newWorld(t).withPassword()
		w.srv.Inject(baastest.Refuse(400, "InvalidParameter", "no"))
		require.Equal(t, 1, w.run(enrollLine+" --csr").code)
		require.Equal(t, 4, w.run("status {dir}").code)
		w.must(enrollLine + " --csr")
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("the reply is lost: complete gets the certificate", func(t *testing.T) {
		w := newWorld(t).withPassword()
		drop := baastest.DropAfter()
		w.srv.Inject(drop, drop, drop, drop)
		require.Equal(t, 3, w.run(enrollLine+" --csr").code)
		require.Equal(t, 4, w.run("verify {dir}").code)
		w.must("complete {dir} --endpoint {url}")
		require.Equal(t, 1, w.srv.Issued())
	})
	t.Run("not issued yet", func(t *testing.T) {
		w := newWorld(t, baastest.WithApprovalDelay(time.Hour)).withPassword()
		r := w.run(enrollLine + " --csr")
		require.NotZero(t, r.code)
		require.Contains(t, r.err, "antcert complete gets them")
		require.NotZero(t, w.run(enrollLine+" --csr").code)
		require.Equal(t, 1, w.srv.Issued(), "not applied for again")
	})
}

func TestComplete(t *testing.T) {
	w := newWorld(t).withPassword()
	w.must(enrollLine)
	for _, name := range []string{"client.crt", "ca.crt", "trustCa", "client.key"} {
		w.remove(name)
		w.must("complete {dir} --endpoint {url}")
		w.must("verify {dir}")
		require.FileExists(t, filepath.Join(w.dir, name))
	}
	require.Equal(t, 1, w.srv.Issued())
	t.Run("a folder that does not say which chain it is for", func(t *testing.T) {
		bare := *w
		bare.dir = filepath.Join(t.TempDir(), "bare")
		key, err := os.ReadFile(filepath.Join(w.dir, certbundle.ClientKeyFile))
		require.NoError(t, err)
		require.NoError(t, (&certbundle.Bundle{PrivateKey: key}).WriteDir(bare.dir))
		r := bare.run("complete {dir} --endpoint {url}")
		require.Equal(t, 2, r.code)
		require.Contains(t, r.err, "--chain ID")
		bare.must("complete {dir} --endpoint {url} --chain " + testChain)
		bare.must("verify {dir}")
	})
}

// TestRescue: a key that its folder does not take is in another one, or printed
// where it is taken.
func TestRescue(t *testing.T) {
	rescue := func(t *testing.T, dir string, c *console.Console) *failure {
		t.Helper()
		s := &session{Console: c, Command: &cli.Command{}, dir: dir}
		err := s.rescue(&identity.KeyError{Record: identity.Record{Chain: testChain}, Bundle: certbundle.Bundle{PrivateKey: []byte("the key")}, Err: errors.New("disk full")})
		require.ErrorContains(t, err, "disk full")
		var f *failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, codeUnknown, f.code)
		return f
	}
	t.Run("in another folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "my id")
		f := rescue(t, dir, console.New())
		require.True(t, strings.HasSuffix(f.next, console.Line("complete", filepath.Dir(found(t, dir)), "--chain", testChain)), f.next)
		data, _ := os.ReadFile(found(t, dir))
		require.Equal(t, "the key", string(data))
		require.ErrorContains(t, f, filepath.Dir(found(t, dir)))
	})
	file := func(t *testing.T, takes bool) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), "file"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.Close() })
		if !takes {
			require.NoError(t, f.Close())
		}
		return f
	}
	for _, row := range []struct {
		name     string
		out, err bool
		says     string
		next     string
	}{
		{"printed", true, true, "was printed to standard output", "keep it as client.key in a folder of its own"},
		{"standard output does not take it", false, true, "was printed to standard error", "keep it as client.key in a folder of its own"},
		{"nothing takes it", false, false, "the key is lost", "have the certificate reset (nonce unknown)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			nowhere := filepath.Join(t.TempDir(), "none")
			for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
				t.Setenv(name, nowhere)
			}
			c := &console.Console{Out: file(t, row.out), Err: file(t, row.err)}
			f := rescue(t, filepath.Join(nowhere, "id"), c)
			require.ErrorContains(t, f, row.says)
			require.Contains(t, f.next, row.next)
			out, _ := os.ReadFile(c.Out.Name())
			errs, _ := os.ReadFile(c.Err.Name())
			require.Equal(t, row.out, string(out) == "the key\n")
			require.Equal(t, row.err && !row.out, string(errs) == "the key\n")
		})
	}
}

func found(t *testing.T, dir string) string {
	t.Helper()
	names, _ := filepath.Glob(dir + ".key-*/client.key")
	require.Len(t, names, 1)
	return names[0]
}

// mounted writes the data of a Secret as a kubelet mounts it.
func mounted(t *testing.T, secret string) (dir, kind string) {
	t.Helper()
	var v struct {
		Kind, Type string
		Metadata   map[string]string
		Data       map[string]string
	}
	d := json.NewDecoder(strings.NewReader(secret))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&struct {
		APIVersion string `json:"apiVersion"`
		V          any
		Kind       *string
		Type       *string
		Metadata   *map[string]string
		Data       *map[string]string
	}{Kind: &v.Kind, Type: &v.Type, Metadata: &v.Metadata, Data: &v.Data}))
	require.Equal(t, "Secret", v.Kind)
	require.Equal(t, "trial", v.Metadata["name"])
	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "..1"), 0o755))
	require.NoError(t, os.Symlink("..1", filepath.Join(dir, "..data")))
	for name, text := range v.Data {
		data, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "..1", name), data, 0o644))
		require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
	}
	return dir, v.Type
}

func TestSecret(t *testing.T) {
	w := newWorld(t).withPassword()
	w.must(enrollLine)
	t.Run("a mount of it loads", func(t *testing.T) {
		dir, kind := mounted(t, w.must("secret {dir} --name trial -o json"))
		require.Equal(t, "Opaque", kind)
		b, err := certbundle.Load(dir)
		require.NoError(t, err)
		require.NotEmpty(t, b.TrustStore)
		_, err = b.Verify(testPassword)
		require.NoError(t, err)
		data, err := os.ReadFile(filepath.Join(dir, identity.RecordFile))
		require.NoError(t, err)
		var r identity.Record
		require.NoError(t, json.Unmarshal(data, &r))
		require.Equal(t, identity.Complete, r.State)
		require.Equal(t, testChain, r.Chain)
		require.NotContains(t, string(data), "PrivateKey")
		mount := *w
		mount.dir = dir
		mount.must("verify {dir}")
		mount.must("connect {dir} --node " + w.srv.NewNode().Addr())
	})
	t.Run("decrypted", func(t *testing.T) {
		dir, kind := mounted(t, w.must("secret {dir} --name trial --decrypt -o json"))
		require.Equal(t, "kubernetes.io/tls", kind)
		_, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
		require.NoError(t, err)
		require.FileExists(t, filepath.Join(dir, "ca.crt"))
	})
	t.Run("decrypted with the wrong password", func(t *testing.T) {
		r := w.with(passwordVariable + "=x").run("secret {dir} --name trial --decrypt")
		require.Equal(t, 4, r.code)
		require.Empty(t, r.out)
	})
	t.Run("without a password", func(t *testing.T) {
		require.Zero(t, w.with(passwordVariable+"=").run("secret {dir} --name trial").code)
	})
}
