package certbundle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckRecord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		fault string // empty: the folder is free
	}{
		"no record":             {nil, ""},
		"Empty":                 {map[string]string{"identity.1.json": `{"State":"Empty"}`}, ""},
		"Complete":              {map[string]string{"identity.1.json": `{"State":"Complete"}`}, ""},
		"Applying":              {map[string]string{"identity.1.json": `{"State":"Applying"}`}, "another process is applying"},
		"InDoubt":               {map[string]string{"identity.1.json": `{"State":"InDoubt"}`}, "its key is lost"},
		"the highest counts":    {map[string]string{"identity.9.json": `{"State":"Empty"}`, "identity.10.json": `{"State":"InDoubt"}`}, "identity.10.json"},
		"no number":             {map[string]string{"identity.x.json": `{"State":"InDoubt"}`, "identity.01.json": "", "identity.1.json.bak": ""}, ""},
		"half a record":         {map[string]string{"identity.1.json": `{"State":"Em`}, "cannot be read"},
		"an unknown state":      {map[string]string{"identity.1.json": `{"State":"Moved"}`}, "cannot be read"},
		"a State in lower case": {map[string]string{"identity.1.json": `{"state":"Empty"}`}, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, data := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600))
			}
			err := checkRecord(dir)
			if c.fault == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrExists)
			require.ErrorContains(t, err, c.fault)
		})
	}
	require.NoError(t, checkRecord(filepath.Join(t.TempDir(), "none")))
}
