package baas

import (
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// ApplyAntChainCertificateWithKeyAutoCreationRequest says for which chain and
// for whom a certificate is applied for. All fields but RegionID are required;
// beyond that the service is the judge of them.
//
// Printed or logged, it shows every field but Password. What no type can
// prevent: a value (not a pointer) in an unexported field of another struct is
// printed as it is, and so is one with the verbs %p and, but for fmt.Errorf,
// %w, both of which go vet reports.
type ApplyAntChainCertificateWithKeyAutoCreationRequest struct {
	AntChainID   string // ID of the blockchain, such as "1q8B5R9p"
	ConsortiumID string // ID of the consortium that the chain belongs to, such as "DV80nJXq"

	// The subject of the certificate.
	CommonName           string // CN
	CountryName          string // C, a two-letter code
	StateOrProvinceName  string // ST
	LocalityName         string // L, the city
	OrganizationName     string // O
	OrganizationUnitName string // OU

	// Password is what the service encrypts the private key with. It is never
	// printed, logged, marshaled or put into an error.
	Password string `json:"-" xml:"-" yaml:"-"`

	// RegionID is an optional parameter, such as "cn-hangzhou". It never
	// selects the host that is called: see WithRegion.
	RegionID string
}

// ApplyAntChainCertificateWithKeyAutoCreationResponse is the answer to an
// application.
//
// Printed or logged, it shows everything but the private key and the queries
// of the links. encoding/json keeps both, so that it can be stored; mind that
// slog's JSON handler marshals what stands inside another value.
type ApplyAntChainCertificateWithKeyAutoCreationResponse struct {
	RequestID string `json:"RequestId"` // what the service's support asks for
	Result    CertificateResult
}

// A CertificateResult is what an application yields.
type CertificateResult struct {
	// PrivateKey is the private key in PEM, as a rule an ENCRYPTED PRIVATE
	// KEY. It is handed over once: store it before anything else.
	PrivateKey string

	// DownloadPath says where the certificates are. It is empty, or lacks
	// some links, if the reply was cut off behind the key; the links can be
	// had again from DescribeAntChainDownloadPaths.
	DownloadPath DownloadPath
}

// DownloadPath holds the links to the files of a TLS identity. They are signed
// and expire soon: whoever has one can use it, so their queries are not shown
// when it is printed or logged.
type DownloadPath struct {
	CACrtURL     string `json:"CaCrtUrl"`     // ca.crt: the CA of the chain, PEM
	ClientCrtURL string `json:"ClientCrtUrl"` // client.crt: the certificate, PEM
	SDKURL       string `json:"SdkUrl"`       // the chain's SDK, or a page about it
	TrustCAURL   string `json:"TrustCaUrl"`   // trustCa: the CA in a Java key store
}

// validate names every field at fault.
func (r *ApplyAntChainCertificateWithKeyAutoCreationRequest) validate() []FieldError {
	var faults []FieldError
	check := func(field, value string, required bool) {
		switch {
		case value == "" && required:
			faults = append(faults, FieldError{field, "is required"})
		case !utf8.ValidString(value):
			faults = append(faults, FieldError{field, "is not valid UTF-8"})
		}
	}
	check("AntChainID", r.AntChainID, true)
	check("ConsortiumID", r.ConsortiumID, true)
	check("CommonName", r.CommonName, true)
	check("CountryName", r.CountryName, true)
	check("StateOrProvinceName", r.StateOrProvinceName, true)
	check("LocalityName", r.LocalityName, true)
	check("OrganizationName", r.OrganizationName, true)
	check("OrganizationUnitName", r.OrganizationUnitName, true)
	check("Password", r.Password, true)
	check("RegionID", r.RegionID, false)
	return faults
}

// The types below are the public ones without their methods: what is printed
// in their place, with the secrets gone.
type (
	plainRequest   ApplyAntChainCertificateWithKeyAutoCreationRequest
	plainResponse  ApplyAntChainCertificateWithKeyAutoCreationResponse
	plainResult    CertificateResult
	plainPath      DownloadPath
	plainOperation Operation
)

func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) redacted() ApplyAntChainCertificateWithKeyAutoCreationRequest {
	r.Password = redact(r.Password)
	return r
}

func (r CertificateResult) redacted() CertificateResult {
	r.PrivateKey = redact(r.PrivateKey)
	r.DownloadPath = r.DownloadPath.redacted()
	return r
}

func (p DownloadPath) redacted() DownloadPath {
	for _, link := range []*string{&p.CACrtURL, &p.ClientCrtURL, &p.SDKURL, &p.TrustCAURL} {
		if before, _, found := strings.Cut(*link, "?"); found {
			*link = before + "?" + redacted
		}
	}
	return p
}

func (op Operation) redacted() Operation {
	op.Params = maps.Clone(op.Params)
	for name, values := range op.Params {
		if name == paramPassword || slices.Contains(op.Secrets, name) {
			values = slices.Clone(values)
			for i := range values {
				values[i] = redact(values[i])
			}
			op.Params[name] = values
		}
	}
	return op
}

// redact leaves an empty secret empty, which helps whoever forgot it.
func redact(s string) string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) Format(f fmt.State, verb rune) {
	format(f, verb, plainRequest(r.redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) LogValue() slog.Value {
	return logGroup(r.redacted())
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (r ApplyAntChainCertificateWithKeyAutoCreationResponse) Format(f fmt.State, verb rune) {
	format(f, verb, plainResponse(r))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r ApplyAntChainCertificateWithKeyAutoCreationResponse) LogValue() slog.Value {
	return slog.GroupValue(slog.String("RequestID", r.RequestID), slog.Any("Result", r.Result))
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (r CertificateResult) Format(f fmt.State, verb rune) {
	format(f, verb, plainResult(r.redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r CertificateResult) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("PrivateKey", redact(r.PrivateKey)), slog.Any("DownloadPath", r.DownloadPath))
}

// Format implements fmt.Formatter. It shows no query, whatever the verb.
func (p DownloadPath) Format(f fmt.State, verb rune) {
	format(f, verb, plainPath(p.redacted()))
}

// LogValue implements slog.LogValuer. It shows no query.
func (p DownloadPath) LogValue() slog.Value { return logGroup(p.redacted()) }

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (op Operation) Format(f fmt.State, verb rune) {
	format(f, verb, plainOperation(op.redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (op Operation) LogValue() slog.Value {
	op = op.redacted()
	return slog.GroupValue(slog.String("Action", op.Action), slog.Any("Params", op.Params),
		slog.Any("Secrets", op.Secrets), slog.Bool("ReadOnly", op.ReadOnly))
}

func format(f fmt.State, verb rune, plain any) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), plain)
}

// logGroup makes a group of the fields of a struct of strings.
func logGroup(v any) slog.Value {
	s := reflect.ValueOf(v)
	attrs := make([]slog.Attr, s.NumField())
	for i := range attrs {
		attrs[i] = slog.String(s.Type().Field(i).Name, s.Field(i).String())
	}
	return slog.GroupValue(attrs...)
}

// isPointer reports whether v is a pointer that is not nil.
func isPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && !r.IsNil()
}
