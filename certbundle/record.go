package certbundle

import (
	"bytes"
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

// A record is what counts of the record of package identity in a folder. A nil
// record is that of a folder without one.
type record struct {
	name, state string
	key         []byte // where the state is Issued or Complete
}

// checkNone finds a record that says that a key is stored, that an enrollment is
// going on or in doubt, or does not say what is. A certificate has or may have been
// issued then, so no other may be applied for. The error matches ErrExists.
func (r *record) checkNone() error {
	if r != nil && len(r.key) > 0 {
		return fault(r.name, "holds the private key of an identity: identity.Ensure returns it, and gets what is missing", ErrExists)
	}
	return r.checkKey(nil)
}

// checkKey finds a record beside which key must not be stored, as checkNone
// does. The key that the record holds may be there once more.
func (r *record) checkKey(key []byte) error {
	if r == nil || r.state == "Empty" {
		return nil
	}
	text := "cannot be read, so nobody knows whether a certificate has been issued"
	switch {
	case len(r.key) > 0:
		if len(key) == 0 || bytes.Equal(r.key, key) {
			return nil
		}
		text = "holds another private key"
	case r.state == "Applying":
		text = "another process is applying for a certificate in this folder"
	case r.state == "InDoubt":
		text = "a certificate may have been issued for this folder, and its key is lost"
	}
	return fault(r.name, text+": identity.Ensure goes on from here", ErrExists)
}

// readRecord returns the record that counts in dir, or nil if there is none.
func readRecord(dir string) (*record, error) {
	name, err := latestRecord(dir)
	if err != nil || name == "" {
		return nil, err
	}
	r := &record{name: name}
	r.state, r.key = recordContent(filepath.Join(dir, name))
	return r, nil
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

// recordContent returns the State in a record, and its key if there is to be
// one. What cannot be read is "".
func recordContent(path string) (state string, key []byte) {
	data, err := readUpTo(path, maxRecord)
	if err != nil {
		return "", nil
	}
	var members map[string]json.RawMessage // exact names, other than a struct's
	if json.Unmarshal(data, &members) != nil || json.Unmarshal(members["State"], &state) != nil {
		return "", nil
	}
	if state != "Issued" && state != "Complete" {
		return state, nil
	}
	var bundle struct{ PrivateKey []byte }
	if json.Unmarshal(members["Bundle"], &bundle) != nil || len(bundle.PrivateKey) == 0 {
		return "", nil
	}
	return state, bundle.PrivateKey
}
