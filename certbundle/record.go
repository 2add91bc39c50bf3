package certbundle

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Package identity keeps the record of an enrollment in such files, the highest
// number counts. It imports this package, so the names are known in both.
const (
	recordPrefix = "identity."
	recordSuffix = ".json"
	maxRecord    = 6 << 20
)

// checkRecord finds a record of package identity in dir that says that an
// enrollment is going on or in doubt, or does not say what is. A certificate may
// have been issued then, so no other may be applied for. The error matches
// ErrExists.
func checkRecord(dir string) error {
	name, err := latestRecord(dir)
	if err != nil || name == "" {
		return err
	}
	text := "cannot be read, so nobody knows whether a certificate has been issued"
	switch state := recordState(filepath.Join(dir, name)); state {
	case "Empty", "Issued", "Complete":
		return nil
	case "Applying":
		text = "another process is applying for a certificate in this folder"
	case "InDoubt":
		text = "a certificate may have been issued for this folder, and its key is lost"
	}
	return fault(name, text+": identity.Ensure goes on from here", ErrExists)
}

// latestRecord is the name of the record that counts, or "".
func latestRecord(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fault(dir, err.Error(), err)
	}
	latest, highest := "", int64(0)
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), recordPrefix)
		number, isJSON := strings.CutSuffix(number, recordSuffix)
		n, err := strconv.ParseInt(number, 10, 64)
		if ok && isJSON && err == nil && n > highest && strconv.FormatInt(n, 10) == number {
			latest, highest = e.Name(), n
		}
	}
	return latest, nil
}

// recordState is the State in a record, or "".
func recordState(path string) string {
	data, err := readUpTo(path, maxRecord)
	if err != nil {
		return ""
	}
	var members map[string]json.RawMessage // exact names, other than a struct's
	var state string
	if json.Unmarshal(data, &members) != nil || json.Unmarshal(members["State"], &state) != nil {
		return ""
	}
	return state
}
