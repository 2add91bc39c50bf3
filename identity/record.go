package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// A State is how far an enrollment has come.
type State int

const (
	// Empty: there is no identity and no enrollment. It is the zero State.
	Empty State = iota
	// Applying: a message has been or is about to be sent.
	Applying
	// InDoubt: a certificate may have been issued whose key nobody has.
	InDoubt
	// Issued: the key is stored; files are missing.
	Issued
	// Complete: key, client.crt and ca.crt are stored.
	Complete
)

var stateNames = [...]string{"Empty", "Applying", "InDoubt", "Issued", "Complete"}

func (s State) known() bool { return s >= 0 && int(s) < len(stateNames) }

// String returns the name of the constant.
func (s State) String() string {
	if !s.known() {
		return fmt.Sprintf("State(%d)", int(s))
	}
	return stateNames[s]
}

// MarshalText returns the name of the constant; an unknown State is an error.
func (s State) MarshalText() ([]byte, error) {
	if !s.known() {
		return nil, errUnknownState(s.String())
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads the name of a constant. Any other text is an error, since
// it may stand for an identity.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return errUnknownState(fmt.Sprintf("%.40q", text))
}

func errUnknownState(s string) error {
	return errors.New("identity: unknown state " + s + ", maybe of a newer version of this module")
}

// A Record is what a Store holds: the state of one identity, and the identity.
//
// encoding/json keeps the private key, so that a Record can be stored, and the
// members of the outermost object that this version does not know. Printed or
// logged, a Record shows neither. A JSON object without a State is an error,
// never Empty.
type Record struct {
	State State

	// Which chain the identity is for, and whose it is.
	Chain, Consortium, Subject string

	// Holder is who wrote the record: host, process and 128 random bits, anew
	// for each call of Ensure.
	Holder string
	Since  time.Time   // when Holder began, by its clock; whole seconds
	Stamp  *baas.Stamp // of the message that was about to be sent; nil where there was none

	RequestID, Reason string // of a doubt

	Bundle certbundle.Bundle

	unknown map[string]json.RawMessage // members of other versions
}

// fields lists the members of a record in JSON.
func (r *Record) fields() []field {
	b := &r.Bundle
	return []field{
		{"State", &r.State, false},
		{"Chain", &r.Chain, r.Chain == ""},
		{"Consortium", &r.Consortium, r.Consortium == ""},
		{"Subject", &r.Subject, r.Subject == ""},
		{"Holder", &r.Holder, r.Holder == ""},
		{"Since", &r.Since, r.Since.IsZero()},
		{"Stamp", &r.Stamp, r.Stamp == nil},
		{"RequestID", &r.RequestID, r.RequestID == ""},
		{"Reason", &r.Reason, r.Reason == ""},
		{"Bundle", b, len(b.PrivateKey)+len(b.ClientCert)+len(b.CACert)+len(b.TrustStore) == 0},
	}
}

type field struct {
	name  string
	value any // a pointer
	zero  bool
}

// MarshalJSON returns one object. Equal records have equal JSON.
func (r Record) MarshalJSON() ([]byte, error) {
	members := maps.Clone(r.unknown)
	if members == nil {
		members = map[string]json.RawMessage{}
	}
	for _, f := range r.fields() {
		if f.zero {
			continue
		}
		data, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		members[f.name] = data
	}
	return json.Marshal(members)
}

// UnmarshalJSON replaces all of r. Its errors hold nothing of the data.
func (r *Record) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return errors.New("identity: the record is not a JSON object")
	}
	if _, ok := members["State"]; !ok {
		return errors.New("identity: the record has no State")
	}
	var read Record
	for _, f := range read.fields() {
		raw, ok := members[f.name]
		if !ok {
			continue
		}
		delete(members, f.name)
		if f.name == "State" && string(raw) == "null" {
			return errors.New("identity: the record has no State")
		}
		if err := json.Unmarshal(raw, f.value); err != nil {
			var unknown *json.SyntaxError
			if f.name == "State" && !errors.As(err, &unknown) {
				return errUnknownState(fmt.Sprintf("%.40s", raw))
			}
			return errors.New("identity: the record's " + f.name + " cannot be read")
		}
	}
	if len(members) > 0 {
		read.unknown = members
	}
	*r = read
	return nil
}

