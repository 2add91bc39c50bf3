package certbundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Load reads a bundle. It returns what is there, never nil, as it is: see
// Verify. The error names what is missing, and then matches fs.ErrNotExist, and
// what cannot be read or is empty, too large or not a regular file. trustCa, which
// only Java reads, is left out without an error unless reading it was denied or failed.
//
// Symbolic links are followed to regular files, so the folder may be a mounted
// Secret of Kubernetes, or hold links as certbot and Nix make them: whoever can
// write to it chooses the files. If a mounted Secret changes during the read, all
// files are still of one version.
func Load(dir string) (*Bundle, error) { return loadFrom(cleanFolder(dir), readLinked) }

// maxVersions is how many versions of a folder are tried in a row. They are
// exchanged in minutes, not in the time that it takes to read one.
const maxVersions = 10

func loadFrom(dir string, read func(path string) ([]byte, error)) (b *Bundle, err error) {
	if dir == "" {
		return &Bundle{}, errors.New("certbundle: no folder is given")
	}
	folder := resolveFolder(dir)
	for range maxVersions {
		b, err = folder.load(dir, read)
		// The version that was read may have been removed meanwhile.
		latest := resolveFolder(dir)
		whole := err == nil && len(b.TrustStore) > 0
		if whole || latest == folder && !errors.Is(err, errExchanged) {
			break
		}
		folder = latest
	}
	return b, err
}

// A resolvedFolder is a folder that may be exchanged as a whole, with the links
// that do so followed once: the folder itself, or its ..data, through which
// Kubernetes links each file.
type resolvedFolder struct{ path, data string }

const dataLink = "..data"

func resolveFolder(dir string) resolvedFolder {
	path, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return resolvedFolder{path: dir} // reading says what is wrong
	}
	data, err := os.Readlink(filepath.Join(path, dataLink))
	if err != nil {
		return resolvedFolder{path: path} // there is no such link
	}
	if !filepath.IsAbs(data) {
		data = filepath.Join(path, data)
	}
	// If that is gone already, reading says so: never go on without it, which
	// would follow the link anew for each file.
	if resolved, err := filepath.EvalSymlinks(data); err == nil {
		data = resolved
	}
	return resolvedFolder{path, data}
}

// file returns where a file is, in the version that was resolved.
func (f resolvedFolder) file(name string) string {
	path := filepath.Join(f.path, name)
	if f.data == "" {
		return path
	}
	target, err := os.Readlink(path)
	if err != nil {
		return path // not a link
	}
	if rest, ok := strings.CutPrefix(filepath.ToSlash(target), dataLink+"/"); ok {
		return filepath.Join(f.data, filepath.FromSlash(rest))
	}
	return path
}

// isNoFile reports whether err says that there is no file of use under a name:
// none at all, links that lead nowhere, something else than a file as the folder
// that a mount leaves in the place of a missing one, or nothing in it.
func isNoFile(err error) bool {
	for _, is := range []error{fs.ErrNotExist, errContent, errIrregular, syscall.ELOOP, syscall.ENOTDIR} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

func (f resolvedFolder) load(dir string, read func(path string) ([]byte, error)) (*Bundle, error) {
	b := &Bundle{}
	var (
		absent []string
		errs   []error
	)
	for _, m := range b.members() {
		data, err := read(f.file(m.name))
		if err == nil && len(data) == 0 {
			err = fault(m.name, "is empty", ErrMalformed, errContent)
		}
		switch {
		case err == nil:
			*m.data = data
		case m.name == TrustStoreFile && isNoFile(err):
		case errors.Is(err, fs.ErrNotExist):
			absent = append(absent, m.name)
		default:
			errs = append(errs, fault(m.name, textOf(err), err))
		}
	}
	if len(absent) > 0 {
		text := "not in " + dir
		if absent[0] == ClientKeyFile {
			text += leftKeys(dir)
		}
		errs = append(errs, fault(strings.Join(absent, ", "), text, fs.ErrNotExist))
	}
	return b, errors.Join(errs...)
}
