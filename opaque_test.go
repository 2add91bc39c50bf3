package baas_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// reach writes every string that reflection gets at, unexported fields and
// pointers included, as go-spew and go-cmp do.
func reach(b *strings.Builder, v reflect.Value, seen map[any]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return
		}
		seen[v.Pointer()] = true
		reach(b, v.Elem(), seen)
	case reflect.Interface:
		reach(b, v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			reach(b, v.Field(i), seen)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			reach(b, v.Index(i), seen)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			reach(b, key, seen)
			reach(b, v.MapIndex(key), seen)
		}
	case reflect.String:
		b.WriteString(v.String() + "\n")
	}
}

func reachable(v any) string {
	var b strings.Builder
	reach(&b, reflect.ValueOf(v), make(map[any]bool))
	return b.String()
}

func TestReachSeesUnexportedFields(t *testing.T) {
	t.Parallel()
	type inner struct{ secret string }
	require.Contains(t, reachable(struct{ p *inner }{&inner{"s3cret"}}), "s3cret")
}

// TestClientIsOpaque: nothing that prints or compares values by reflection gets
// at what a client holds.
func TestClientIsOpaque(t *testing.T) {
	t.Parallel()
	client, err := baas.NewClient(baas.WithAccessKey("id", "secret-of-access-key"), baas.WithEndpoint("baas.example.com"))
	require.NoError(t, err)
	require.NotContains(t, reachable(client), "secret")
	var b bytes.Buffer
	require.NoError(t, template.Must(template.New("").Parse("{{.}} {{printf `%#v` .}}")).Execute(&b, client))
	require.NotContains(t, b.String(), "secret")
	require.Contains(t, b.String(), "baas.Client(https://baas.example.com)")
	//lint:ignore SA9005 that nothing is marshaled is what is tested
	encoded, err := json.Marshal(client)
	require.NoError(t, err)
	require.Equal(t, "{}", string(encoded))
	require.Error(t, gob.NewEncoder(&b).Encode(client))
	require.NotContains(t, fmt.Sprintf("%+v %#v", *client, *client), "secret")
}

// TestRedacted: of what Redacted returns, reflection gets at no secret.
func TestRedacted(t *testing.T) {
	t.Parallel()
	const link = "https://h/p?Signature=s3cret"
	req := newRequest()
	resp := baas.ApplyAntChainCertificateWithKeyAutoCreationResponse{RequestID: "R", Result: baas.CertificateResult{
		PrivateKey:   "-----BEGIN s3cret",
		DownloadPath: baas.DownloadPath{CACrtURL: link, ClientCrtURL: link, SDKURL: link, TrustCAURL: "https://h/pSignature=s3cret"},
	}}
	op := baas.Operation{
		Action: "CreateAntChainAccountWithKeyPairAutoCreation", Secrets: []string{"Pin"},
		Params: url.Values{
			"Pin": {"s3cret"}, "Password": {"s3cret"}, "RecoverPassword": {"s3cret"}, "AccessToken": {"s3cret"}, "ClientSecret": {"s3cret"},
			"MyPrivateKey": {"s3cret"}, "Account": {"shown"},
		},
	}
	for _, v := range []any{req.Redacted(), resp.Redacted(), resp.Result.Redacted(), resp.Result.DownloadPath.Redacted(), op.Redacted()} {
		text := reachable(v)
		require.NotContains(t, text, "s3cret")
		require.NotContains(t, text, password)
		require.Contains(t, text, "[REDACTED]")
	}
	require.Contains(t, reachable(op.Redacted()), "shown")
	require.Contains(t, reachable(op), "s3cret", "the original stays")
	require.Empty(t, baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{}.Redacted().Password, "an empty secret stays empty")
	require.Equal(t, "https://h/[REDACTED]", resp.Redacted().Result.DownloadPath.TrustCAURL, "a question mark that was garbled")
}

// TestEncodersLeaveSecretsOut, each as a tag or a method lets them.
func TestEncodersLeaveSecretsOut(t *testing.T) {
	t.Parallel()
	req := newRequest()
	op := baas.Operation{Action: "A", Params: url.Values{"Password": {password}}, Secrets: []string{"Pin"}, ReadOnly: true}
	for name, v := range map[string]any{"request": req, "operation": op} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, gob.NewEncoder(&b).Encode(v))
			requireNoSecret(t, b.String())
			encoded, err := json.Marshal(v)
			require.NoError(t, err)
			requireNoSecret(t, string(encoded))
		})
	}
	encoded, err := xml.Marshal(req)
	require.NoError(t, err)
	requireNoSecret(t, string(encoded))

	var b bytes.Buffer
	require.NoError(t, gob.NewEncoder(&b).Encode(req))
	var got baas.ApplyAntChainCertificateWithKeyAutoCreationRequest
	require.NoError(t, gob.NewDecoder(&b).Decode(&got))
	want := *req
	want.Password = ""
	require.Equal(t, want, got, "the rest survives")

	b.Reset()
	require.NoError(t, gob.NewEncoder(&b).Encode(op))
	var gotOp baas.Operation
	require.NoError(t, gob.NewDecoder(&b).Decode(&gotOp))
	require.Equal(t, baas.Operation{Action: "A", Secrets: []string{"Pin"}, ReadOnly: true}, gotOp)

	// The encoders of other modules go by their tags.
	for _, field := range []struct {
		of   any
		name string
	}{
		{*req, "Password"}, {op, "Params"},
		{baas.CreateAntChainAccountWithKeyPairAutoCreationRequest{}, "Password"},
		{baas.CreateAntChainAccountWithKeyPairAutoCreationRequest{}, "RecoverPassword"},
	} {
		f, ok := reflect.TypeOf(field.of).FieldByName(field.name)
		require.True(t, ok)
		for _, encoder := range []string{"json", "xml", "yaml", "toml", "msgpack"} {
			require.Equal(t, "-", f.Tag.Get(encoder), "%T.%s: %s", field.of, field.name, encoder)
		}
	}
}
