package baas

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/antchain-go/baas/internal/redact"
)

// This file is what fmt, log/slog and encoders see of the types of this package.
//
// Covered are all verbs of fmt, log/slog, and the encodings that know a tag or a
// method that hides a field: json, xml, yaml, toml, msgpack, gob. Not covered is
// what reads values by reflection: the diff of testify's assert.Equal, go-spew,
// go-cmp, a value (not a pointer) in an unexported field of another struct, and
// the verbs %p and, outside of fmt.Errorf, %w. Loggers such as zap, zerolog and
// logrus encode by reflection or as JSON, which keeps the key. For all of these
// there is Redacted.

// The types below are the public ones without their methods: what is printed
// in their place, with the secrets gone.
type (
	plainRequest   ApplyAntChainCertificateWithKeyAutoCreationRequest
	plainResponse  ApplyAntChainCertificateWithKeyAutoCreationResponse
	plainResult    CertificateResult
	plainPath      DownloadPath
	plainOperation Operation
)

// Redacted returns a copy without secrets, which is safe for any logger,
// encoder or test diff. An empty secret stays empty, which helps whoever forgot
// it.
//
// Give it to what reads values by reflection or encodes them as JSON: zap,
// zerolog, logrus, go-spew, go-cmp, the diff of testify's assert.Equal. fmt and
// log/slog do not need it.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) Redacted() ApplyAntChainCertificateWithKeyAutoCreationRequest {
	r.Password = mark(r.Password)
	return r
}

// Redacted returns a copy without secrets, as that of the request does.
func (r ApplyAntChainCertificateWithKeyAutoCreationResponse) Redacted() ApplyAntChainCertificateWithKeyAutoCreationResponse {
	r.Result = r.Result.Redacted()
	return r
}

// Redacted returns a copy without the private key and the queries of links.
func (r CertificateResult) Redacted() CertificateResult {
	r.PrivateKey = mark(r.PrivateKey)
	r.DownloadPath = r.DownloadPath.Redacted()
	return r
}

// Redacted returns a copy without the queries of links, which are signed.
func (p DownloadPath) Redacted() DownloadPath {
	for _, link := range []*string{&p.CACrtURL, &p.ClientCrtURL, &p.SDKURL, &p.TrustCAURL} {
		*link = withoutQuery(*link)
	}
	return p
}

// withoutQuery is link without its query, also where the question mark was
// garbled on the way.
func withoutQuery(link string) string {
	if before, _, found := strings.Cut(link, "?"); found {
		return before + "?" + redact.Mark
	}
	if before, _, found := strings.Cut(link, "="); found {
		return before[:strings.LastIndexByte(before, '/')+1] + redact.Mark
	}
	return link
}

// Redacted returns a copy without the values of secret parameters.
func (op Operation) Redacted() Operation {
	params := maps.Clone(op.Params)
	in := input{semantics: semanticsOf(&op), secrets: op.Secrets}
	for name, values := range params {
		if in.isSecret(name) {
			values = slices.Clone(values)
			for i := range values {
				values[i] = mark(values[i])
			}
			params[name] = values
		}
	}
	op.Params = params
	return op
}

func mark(secret string) string {
	if secret == "" {
		return ""
	}
	return redact.Mark
}

// Format implements fmt.Formatter. It shows the endpoint and none of what the
// client holds, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) {
	if !c.made() {
		_, _ = io.WriteString(f, "<nil>")
		return
	}
	e := c.core().endpoint
	_, _ = fmt.Fprintf(f, "baas.Client(%s://%s)", e.Scheme, e.Host)
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) Format(f fmt.State, verb rune) {
	format(f, verb, plainRequest(r.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) LogValue() slog.Value {
	return logGroup(r.Redacted())
}

// GobEncode implements gob.GobEncoder, which knows no tag that hides a field. It
// leaves Password out.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) GobEncode() ([]byte, error) {
	return json.Marshal(plainRequest(r))
}

// GobDecode implements gob.GobDecoder.
func (r *ApplyAntChainCertificateWithKeyAutoCreationRequest) GobDecode(b []byte) error {
	return json.Unmarshal(b, (*plainRequest)(r))
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
	format(f, verb, plainResult(r.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r CertificateResult) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("PrivateKey", mark(r.PrivateKey)), slog.Any("DownloadPath", r.DownloadPath))
}

// Format implements fmt.Formatter. It shows no query, whatever the verb.
func (p DownloadPath) Format(f fmt.State, verb rune) {
	format(f, verb, plainPath(p.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no query.
func (p DownloadPath) LogValue() slog.Value { return logGroup(p.Redacted()) }

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (op Operation) Format(f fmt.State, verb rune) {
	format(f, verb, plainOperation(op.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (op Operation) LogValue() slog.Value {
	op = op.Redacted()
	return slog.GroupValue(slog.String("Action", op.Action), slog.Any("Params", op.Params),
		slog.Any("Secrets", op.Secrets), slog.Bool("ReadOnly", op.ReadOnly))
}

// GobEncode implements gob.GobEncoder. It leaves Params out.
func (op Operation) GobEncode() ([]byte, error) { return json.Marshal(plainOperation(op)) }

// GobDecode implements gob.GobDecoder.
func (op *Operation) GobDecode(b []byte) error { return json.Unmarshal(b, (*plainOperation)(op)) }

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
