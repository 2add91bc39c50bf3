package certbundle_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// beside is the name of a key that came second.
func beside(key string) string {
	sum := sha256.Sum256([]byte(key))
	return certbundle.ClientKeyFile + "." + hex.EncodeToString(sum[:8])
}

// TestKeyIsKeptWhateverIsWrong with everything else.
func TestKeyIsKeptWhateverIsWrong(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	over, cancel := context.WithCancel(t.Context())
	cancel()
	none := baas.CertificateResult{PrivateKey: id.result.PrivateKey}
	odd := none
	odd.PrivateKey = "no PEM,\r\n\x00\xff not even text"
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelLate()
	s := &storage{files: id.files}
	for name, c := range map[string]struct {
		ctx    context.Context
		result baas.CertificateResult
		opts   []certbundle.Option
		ended  error
	}{
		"context canceled":      {over, id.result, nil, context.Canceled},
		"deadline passed":       {late, id.result, nil, context.DeadlineExceeded},
		"nil context":           {noContext, id.result, nil, nil},
		"nil client":            {t.Context(), id.result, []certbundle.Option{certbundle.WithHTTPClient(nil)}, nil},
		"no links":              {t.Context(), none, nil, nil},
		"a key that is no PEM":  {t.Context(), odd, nil, nil},
		"no links, nor context": {over, none, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "new")
			b, err := certbundle.Save(c.ctx, dir, c.result, append([]certbundle.Option{s.client()}, c.opts...)...)
			requireSafe(t, err)
			requireContextError(t, c.ended, err)
			require.Equal(t, &certbundle.Bundle{PrivateKey: []byte(c.result.PrivateKey)}, b)
			requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: c.result.PrivateKey})
		})
	}
}

func TestSaveWithoutAnyKey(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	links := baas.CertificateResult{DownloadPath: id.result.DownloadPath}
	s := &storage{files: id.files}
	save := func(t *testing.T, dir string) error {
		_, err := certbundle.Save(t.Context(), dir, links, s.client())
		requireSafe(t, err)
		require.Contains(t, err.Error(), "client.key")
		return err
	}
	t.Run("nothing is made", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "new")
		require.ErrorIs(t, save(t, dir), fs.ErrNotExist)
		require.NoDirExists(t, dir)
	})
	t.Run("what a crash may have left is named", func(t *testing.T) {
		dir := t.TempDir()
		left := certbundle.ClientKeyFile + ".abc.tmp"
		plant(t, dir, left, id.result.PrivateKey)
		err := save(t, dir)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.Contains(t, err.Error(), left)
	})
	for name, content := range map[string]string{
		"empty": "", "no key": "x", "a part of a key": id.result.PrivateKey[:500], "a certificate": id.files[certbundle.CACertFile],
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			plant(t, dir, certbundle.ClientKeyFile, content)
			err := save(t, dir)
			require.ErrorIs(t, err, certbundle.ErrMalformed)
			require.ErrorIs(t, err, certbundle.ErrExists)
			require.NotErrorIs(t, err, certbundle.ErrKeyNotStored)
			requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: content})
		})
	}
	require.Empty(t, s.requests)
}

// TestAnotherKeyIsThere: neither key is lost, and no file that would pass for
// the other key's is written.
func TestAnotherKeyIsThere(t *testing.T) {
	t.Parallel()
	ids := identities()
	s := &storage{files: ids[1].files}
	for name, there := range map[string]map[string]string{
		"the key alone":   ids[0].only(certbundle.ClientKeyFile),
		"a whole bundle":  ids[0].files,
		"an empty file":   {certbundle.ClientKeyFile: ""},
		"a half key":      {certbundle.ClientKeyFile: ids[1].result.PrivateKey[:100]},
		"more than a key": {certbundle.ClientKeyFile: ids[1].result.PrivateKey + "\n"},
		"too large":       {certbundle.ClientKeyFile: strings.Repeat("x", 1<<20+1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, content := range there {
				plant(t, dir, name, content)
			}
			for range 2 { // a second time changes nothing
				b, err := certbundle.Save(t.Context(), dir, ids[1].result, s.client())
				require.ErrorIs(t, err, certbundle.ErrExists)
				require.NotErrorIs(t, err, certbundle.ErrKeyNotStored)
				requireSafe(t, err)
				require.Contains(t, err.Error(), beside(ids[1].result.PrivateKey))
				require.Equal(t, ids[1].result.PrivateKey, string(b.PrivateKey))
				want := map[string]string{beside(ids[1].result.PrivateKey): ids[1].result.PrivateKey}
				for name, content := range there {
					want[name] = content
				}
				requireFiles(t, dir, want)
			}
		})
	}
	require.Empty(t, s.requests)
	t.Run("even the name beside it is taken", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		second := beside(ids[1].result.PrivateKey)
		plant(t, dir, certbundle.ClientKeyFile, "x")
		plant(t, dir, second, "y")
		_, err := certbundle.Save(t.Context(), dir, ids[1].result, s.client())
		require.ErrorIs(t, err, certbundle.ErrExists)
		sum := sha256.Sum256([]byte(ids[1].result.PrivateKey))
		third := certbundle.ClientKeyFile + "." + hex.EncodeToString(sum[:])
		require.Contains(t, err.Error(), third)
		requireFiles(t, dir, map[string]string{certbundle.ClientKeyFile: "x", second: "y", third: ids[1].result.PrivateKey})
	})
}

