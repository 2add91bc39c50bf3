package baas

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"

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
	plainRequest         ApplyAntChainCertificateWithKeyAutoCreationRequest
	plainResponse        ApplyAntChainCertificateWithKeyAutoCreationResponse
	plainResult          CertificateResult
	plainPath            DownloadPath
	plainPathsResponse   DescribeAntChainDownloadPathsResponse
	plainPathsV2Response DescribeAntChainDownloadPathsV2Response
	plainAccountRequest  CreateAntChainAccountWithKeyPairAutoCreationRequest
	plainAccountResponse CreateAntChainAccountWithKeyPairAutoCreationResponse
	plainAccountKeys     AccountKeys
	plainOperation       Operation
)

// Redacted returns a copy without secrets, which is safe for any logger,
// encoder or test diff. An empty secret stays empty, which helps whoever forgot
// it.
//
// Give it to what reads values by reflection or encodes them as JSON: zap,
// zerolog, logrus, go-spew, go-cmp, the diff of testify's assert.Equal. fmt and
// log/slog do not need it.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) Redacted() ApplyAntChainCertificateWithKeyAutoCreationRequest {
	r.Password = redact.Secret(r.Password)
	return r
}

// Redacted returns a copy without secrets, as that of the request does.
func (r ApplyAntChainCertificateWithKeyAutoCreationResponse) Redacted() ApplyAntChainCertificateWithKeyAutoCreationResponse {
	r.Result = r.Result.Redacted()
	return r
}

// Redacted returns a copy without the private key and the queries of links.
func (r CertificateResult) Redacted() CertificateResult {
	r.PrivateKey = redact.Secret(r.PrivateKey)
	r.DownloadPath = r.DownloadPath.Redacted()
	return r
}

// Redacted returns a copy without the queries of links, which are signed.
func (p DownloadPath) Redacted() DownloadPath {
	for _, link := range []*string{&p.CACrtURL, &p.ClientCrtURL, &p.SDKURL, &p.TrustCAURL} {
		*link = redact.Link(*link)
	}
	return p
}

// Redacted returns a copy without the queries of links.
func (r DescribeAntChainDownloadPathsResponse) Redacted() DescribeAntChainDownloadPathsResponse {
	r.Result = r.Result.Redacted()
	return r
}

// Redacted returns a copy without the queries of links.
func (r DescribeAntChainDownloadPathsV2Response) Redacted() DescribeAntChainDownloadPathsV2Response {
	r.Result = r.Result.Redacted()
	return r
}

// Redacted returns a copy without the passwords, as that of
// ApplyAntChainCertificateWithKeyAutoCreationRequest does.
func (r CreateAntChainAccountWithKeyPairAutoCreationRequest) Redacted() CreateAntChainAccountWithKeyPairAutoCreationRequest {
	r.Password, r.RecoverPassword = redact.Secret(r.Password), redact.Secret(r.RecoverPassword)
	return r
}

// Redacted returns a copy without the private keys.
func (r CreateAntChainAccountWithKeyPairAutoCreationResponse) Redacted() CreateAntChainAccountWithKeyPairAutoCreationResponse {
	r.Result = r.Result.Redacted()
	return r
}

// Redacted returns a copy without the private keys.
func (k AccountKeys) Redacted() AccountKeys {
	k.AccountPrivateKey, k.AccountRecoverPrivateKey = redact.Secret(k.AccountPrivateKey), redact.Secret(k.AccountRecoverPrivateKey)
	return k
}

// Redacted returns a copy without the values of secret parameters.
func (op Operation) Redacted() Operation {
	params := maps.Clone(op.Params)
	in := input{semantics: semanticsOf(&op), secrets: op.Secrets}
	for name, values := range params {
		if in.isSecret(name) {
			params[name] = redact.Secrets(values)
		}
	}
	op.Params = params
	return op
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
	redact.Format(f, verb, plainRequest(r.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r ApplyAntChainCertificateWithKeyAutoCreationRequest) LogValue() slog.Value {
	return redact.Group(r.Redacted())
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
	redact.Format(f, verb, plainResponse(r))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r ApplyAntChainCertificateWithKeyAutoCreationResponse) LogValue() slog.Value {
	return redact.Group(r.Redacted())
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (r CertificateResult) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainResult(r.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r CertificateResult) LogValue() slog.Value {
	return redact.Group(r.Redacted())
}

// Format implements fmt.Formatter. It shows no query, whatever the verb.
func (p DownloadPath) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainPath(p.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no query.
func (p DownloadPath) LogValue() slog.Value { return redact.Group(p.Redacted()) }

// Format implements fmt.Formatter. It shows no query, whatever the verb.
func (r DescribeAntChainDownloadPathsResponse) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainPathsResponse(r))
}

// LogValue implements slog.LogValuer. It shows no query.
func (r DescribeAntChainDownloadPathsResponse) LogValue() slog.Value {
	return redact.Group(r.Redacted())
}

// Format implements fmt.Formatter. It shows no query, whatever the verb.
func (r DescribeAntChainDownloadPathsV2Response) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainPathsV2Response(r))
}

// LogValue implements slog.LogValuer. It shows no query.
func (r DescribeAntChainDownloadPathsV2Response) LogValue() slog.Value {
	return redact.Group(r.Redacted())
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (r CreateAntChainAccountWithKeyPairAutoCreationRequest) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainAccountRequest(r.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r CreateAntChainAccountWithKeyPairAutoCreationRequest) LogValue() slog.Value {
	return redact.Group(r.Redacted())
}

// GobEncode implements gob.GobEncoder. It leaves the passwords out.
func (r CreateAntChainAccountWithKeyPairAutoCreationRequest) GobEncode() ([]byte, error) {
	return json.Marshal(plainAccountRequest(r))
}

// GobDecode implements gob.GobDecoder.
func (r *CreateAntChainAccountWithKeyPairAutoCreationRequest) GobDecode(b []byte) error {
	return json.Unmarshal(b, (*plainAccountRequest)(r))
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (r CreateAntChainAccountWithKeyPairAutoCreationResponse) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainAccountResponse(r))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (r CreateAntChainAccountWithKeyPairAutoCreationResponse) LogValue() slog.Value {
	return redact.Group(r.Redacted())
}

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (k AccountKeys) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainAccountKeys(k.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (k AccountKeys) LogValue() slog.Value { return redact.Group(k.Redacted()) }

// Format implements fmt.Formatter. It shows no secret, whatever the verb.
func (op Operation) Format(f fmt.State, verb rune) {
	redact.Format(f, verb, plainOperation(op.Redacted()))
}

// LogValue implements slog.LogValuer. It shows no secret.
func (op Operation) LogValue() slog.Value {
	return redact.Group(op.Redacted())
}

// GobEncode implements gob.GobEncoder. It leaves Params out.
func (op Operation) GobEncode() ([]byte, error) { return json.Marshal(plainOperation(op)) }

// GobDecode implements gob.GobDecoder.
func (op *Operation) GobDecode(b []byte) error { return json.Unmarshal(b, (*plainOperation)(op)) }
