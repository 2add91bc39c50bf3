package certbundle

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/antchain-go/baas/internal/redact"
)

// A shownBundle is what is printed in the place of a Bundle.
type shownBundle struct {
	PrivateKey string // never the key
	ClientCert string
	CACert     string
	TrustStore string // its size: it is binary
}

func (b Bundle) shown() shownBundle {
	s := shownBundle{ClientCert: string(b.ClientCert), CACert: string(b.CACert)}
	// An empty key is shown as such, which helps whoever lacks it.
	if len(b.PrivateKey) > 0 {
		s.PrivateKey = redact.Mark
	}
	if len(b.TrustStore) > 0 {
		s.TrustStore = strconv.Itoa(len(b.TrustStore)) + " bytes"
	}
	return s
}

// Redacted returns a copy that is safe for any logger and any encoder: the
// private key, if there is one, is "[REDACTED]" in it. The rest is shared with b.
// WriteDir and Save refuse to store such a key.
func (b Bundle) Redacted() Bundle {
	if len(b.PrivateKey) > 0 {
		b.PrivateKey = []byte(redact.Mark)
	}
	return b
}

// Format implements fmt.Formatter. It shows the certificates and the size of
// the trust store, and never the private key, whatever the verb.
//
// What no type can prevent: a value (not a pointer) in an unexported field of
// another struct is printed as it is, and so is one with the verbs %p and, except
// in fmt.Errorf, %w, both of which go vet reports. encoding/json keeps the
// key, so that a bundle can be stored; mind that slog's JSON handler marshals
// what stands inside another value. Redacted is for these cases.
func (b Bundle) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), b.shown())
}

// LogValue implements slog.LogValuer. It shows what Format does.
func (b Bundle) LogValue() slog.Value {
	s := b.shown()
	return slog.GroupValue(
		slog.String("PrivateKey", s.PrivateKey), slog.String("ClientCert", s.ClientCert),
		slog.String("CACert", s.CACert), slog.String("TrustStore", s.TrustStore))
}