// TestTwoKeysAtOnce: both are on disk, under whichever names, and the rest is
// that of the one that is client.key.
func TestTwoKeysAtOnce(t *testing.T) {
	t.Parallel()
	ids := identities()
	for range 100 {
		dir := filepath.Join(t.TempDir(), "new")
		var (
			errs [2]error
			wg   sync.WaitGroup
		)
		for i, id := range ids {
			wg.Go(func() {
				_, errs[i] = certbundle.Save(t.Context(), dir, id.result, (&storage{files: id.files}).client())
			})
		}
		wg.Wait()
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		loser := ids[1-winner].result.PrivateKey
		require.NoError(t, errs[winner])
		require.ErrorIs(t, errs[1-winner], certbundle.ErrExists)
		require.Contains(t, errs[1-winner].Error(), beside(loser))
		want := ids[winner].without()
		want[beside(loser)] = loser
		requireFiles(t, dir, want)
	}
}

// TestOneKeyAtOnce: the same reply saved many times over is no conflict.
func TestOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for range 20 {
		dir := filepath.Join(t.TempDir(), "new")
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := certbundle.Save(t.Context(), dir, id.result, (&storage{files: id.files}).client())
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		requireFiles(t, dir, id.files)
	}
}

func TestSaveTellsOfWrongFiles(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	t.Run("all are there", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		require.NoError(t, id.bundle().WriteDir(dir))
		plant(t, dir, certbundle.CACertFile, "<html>")
		_, err := certbundle.Save(t.Context(), dir, id.result)
		require.ErrorIs(t, err, certbundle.ErrExists)
		require.ErrorIs(t, err, certbundle.ErrMalformed)
	})
	t.Run("and of a wrong argument", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		plant(t, dir, certbundle.CACertFile, "<html>")
		_, err := certbundle.Save(noContext, dir, id.result)
		require.ErrorIs(t, err, certbundle.ErrExists)
		require.ErrorContains(t, err, "ctx is nil")
	})
	t.Run("a key that a crash has left beside a part of it", func(t *testing.T) {
		t.Parallel()
		for cut := range 27 { // up to the whole line of the END
			dir := t.TempDir()
			key := strings.TrimRight(id.result.PrivateKey, "\n")
			plant(t, dir, certbundle.ClientKeyFile, key[:len(key)-1-cut])
			plant(t, dir, "client.key.abc.tmp", id.result.PrivateKey)
			_, err := certbundle.Save(t.Context(), dir, id.withoutKey())
			require.ErrorIs(t, err, certbundle.ErrMalformed)
			require.ErrorContains(t, err, "client.key.abc.tmp")
		}
	})
}

func TestSaveSyncsTheKeyThatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plant(t, dir, certbundle.ClientKeyFile, identities()[0].result.PrivateKey)
	log := &steps{}
	_, err := certbundle.Save(t.Context(), dir, baas.CertificateResult{}, certbundle.WithSteps(log.add))
	require.ErrorIs(t, err, certbundle.ErrDownload)
	require.Equal(t, []string{"sync client.key", "sync folder " + filepath.Base(dir)}, log.list)
}

func TestSaveWithoutAFolder(t *testing.T) { // not parallel: the working folder is everybody's
	id := identities()[0]
	t.Chdir(t.TempDir())
	plant(t, ".", certbundle.ClientKeyFile, id.result.PrivateKey)
	s := &storage{files: id.files}
	_, err := certbundle.Save(t.Context(), "", id.withoutKey(), s.client())
	require.ErrorContains(t, err, "no folder is given")
	require.Empty(t, s.requests)
}