// RecordFile is the record's name among Files.
const RecordFile = "identity.json"

// Files returns names and contents of the files that module k8s has in a Secret,
// and a pod in its mount: the record, and of the bundle what is there. The record
// in it is without the bundle. The contents are not copied.
func (r Record) Files() (map[string][]byte, error) {
	b := r.Bundle
	r.Bundle = certbundle.Bundle{}
	record, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		RecordFile: record, certbundle.ClientKeyFile: b.PrivateKey, certbundle.ClientCertFile: b.ClientCert,
		certbundle.CACertFile: b.CACert, certbundle.TrustStoreFile: b.TrustStore,
	}
	maps.DeleteFunc(files, func(_ string, data []byte) bool { return len(data) == 0 })
	return files, nil
}

// equal compares every member, those included that this version does not know.
func (r Record) equal(other Record) bool {
	a, errA := json.Marshal(r)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// check finds what makes a record useless: it is damaged, or of a newer version.
func (r *Record) check() error {
	missing := ""
	switch {
	case !r.State.known():
		return errUnknownState(r.State.String())
	case (r.State == Applying || r.State == InDoubt) && r.Stamp == nil:
		missing = "Stamp"
	case r.State >= Issued && len(r.Bundle.PrivateKey) == 0:
		missing = "private key"
	case r.State == Complete && len(r.Bundle.ClientCert) == 0:
		missing = certbundle.ClientCertFile
	case r.State == Complete && len(r.Bundle.CACert) == 0:
		missing = certbundle.CACertFile
	default:
		return nil
	}
	return errors.New("identity: the record is damaged: it is " + r.State.String() + " and has no " + missing)
}

// Origin names what the service's support asks for: the nonce of the message, and
// the request ID if there is one.
func (r *Record) Origin() string {
	s := "nonce unknown"
	if r.Stamp != nil {
		s = "nonce " + r.Stamp.Nonce
	}
	if r.RequestID != "" {
		s += ", request ID " + r.RequestID
	}
	return s
}

// hasNonce reports whether the record is about the message with the nonce.
func (r *Record) hasNonce(nonce string) bool { return r.Stamp != nil && r.Stamp.Nonce == nonce }

// shownRecord is what is printed in the place of a Record.
type shownRecord struct {
	State                      State
	Chain, Consortium, Subject string
	Holder                     string
	Since                      time.Time
	Stamp                      baas.Stamp
	RequestID, Reason          string
	Bundle                     certbundle.Bundle
}

func (r Record) shown() shownRecord {
	s := shownRecord{
		State: r.State, Chain: r.Chain, Consortium: r.Consortium, Subject: r.Subject, Holder: r.Holder,
		Since: r.Since, RequestID: r.RequestID, Reason: r.Reason, Bundle: r.Bundle,
	}
	if r.Stamp != nil {
		s.Stamp = *r.Stamp
	}
	return s
}

// Format implements fmt.Formatter. It shows no private key, whatever the verb.
func (r Record) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), r.shown())
}

// LogValue implements slog.LogValuer. It shows no private key.
func (r Record) LogValue() slog.Value {
	s := r.shown()
	return slog.GroupValue(
		slog.String("State", s.State.String()), slog.String("Chain", s.Chain),
		slog.String("Consortium", s.Consortium), slog.String("Subject", s.Subject),
		slog.String("Holder", s.Holder), slog.Time("Since", s.Since),
		slog.String("Nonce", s.Stamp.Nonce), slog.Time("Stamped", s.Stamp.Time),
		slog.String("RequestID", s.RequestID), slog.String("Reason", s.Reason),
		slog.Any("Bundle", s.Bundle))
}
