package certbundle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// TestFolderOfAnIdentity: Prepare and Save know the record of package identity.
func TestFolderOfAnIdentity(t *testing.T) {
	t.Parallel()
	const withKey = `,"Bundle":{"PrivateKey":"S0VZ"}}` // KEY
	one := func(content string) map[string]string { return map[string]string{"identity.1.json": content} }
	for name, c := range map[string]struct {
		files         map[string]string
		prepare, save string // what the error says; empty: there is none
	}{
		"no record":             {nil, "", ""},
		"Empty":                 {one(`{"State":"Empty"}`), "", ""},
		"Applying":              {one(`{"State":"Applying"}`), "another process is applying", "another process is applying"},
		"InDoubt":               {one(`{"State":"InDoubt"}`), "its key is lost", "its key is lost"},
		"Issued":                {one(`{"State":"Issued"` + withKey), "holds the private key of an identity: identity.Ensure", "holds another private key: identity.Ensure"},
		"Complete":              {one(`{"State":"Complete"` + withKey), "holds the private key of an identity: identity.Ensure", "holds another private key: identity.Ensure"},
		"Issued without a key":  {one(`{"State":"Issued"}`), "cannot be read", "cannot be read"},
		"a key of another kind": {one(`{"State":"Issued","Bundle":{"PrivateKey":7}}`), "cannot be read", "cannot be read"},
		"the highest counts":    {map[string]string{"identity.9.json": `{"State":"Empty"}`, "identity.10.json": `{"State":"InDoubt"}`}, "identity.10.json", "identity.10.json"},
		"no number":             {map[string]string{"identity.x.json": `{"State":"InDoubt"}`, "identity.01.json": "", "identity.1.json.bak": ""}, "", ""},
		"half a record":         {one(`{"State":"Em`), "cannot be read", "cannot be read"},
		"an unknown state":      {one(`{"State":"Moved"}`), "cannot be read", "cannot be read"},
		"a State in lower case": {one(`{"state":"Empty"}`), "cannot be read", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.Chmod(dir, 0o700))
			for file, data := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600))
			}
			if err := Prepare(dir); c.prepare == "" {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrExists)
				require.ErrorContains(t, err, c.prepare)
			}
			b, err := Save(t.Context(), dir, baas.CertificateResult{PrivateKey: "another key"})
			require.Equal(t, "another key", string(b.PrivateKey))
			if c.save == "" {
				require.NotErrorIs(t, err, ErrKeyNotStored)
				require.FileExists(t, filepath.Join(dir, ClientKeyFile))
				return
			}
			require.ErrorIs(t, err, ErrExists)
			require.ErrorIs(t, err, ErrKeyNotStored)
			require.ErrorContains(t, err, c.save)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, len(c.files), "nothing was written")
		})
	}
	require.NoError(t, Prepare(filepath.Join(t.TempDir(), "none")))
}

// TestSaveBesideARecord that holds a key.
func TestSaveBesideARecord(t *testing.T) {
	t.Parallel()
	folder := func(t *testing.T, key string) string {
		dir := t.TempDir()
		for name, data := range map[string]string{"identity.1.json": `{"State":"Issued","Bundle":{"PrivateKey":"S0VZ"}}`, ClientKeyFile: key} {
			if data != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600))
			}
		}
		return dir
	}
	t.Run("the same key may be stored", func(t *testing.T) {
		t.Parallel()
		dir := folder(t, "")
		_, err := Save(t.Context(), dir, baas.CertificateResult{PrivateKey: "KEY"})
		require.NotErrorIs(t, err, ErrKeyNotStored)
		require.NotErrorIs(t, err, ErrExists)
		require.FileExists(t, filepath.Join(dir, ClientKeyFile))
	})
	t.Run("with another client.key nothing is downloaded", func(t *testing.T) {
		t.Parallel()
		const other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
		_, err := Save(t.Context(), folder(t, other), baas.CertificateResult{})
		require.ErrorIs(t, err, ErrExists)
		require.NotErrorIs(t, err, ErrDownload)
		require.NotErrorIs(t, err, ErrKeyNotStored)
		require.ErrorContains(t, err, "identity.1.json: holds another private key")
	})
}
